"""A study as lists show it: the order, who reads it, and what its clock says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from apps.assignment.choices import EndReason
from apps.assignment.models import Assignment
from apps.assignment.policies import ALLOWED, Action
from apps.assignment.queries.status import status_of
from apps.orders import clock
from apps.orders.choices import OrderStatus
from apps.orders.models import Order

_HAND = (Action.ASSIGN, Action.RELEASE)


@dataclass(frozen=True, slots=True)
class StudyRow:
    """One line of a list; ``assignment`` is None where nobody has it.

    ``due_at`` moves along while the study is held; ``due_words`` is its arithmetic. ``action`` is
    what a manager would do to it first, None where nothing is left to do or the line tells of an
    assignment that ended.
    """

    order: Order
    assignment: Assignment | None
    status: OrderStatus | EndReason
    due_at: datetime | None
    due_words: str
    action: Action | None

    @property
    def key(self) -> str:
        """Return what tells the line from all others of its list."""
        return f"{self.order.pk}-{self.assignment.pk if self.assignment else 0}"

    @property
    def is_past(self) -> bool:
        """Return whether the line tells of an assignment that ended."""
        return isinstance(self.status, EndReason)

    @property
    def is_closed(self) -> bool:
        """Return whether the SLA has nothing left to say of this line."""
        return self.is_past or self.status is OrderStatus.CANCELLED

    @property
    def is_held(self) -> bool:
        """Return whether the clock stands still."""
        return self.status is OrderStatus.HELD

    @property
    def procedure(self) -> str:
        """Return the procedure in words, as far as it is known."""
        order = self.order
        named = order.procedure.description if order.procedure else ""
        return named or order.procedure_text or order.procedure_code


def study_row(
    order: Order, assignment: Assignment | None, *, at: datetime, zone: tzinfo
) -> StudyRow:
    """Return the order, with the assignment a list shows it with, as a line."""
    status = OrderStatus(order.status)
    shown = status_of_line(order, assignment)
    held = clock.arithmetic(order)
    allowed = ALLOWED[status]
    is_past = isinstance(shown, EndReason)
    return StudyRow(
        order=order,
        assignment=assignment,
        status=shown,
        due_at=clock.report_due_at(order, at),
        due_words=clock.words(held, held.report, zone),
        action=None if is_past else next((one for one in _HAND if one in allowed), None),
    )


def status_of_line(order: Order, assignment: Assignment | None) -> OrderStatus | EndReason:
    """Return the order's status, or why the assignment that is shown ended."""
    if assignment is None or assignment.is_current:
        return OrderStatus(order.status)
    return status_of(assignment)
