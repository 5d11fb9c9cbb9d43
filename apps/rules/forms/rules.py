"""The form of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import cached_property
from typing_extensions import override

from apps.core.actor import say_why
from apps.rules.choices import ActionChoices
from apps.rules.fields import Conditions, ConditionsField, MomentField
from apps.rules.forms.targets import (
    ACTION_HELP,
    MISSING,
    TARGET_FIELDS,
    TargetFields,
    offer_codes,
    read_stored,
    stored,
)
from apps.rules.models import TERMINAL_ACTIONS, AssignmentRule
from apps.rules.ordering import next_priority
from apps.rules.queries.rules import places
from apps.rules.words import targets_of

if TYPE_CHECKING:
    RuleModelForm = forms.ModelForm[AssignmentRule]
else:
    RuleModelForm = forms.ModelForm


class RuleForm(TargetFields, RuleModelForm):
    """A rule; the target is asked in the field that fits its action."""

    condition_filters = ConditionsField(
        required=False,
        label="Conditions",
        initial=dict,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "code"}),
        help_text="JSON: groups all, any and none hold conditions or further groups. "
        "{} holds for every order.",
    )
    active_from = MomentField(label="Active from", required=False)
    active_until = MomentField(label="Active until", required=False)
    why = forms.CharField(
        label="Why this change",
        required=False,
        max_length=300,
        help_text="Kept with this version of the rule, for who wonders later.",
    )

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
            "is_terminal": "When it holds and somebody is found, no later rule is tried.",
            "is_strict": "When its target cannot take the order, leave it unassigned.",
        }

    field_order = [  # noqa: RUF012 -- as Django declares it
        *("name", "priority_order", "enabled", "condition_filters", "action_type"),
        *dict.fromkeys(TARGET_FIELDS.values()),
        *("is_terminal", "is_strict", "active_from", "active_until", "why"),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Fill the pickers from what there is, and the target's field from the rule."""
        super().__init__(*args, **kwargs)
        self.initial = {**self.initial, **self._said()}
        offer_codes(self.fields, self._named())

    @property
    def target_field(self) -> str:
        """Return the name of the field that holds the target of the action chosen, or ''."""
        return TARGET_FIELDS.get(str(self["action_type"].value()), "")

    @property
    def targets(self) -> list[tuple[str, Any]]:
        """Return each target's field with the actions it belongs to, as the page shows them."""
        fields = dict.fromkeys(TARGET_FIELDS.values())
        return [
            (" ".join(action for action, of in TARGET_FIELDS.items() if of == name), self[name])
            for name in fields
        ]

    @property
    def action_help(self) -> Iterable[tuple[str, str]]:
        """Return what each action does, by action."""
        return ACTION_HELP.items()

    @property
    def terminal_actions(self) -> str:
        """Return the actions that can end the run, as the page's names."""
        return " ".join(action for action in ActionChoices.values if action in TERMINAL_ACTIONS)

    @property
    def strict_actions(self) -> str:
        """Return the actions that may find nobody, as the page's names."""
        return " ".join(self.terminal_actions.replace(ActionChoices.HOLD, "").split())

    @cached_property
    def changed_data(self) -> list[str]:
        """Return what differs; why, and the boxes of other actions' targets, do not count."""
        other = {*TARGET_FIELDS.values(), "why"} - {self.target_field}
        return [name for name in super().changed_data if name not in other]

    @override
    def clean(self) -> dict[str, Any]:
        """Read the target out of the field that fits the action."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        name = TARGET_FIELDS.get(said.get("action_type", ""), "")
        self.instance.action_target = stored(said.get(name))
        return said

    @override
    def save(self, commit: bool = True) -> AssignmentRule:
        """Save the rule; the version that this makes keeps why."""
        if commit:
            say_why(self.cleaned_data["why"])
        return super().save(commit)

    @override
    def add_error(self, field: str | None, error: Any) -> None:
        """Put what is wrong with the target to the field in which it was asked."""
        if field is None and isinstance(error, ValidationError) and hasattr(error, "error_dict"):
            wrong = error.error_dict
            if "action_target" in wrong:
                name = self.target_field or "action_type"
                told = wrong.pop("action_target")
                is_missing = not self.instance.action_target and name in MISSING
                wrong[name] = [ValidationError(MISSING[name])] if is_missing else told
        super().add_error(field, error)

    def _said(self) -> dict[str, Any]:
        """Return the rule's values as the form shows and compares them."""
        rule = self.instance
        said: dict[str, Any] = {
            "condition_filters": Conditions(rule.condition_filters),
            "active_from": _local(rule.active_from),
            "active_until": _local(rule.active_until),
        }
        if rule._state.adding and not rule.action_type:  # noqa: SLF001 -- Django's public name
            return {**said, "priority_order": next_priority(places())}
        target = rule.action_target.strip()
        named = targets_of(rule.action_type, target)
        return {**said, **read_stored(rule.action_type, target, named)}

    def _named(self) -> Mapping[str, Iterable[str]]:
        """Return what the rule names and what was ticked, by field."""
        lists = ("target_radiologists", "target_sharing", "target_credentials")
        typed = {name: self.data.getlist(name) for name in lists if hasattr(self.data, "getlist")}
        return {name: (*self.initial.get(name, ()), *typed.get(name, ())) for name in lists}


def _local(value: datetime | None) -> datetime | None:
    """Return the moment as the viewer's clock tells it, so that a preview compares like with like."""
    return timezone.localtime(value) if value is not None else None
