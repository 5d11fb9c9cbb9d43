"""The fields in which a rule's target is asked, one for each kind of thing an action names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from apps.catalog.choices import UrgencyChoices
from apps.engine.targets import LISTS, NAMES
from apps.roster.choices import StrategyChoices
from apps.roster.models import Radiologist, Shift
from apps.rules.choices import ActionChoices
from apps.rules.queries.codes import credentials
from apps.rules.widgets import InOrderField, PickedCode, PickedInOrder, PickedMany

TARGET_FIELDS: Mapping[str, str] = {
    ActionChoices.ASSIGN_TO_SHIFT: "target_shift",
    ActionChoices.ASSIGN_TO_RADIOLOGIST: "target_radiologist",
    ActionChoices.ASSIGN_TO_WORKLIST: "target_sharing",
    ActionChoices.OVERFLOW: "target_shifts",
    ActionChoices.EXCLUDE: "target_radiologists",
    ActionChoices.PREFER: "target_radiologists",
    ActionChoices.REQUIRE_CREDENTIAL: "target_credentials",
    ActionChoices.SET_PRIORITY: "target_urgency",
    ActionChoices.USE_STRATEGY: "target_strategy",
    ActionChoices.HOLD: "target_reason",
}
"""The field that holds an action's target; an action that is not here has none."""

MISSING: Mapping[str, str] = {
    "target_shift": "Choose a shift.",
    "target_radiologist": "Choose a radiologist.",
    "target_radiologists": "Tick at least one radiologist.",
    "target_sharing": "Tick at least one who shares the list.",
    "target_credentials": "Tick at least one credential.",
}
"""What to say where nothing is named and something must be."""

ACTION_HELP: Mapping[str, str] = {
    ActionChoices.ASSIGN_TO_SHIFT: "Gives it to a reader on this shift, chosen by the shift's "
    "strategy. When nobody there is fit and free, the next rule is tried.",
    ActionChoices.ASSIGN_TO_RADIOLOGIST: "Gives it to this reader. When they are not there, not "
    "fit or full, the next rule is tried.",
    ActionChoices.ASSIGN_TO_WORKLIST: "Leaves it without an owner on a list that these share; who "
    "is free takes it. When it is overdue, one of them is given it; "
    "when none of them is fit, the next rule is tried.",
    ActionChoices.OVERFLOW: "Asks the order's own shifts first, then these in turn; none named "
    "means everybody on any shift. When nobody is fit, the next rule is tried.",
    ActionChoices.ESCALATE: "Marks the order and widens it to everybody on any shift, in the "
    "cluster first. Later rules are tried too.",
    ActionChoices.HOLD: "Gives it to nobody until a person releases it.",
    ActionChoices.EXCLUDE: "Leaves these readers out, whatever comes after it. When nobody else "
    "is fit, the order stays unassigned.",
    ActionChoices.SET_PRIORITY: "Changes the urgency for all that comes after it: due times, "
    "shifts and later rules.",
    ActionChoices.PREFER: "Puts these readers first wherever they are fit and in time; when none "
    "of them is, the others are asked as if it did not exist.",
    ActionChoices.REQUIRE_CREDENTIAL: "Asks the reader for these beside what the procedure asks "
    "for. When nobody has them, the order stays unassigned.",
    ActionChoices.USE_STRATEGY: "Chooses by this strategy instead of the shift's own.",
}
"""What each action does, and what becomes of an order for which nobody is fit."""


class TargetFields(forms.Form):
    """The boxes of all targets; the page shows the one that fits the action."""

    target_shift = forms.CharField(label="Shift", required=False)
    target_radiologist = forms.CharField(label="Radiologist", required=False)
    target_radiologists = forms.MultipleChoiceField(label="Radiologists", required=False)
    target_sharing = forms.MultipleChoiceField(
        label="Who shares the list",
        required=False,
        help_text="Radiologists, or whoever is on a shift.",
    )
    target_shifts = InOrderField(
        label="Shifts, in this order",
        required=False,
        help_text="The first is asked first. None: everybody on any shift.",
    )
    target_credentials = forms.MultipleChoiceField(label="Credentials", required=False)
    target_urgency = forms.ChoiceField(
        label="Urgency", required=False, choices=UrgencyChoices.choices
    )
    target_strategy = forms.ChoiceField(
        label="Strategy", required=False, choices=StrategyChoices.choices
    )
    target_reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=200,
        help_text="Why the order is held, as people read it.",
    )


def read_stored(action: str, target: str, named: Iterable[str]) -> dict[str, Any]:
    """Return a rule's target as its field shows it, by the field's name."""
    name = TARGET_FIELDS.get(action)
    if name is None:
        return {}
    is_list = NAMES[ActionChoices(action)] in LISTS  # type: ignore[index] # the same words
    return {name: list(named) if is_list else target}


def stored(value: object) -> str:
    """Return a target as it is stored: one id or text, or a JSON list of several."""
    if not isinstance(value, list):
        return str(value or "").strip()
    return str(value[0]) if len(value) == 1 else json.dumps(value) if value else ""


def offer_codes(fields: Mapping[str, Any], kept: Mapping[str, Iterable[str]]) -> None:
    """Fill the pickers from what there is.

    Args:
        fields: the form's fields, by name.
        kept: what the rule names already, by field. Who is gone stays in the list as long as
            the rule names them, to be taken out by hand.
    """
    shifts = list(Shift.objects.order_by("code").values_list("code", "name", "is_active"))
    people = [(row.pk, row.full_name, row.is_active) for row in Radiologist.objects.order_by("pk")]
    running = [(code, name) for code, name, is_active in shifts if is_active]
    fields["target_shift"].widget = PickedCode(running)
    fields["target_shifts"].widget = PickedInOrder(running)
    active = [(pk, name) for pk, name, is_active in people if is_active]
    fields["target_radiologist"].widget = PickedCode(active)
    readers = {pk: f"{name} ({pk})" for pk, name, _ in people}
    on_shifts = {code: f"Shift {name} ({code})" for code, name, _ in shifts}
    offered = {
        "target_radiologists": readers,
        "target_sharing": on_shifts | readers,
        "target_credentials": {name: name for name in credentials()},
    }
    for name, choices in offered.items():
        gone = {code: f"{code} (unknown)" for code in kept.get(name, ())}
        fields[name].widget = PickedMany()
        fields[name].choices = list((gone | choices).items())
