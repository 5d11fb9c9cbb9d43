"""What managers do to a study by hand: each with its words, its form and its service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from apps.assignment.forms import AssignForm, HandForm, HoldForm, UnassignForm, UrgencyForm
from apps.assignment.policies import Action
from apps.assignment.services import by_hand
from apps.assignment.study import StudyState
from apps.orders.choices import OrderStatus


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as pages offer it; ``tab`` names it among the others, ``button`` does it."""

    action: Action
    title: str
    tab: str
    button: str
    icon: str
    form: type[HandForm]
    service: Callable[..., StudyState]


def _deeds(*deeds: Deed) -> Mapping[Action, Deed]:
    return {deed.action: deed for deed in deeds}


DEEDS = _deeds(
    Deed(
        action=Action.ASSIGN,
        title="Assign",
        tab="Assign",
        button="Assign",
        icon="person_add",
        form=AssignForm,
        service=by_hand.assign,
    ),
    Deed(
        action=Action.RELEASE,
        title="Release",
        tab="Release",
        button="Release it",
        icon="play_circle",
        form=HandForm,
        service=by_hand.release,
    ),
    Deed(
        action=Action.DECIDE_AGAIN,
        title="Let the engine decide again",
        tab="Decide again",
        button="Decide now",
        icon="restart_alt",
        form=HandForm,
        service=by_hand.decide_again,
    ),
    Deed(
        action=Action.UNASSIGN,
        title="Take its reader off",
        tab="Unassign",
        button="Take off",
        icon="person_remove",
        form=UnassignForm,
        service=by_hand.unassign,
    ),
    Deed(
        action=Action.HOLD,
        title="Hold",
        tab="Hold",
        button="Hold it",
        icon="pause_circle",
        form=HoldForm,
        service=by_hand.hold,
    ),
    Deed(
        action=Action.CHANGE_URGENCY,
        title="Change the urgency",
        tab="Urgency",
        button="Change",
        icon="priority_high",
        form=UrgencyForm,
        service=by_hand.change_urgency,
    ),
)


def deed_of(name: str) -> Deed | None:
    """Return the action of that name, None where managers have none."""
    return next((deed for action, deed in DEEDS.items() if action.value == name), None)


def said_of(action: Action, after: StudyState, reader: str) -> str:
    """Return what happened, in words; ``reader`` is the name of who has the study now."""
    if action is Action.HOLD:
        return f"{after.accession} is held."
    if action is Action.CHANGE_URGENCY:
        return f"{after.accession} is {after.urgency} now."
    if after.status == OrderStatus.UNASSIGNED or not reader:
        found = "still has" if action is Action.DECIDE_AGAIN else "has"
        return f"{after.accession} {found} no reader: it waits among the unassigned."
    on = f", on {after.shift_code}" if after.shift_code else ""
    return f"{after.accession} is with {reader} now{on}."
