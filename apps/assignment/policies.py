"""What may be done to a study in its state: one table, asked by templates and services alike.

Whether the person may act at all is asked before (``apps.core.access``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import partial

from apps.assignment.exceptions import NotPossibleError, NotYoursError
from apps.assignment.study import StudyState
from apps.orders.choices import OrderStatus as Status


class Action(StrEnum):
    """What a person may do to a study; the first six are a manager's, the rest its reader's."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    DECIDE_AGAIN = "decide_again"
    HOLD = "hold"
    RELEASE = "release"
    CHANGE_URGENCY = "change_urgency"
    ACKNOWLEDGE = "acknowledge"
    START = "start"
    DONE = "done"
    REOPEN = "reopen"
    HAND_BACK = "hand_back"
    TAKE = "take"


_WITHOUT_READER = frozenset(
    {Action.ASSIGN, Action.DECIDE_AGAIN, Action.HOLD, Action.CHANGE_URGENCY}
)
_WITH_READER = frozenset(
    {
        Action.ASSIGN,
        Action.UNASSIGN,
        Action.HOLD,
        Action.CHANGE_URGENCY,
        Action.DONE,
        Action.HAND_BACK,
    }
)
ALLOWED: Mapping[Status, frozenset[Action]] = {
    Status.RECEIVED: _WITHOUT_READER,
    Status.UNASSIGNED: _WITHOUT_READER | {Action.TAKE},
    Status.ASSIGNED: _WITH_READER | {Action.ACKNOWLEDGE, Action.START},
    Status.ACKNOWLEDGED: _WITH_READER | {Action.START},
    Status.IN_PROGRESS: _WITH_READER,
    Status.PRELIMINARY: frozenset({Action.REOPEN}),
    Status.FINAL: frozenset(),
    Status.AMENDED: frozenset(),
    Status.HELD: frozenset({Action.RELEASE, Action.CHANGE_URGENCY}),
    Status.CANCELLED: frozenset(),
}
"""What each status allows. A held study is released before anything else is done to it."""

_BECAUSE: Mapping[Status, str] = {
    Status.RECEIVED: "It has no reader yet.",
    Status.UNASSIGNED: "It has no reader.",
    Status.ASSIGNED: "It has a reader, who has not begun.",
    Status.ACKNOWLEDGED: "Its reader has acknowledged it already.",
    Status.IN_PROGRESS: "It is being read already.",
    Status.PRELIMINARY: "It is reported: there is a preliminary report.",
    Status.FINAL: "It is reported: there is a final report.",
    Status.AMENDED: "It is reported, and the report was amended.",
    Status.HELD: "It is held ({held_reason}): release it first.",
    Status.CANCELLED: "It is cancelled.",
}


def allowed_actions(state: StudyState) -> frozenset[Action]:
    """Return everything that may be done to the study, by whoever may."""
    return frozenset(action for action in ALLOWED[Status(state.status)] if can(action, state))


def check_can(action: Action, state: StudyState) -> None:
    """Return quietly where the study's state allows the action.

    Raises:
        NotPossibleError: it does not; says why.
    """
    if action not in ALLOWED[Status(state.status)]:
        raise NotPossibleError(
            _BECAUSE[Status(state.status)].format(held_reason=state.held_reason or "held")
        )
    if action is Action.REOPEN and not state.is_reported_by_hand:
        raise NotPossibleError("Its report came by message and is not taken back here.")


def can(action: Action, state: StudyState) -> bool:
    """Return whether the study's state allows the action."""
    try:
        check_can(action, state)
    except NotPossibleError:
        return False
    return True


def check_is_reader(state: StudyState, radiologist_id: str) -> None:
    """Return quietly where the study is the radiologist's own.

    Raises:
        NotYoursError: it is somebody else's, or nobody's.
    """
    if not radiologist_id or state.radiologist_id != radiologist_id:
        raise NotYoursError


_Check = Callable[[StudyState], None]
_Can = Callable[[StudyState], bool]

check_can_assign: _Check = partial(check_can, Action.ASSIGN)
check_can_unassign: _Check = partial(check_can, Action.UNASSIGN)
check_can_decide_again: _Check = partial(check_can, Action.DECIDE_AGAIN)
check_can_hold: _Check = partial(check_can, Action.HOLD)
check_can_release: _Check = partial(check_can, Action.RELEASE)
check_can_change_urgency: _Check = partial(check_can, Action.CHANGE_URGENCY)
check_can_acknowledge: _Check = partial(check_can, Action.ACKNOWLEDGE)
check_can_start: _Check = partial(check_can, Action.START)
check_can_finish: _Check = partial(check_can, Action.DONE)
check_can_reopen: _Check = partial(check_can, Action.REOPEN)
check_can_hand_back: _Check = partial(check_can, Action.HAND_BACK)
check_can_take: _Check = partial(check_can, Action.TAKE)

can_assign: _Can = partial(can, Action.ASSIGN)
can_unassign: _Can = partial(can, Action.UNASSIGN)
can_decide_again: _Can = partial(can, Action.DECIDE_AGAIN)
can_hold: _Can = partial(can, Action.HOLD)
can_release: _Can = partial(can, Action.RELEASE)
can_change_urgency: _Can = partial(can, Action.CHANGE_URGENCY)
can_acknowledge: _Can = partial(can, Action.ACKNOWLEDGE)
can_start: _Can = partial(can, Action.START)
can_finish: _Can = partial(can, Action.DONE)
can_reopen: _Can = partial(can, Action.REOPEN)
can_hand_back: _Can = partial(can, Action.HAND_BACK)
can_take: _Can = partial(can, Action.TAKE)
