"""A study as the actions by hand see it."""

from __future__ import annotations

from apps.assignment.exceptions import UnknownStudyError
from apps.assignment.models import Assignment
from apps.assignment.study import REPORTED_BY_HAND, StudyState
from apps.core.access import EVERYWHERE, Scope
from apps.orders.models import Order

__all__ = ["StudyState", "state_of", "study_state"]


def study_state(order_id: int, *, scope: Scope = EVERYWHERE) -> StudyState:
    """Return the study as it is now, read without a lock.

    Raises:
        UnknownStudyError: there is none of that id within the scope.
    """
    order = scope.limit(Order.objects.filter(pk=order_id)).first()
    if order is None:
        raise UnknownStudyError
    current = Assignment.objects.filter(order=order_id, is_current=True).defer("trace").first()
    return state_of(order, current)


def state_of(order: Order, assignment: Assignment | None) -> StudyState:
    """Return the state of an order that is read under its current assignment, None for none."""
    return StudyState(
        order_id=order.pk,
        accession=order.accession,
        site_id=order.site_id,
        status=order.status,
        urgency=order.urgency,
        assignment_id=assignment.pk if assignment else None,
        radiologist_id=assignment.radiologist_id if assignment else "",
        shift_code=assignment.shift_code if assignment else "",
        held_reason=order.held_reason,
        is_reported_by_hand=REPORTED_BY_HAND in order.flags,
    )
