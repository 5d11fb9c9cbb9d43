"""Forms of the rules' pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from typing_extensions import override

from apps.catalog.choices import UrgencyChoices
from apps.engine.conditions import check
from apps.roster.models import Radiologist, Shift
from apps.rules.choices import ActionChoices
from apps.rules.fields import (
    Conditions,
    ConditionsField,
    MomentField,
    PickedCode,
    PickedMany,
)
from apps.rules.models import AssignmentRule
from apps.rules.ordering import next_priority
from apps.rules.queries.rules import RuleFilter, places
from apps.rules.words import conditions_words, targets_of

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[AssignmentRule]
else:
    RuleModelForm = forms.ModelForm

TARGET_FIELDS: Mapping[str, str] = {
    ActionChoices.ASSIGN_TO_SHIFT: "target_shift",
    ActionChoices.ASSIGN_TO_RADIOLOGIST: "target_radiologist",
    ActionChoices.EXCLUDE: "target_radiologists",
    ActionChoices.SET_PRIORITY: "target_urgency",
    ActionChoices.HOLD: "target_reason",
}
"""The field that holds an action's target; an action that is not here has none."""

_ANY = ("", "any")


class RuleFilterForm(forms.Form):
    """What the list of rules is narrowed by."""

    q = forms.CharField(label="Find", required=False)
    action = forms.ChoiceField(required=False, choices=[_ANY, *ActionChoices.choices])
    enabled = forms.ChoiceField(required=False, choices=[_ANY, ("on", "on"), ("off", "off")])

    def wanted(self) -> RuleFilter:
        """Return the filter; what was asked for and does not exist narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        return RuleFilter(
            words=said.get("q", "").strip(),
            action=said.get("action", ""),
            enabled={"on": True, "off": False}.get(said.get("enabled", "")),
        )


class MoveForm(forms.Form):
    """Where a rule goes, and the order that was seen."""

    to = forms.CharField(max_length=40)
    order = forms.CharField(max_length=40)


class SwitchForm(forms.Form):
    """On or off; said, not toggled, so that a second click changes nothing."""

    enabled = forms.ChoiceField(choices=[("on", "on"), ("off", "off")])


@dataclass(frozen=True, slots=True)
class Said:
    """What conditions come to: words, or every problem with its place."""

    words: str = ""
    problems: tuple[tuple[str, str], ...] = ()


class ConditionsForm(forms.Form):
    """The conditions alone, as they are typed."""

    condition_filters = ConditionsField(required=False)

    def said(self) -> Said:
        """Return the conditions in words, or what is wrong with them and where."""
        if not self.is_valid():
            errors = self.errors["condition_filters"]
            return Said(problems=tuple(("", str(error)) for error in errors))
        conditions = self.cleaned_data["condition_filters"]
        problems = check(conditions)
        if problems:
            return Said(problems=tuple((one.path, one.message) for one in problems))
        return Said(words=conditions_words(conditions))


class RuleForm(RuleModelForm):
    """A rule; the target is asked in the field that fits its action."""

    condition_filters = ConditionsField(
        required=False,
        label="Conditions",
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        help_text="JSON: groups all, any and none hold conditions or further groups. "
        "{} holds for every order.",
    )
    target_shift = forms.CharField(label="Shift", required=False)
    target_radiologist = forms.CharField(label="Radiologist", required=False)
    target_radiologists = forms.MultipleChoiceField(label="Radiologists", required=False)
    target_urgency = forms.ChoiceField(
        label="Urgency", required=False, choices=UrgencyChoices.choices
    )
    target_reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Why the order is held, as people read it.",
    )
    active_from = MomentField(label="Active from", required=False)
    active_until = MomentField(label="Active until", required=False)

    class Meta:
        model = AssignmentRule
        fields: ClassVar[list[str]] = [
            *("name", "priority_order", "enabled", "condition_filters", "action_type"),
            *("is_terminal", "is_strict", "active_from", "active_until"),
        ]
        labels: ClassVar[dict[str, str]] = {
            "priority_order": "Priority",
            "action_type": "Action",
            "is_terminal": "Ends the run",
            "is_strict": "Strict",
        }
        help_texts: ClassVar[dict[str, str]] = {
            "priority_order": "Lower is tried first.",
            "is_terminal": "When it holds, no later rule is tried.",
            "is_strict": "When its target cannot take the order, leave it unassigned.",
        }

    field_order = [  # noqa: RUF012 -- as Django declares it
        *("name", "priority_order", "enabled", "condition_filters", "action_type"),
        *TARGET_FIELDS.values(),
        *("is_terminal", "is_strict", "active_from", "active_until"),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Fill the pickers from what there is, and the target's field from the rule."""
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, **self._said()}
        self._offer_codes()

    @property
    def target_field(self) -> str:
        """Return the name of the field that holds the target of the action chosen, or ''."""
        return TARGET_FIELDS.get(str(self["action_type"].value()), "")

    @cached_property
    def changed_data(self) -> list[str]:
        """Return what differs; the boxes of other actions' targets do not count."""
        other = set(TARGET_FIELDS.values()) - {self.target_field}
        return [name for name in super().changed_data if name not in other]

    @override
    def clean(self) -> dict[str, Any]:
        """Read the target out of the field that fits the action."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        name = TARGET_FIELDS.get(said.get("action_type", ""), "")
        self.instance.action_target = _target(said.get(name))
        return said

    @override
    def add_error(self, field: str | None, error: Any) -> None:
        """Put what is wrong with the target to the field in which it was asked."""
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            wrong = error.error_dict
            if "action_target" in wrong:
                name = self.target_field or "action_type"
                wrong[name] = wrong.pop("action_target") + wrong.get(name, [])
        super().add_error(field, error)

    def _said(self) -> dict[str, Any]:
        """Return the rule's values as the form shows and compares them."""
        rule = self.instance
        said: dict[str, Any] = {
            "condition_filters": Conditions(rule.condition_filters),
            "active_from": _local(rule.active_from),
            "active_until": _local(rule.active_until),
        }
        if rule._state.adding:  # noqa: SLF001 -- Django's public name for it
            return {**said, "priority_order": next_priority(places())}
        name = TARGET_FIELDS.get(rule.action_type, "")
        target = rule.action_target.strip()
        if name == "target_radiologists":
            return {**said, name: targets_of(rule.action_type, target)}
        return {**said, name: target} if name else said

    def _offer_codes(self) -> None:
        shifts = Shift.objects.filter(is_active=True).values_list("code", "name")
        people = [
            (row.pk, row.full_name, row.is_active) for row in Radiologist.objects.order_by("pk")
        ]
        self.fields["target_shift"].widget = PickedCode(shifts)
        active = [(pk, name) for pk, name, is_active in people if is_active]
        self.fields["target_radiologist"].widget = PickedCode(active)
        names = {pk: f"{name} ({pk})" for pk, name, _ in people}
        # Who is gone stays in the list as long as the rule names them, to be taken out by hand.
        gone = {id_: f"{id_} (unknown)" for id_ in self.initial.get("target_radiologists", ())}
        many = self.fields["target_radiologists"]
        many.widget = PickedMany()
        many.choices = list((gone | names).items())  # type: ignore[attr-defined] # a ChoiceField


def _local(value: datetime | None) -> datetime | None:
    """Return the moment as the viewer's clock tells it, so that a preview compares like with like."""
    return timezone.localtime(value) if value is not None else None


def _target(value: object) -> str:
    """Return a target as it is stored: one id or text, or a JSON list of several."""
    if not isinstance(value, list):
        return str(value or "").strip()
    return value[0] if len(value) == 1 else json.dumps(value) if value else ""
