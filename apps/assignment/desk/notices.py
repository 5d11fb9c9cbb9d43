"""What a desk tells destinations of an order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.assignment.desk.case import Case
from apps.assignment.models import Assignment
from apps.outbound.choices import OutboundKind
from apps.outbound.services.notices import Notice, Reader

if TYPE_CHECKING:
    from apps.assignment.desk.steps import Steps
    from apps.assignment.snapshot.cache import ConfigView


def notice_of(
    desk: Steps,
    case: Case,
    kind: OutboundKind,
    *,
    reason: str = "",
    only_if_asked: bool = False,
) -> Notice:
    """Return the notice of the order as it now stands; without a reader it says ``reason``."""
    order, assignment, segments = case.order, case.assignment, case.segments
    application, _, facility = order.sender.partition("^")
    return Notice(
        order_id=order.pk,
        assignment_id=assignment.pk if assignment else None,
        kind=kind,
        header=bytes(segments.header) if segments else b"",
        group=bytes(segments.group) if segments else b"",
        application=application,
        facility=facility,
        site_id=order.site_id,
        at=desk.at,
        reader=_reader(desk.view, assignment.radiologist_id) if assignment else None,
        shift_code=assignment.shift_code if assignment else "",
        shift_name=_shift_name(desk.view, assignment),
        strategy=assignment.strategy if assignment else "",
        reason=reason,
        before=_reader(desk.view, case.told_reader) if case.told_reader else None,
        only_if_asked=only_if_asked,
    )


def _reader(view: ConfigView, radiologist_id: str) -> Reader:
    person = view.people[radiologist_id]
    return Reader(person.id, person.family_name, person.given_name, person.title)


def _shift_name(view: ConfigView, assignment: Assignment | None) -> str:
    shift = view.shifts.get(assignment.shift_code) if assignment else None
    return shift.name if shift else ""
