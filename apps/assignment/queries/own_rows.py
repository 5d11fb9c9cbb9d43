"""One study on its reader's list: what they need to read it, and what they may do to it now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from apps.assignment.models import Assignment
from apps.assignment.policies import Action, allowed_actions
from apps.assignment.queries.rows import StudyRow, study_row
from apps.assignment.queries.states import StudyState, state_of
from apps.catalog.choices import UrgencyChoices
from apps.orders.choices import OrderStatus
from apps.orders.models import Order, Patient

_READERS = (Action.ACKNOWLEDGE, Action.START, Action.DONE, Action.HAND_BACK, Action.REOPEN)
_STARTABLE = frozenset({OrderStatus.ASSIGNED, OrderStatus.ACKNOWLEDGED})


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A line of the list; ``patient`` is None where the viewer no longer reads the study.

    ``actions`` is what its reader may do now, in the order in which it is offered; ``at`` the
    moment in the viewer's zone. ``is_new`` says that it came since they last put the list in order.
    """

    study: StudyRow
    assignment: Assignment
    state: StudyState
    patient: Patient | None
    actions: tuple[Action, ...]
    at: datetime
    is_new: bool = False

    @property
    def id(self) -> int:
        """Return the order's number, by which the list is put in order."""
        return self.study.order.pk

    @property
    def order(self) -> Order:
        """Return the order."""
        return self.study.order

    @property
    def is_over(self) -> bool:
        """Return whether the reader has nothing left to do here: reported, or no longer theirs."""
        return self.study.is_past or self.assignment.completed_at is not None

    @property
    def is_offer(self) -> bool:
        """Return whether it is a STAT study that waits for its reader's acknowledgement."""
        return self.order.urgency == UrgencyChoices.STAT and self.is_unanswered

    @property
    def is_unanswered(self) -> bool:
        """Return whether its reader has to acknowledge it yet."""
        return not self.is_over and self.state.status == OrderStatus.ASSIGNED

    @property
    def is_startable(self) -> bool:
        """Return whether it can be started."""
        return not self.is_over and self.state.status in _STARTABLE

    @property
    def acknowledge_by(self) -> datetime | None:
        """Return when it must be acknowledged, None when it is or no policy sets a time."""
        return self.assignment.acknowledge_due_at if self.is_unanswered else None

    @property
    def acknowledge_seconds(self) -> int | None:
        """Return how many seconds are left for that, below zero when they are over."""
        by = self.acknowledge_by
        return None if by is None else (by - self.at) // timedelta(seconds=1)

    @property
    def age(self) -> int | None:
        """Return the patient's age in years, None when it is not known."""
        born: date | None = self.patient.birth_on if self.patient else None
        if born is None or born > self.at.date():
            return None
        today = self.at.date()
        return today.year - born.year - ((today.month, today.day) < (born.month, born.day))

    @property
    def indication(self) -> str:
        """Return why the exam was asked for, on one line; empty where it is not theirs to know."""
        return " ".join(self.order.indication.split()) if self.patient else ""


def own_row(assignment: Assignment, *, at: datetime, zone: tzinfo, is_new: bool = False) -> OwnRow:
    """Return a reader's assignment as a line of their list.

    One that ended tells of the study what everybody may know: somebody else reads it now, or
    nobody does.
    """
    order = assignment.order
    current = assignment if assignment.is_current else None
    state = state_of(order, current)
    allowed = allowed_actions(state) if current else frozenset()
    return OwnRow(
        study=study_row(order, assignment, at=at, zone=zone),
        assignment=assignment,
        state=state,
        patient=order.patient if current else None,
        actions=tuple(action for action in _READERS if action in allowed),
        at=at.astimezone(zone),
        is_new=is_new,
    )
