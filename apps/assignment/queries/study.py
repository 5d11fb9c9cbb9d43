"""Everything the page of one study shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from apps.assignment.models import Assignment, Unassigned
from apps.assignment.queries.rows import StudyRow, study_row
from apps.assignment.queries.states import StudyState, state_of
from apps.assignment.queries.timeline import Entry, timeline
from apps.core.access import Access, Permission, Scope
from apps.orders import clock
from apps.orders.models import Order, OrderIdentifier, Patient
from apps.outbound.models import OutboundMessage

_TOLD_MOST = 20


@dataclass(frozen=True, slots=True)
class StudyPage:
    """One study; ``patient`` is None where the viewer may not see who it is.

    ``assignments`` are newest first, as ``told``, the messages to the destinations.
    ``acknowledge_words`` is the arithmetic of the time to acknowledge.
    """

    line: StudyRow
    state: StudyState
    patient: Patient | None
    may_see_patient: bool
    identifiers: list[OrderIdentifier]
    queued: Unassigned | None
    flags: list[str]
    acknowledge_words: str
    story: list[Entry]
    told: list[OutboundMessage]

    @property
    def order(self) -> Order:
        """Return the order."""
        return self.line.order

    @property
    def assignment(self) -> Assignment | None:
        """Return the assignment that it has now."""
        return self.line.assignment


def study_page(
    order_id: int, *, scope: Scope, access: Access, at: datetime, zone: tzinfo
) -> StudyPage | None:
    """Return the page of a study, None where the scope holds none of that id.

    Args:
        order_id: the order.
        scope: where the viewer may look at studies.
        access: what else the viewer may; patients are shown only where that holds.
        at: the moment of the page.
        zone: the viewer's.
    """
    rows = Order.objects.select_related("site__cluster", "procedure")
    order = scope.limit(rows.filter(pk=order_id)).first()
    if order is None:
        return None
    given = _assignments(order)
    current = next((row for row in given if row.is_current), None)
    sums = clock.arithmetic(order)
    may_see = access.scope(Permission.PATIENT_VIEW).covers(order.site_id)
    return StudyPage(
        line=study_row(order, current, at=at, zone=zone),
        state=state_of(order, current),
        patient=_patient(order) if may_see else None,
        may_see_patient=may_see,
        identifiers=list(OrderIdentifier.objects.filter(order=order).order_by("kind", "value")),
        queued=Unassigned.objects.filter(order=order).defer("trace").first(),
        flags=flag_words(order.flags),
        acknowledge_words=clock.words(sums, sums.acknowledge, zone),
        story=timeline(order, given),
        told=_told(order),
    )


def flag_words(flags: Iterable[str]) -> list[str]:
    """Return an order's flags as sentences; a new one in its own words."""
    return [_FLAGS.get(flag, flag.replace("_", " ").capitalize() + ".") for flag in flags]


def _assignments(order: Order) -> list[Assignment]:
    rows = (
        Assignment.objects.filter(order=order)
        .select_related("radiologist", "shift")
        .defer("trace")
    )
    given = list(rows.order_by("-pk"))
    for row in given:
        row.order = order  # spares a query for each row's status
    return given


def _patient(order: Order) -> Patient | None:
    return Patient.objects.filter(pk=order.patient_id).first() if order.patient_id else None


def _told(order: Order) -> list[OutboundMessage]:
    rows = OutboundMessage.objects.filter(order=order).select_related("destination")
    return list(rows.defer("payload").order_by("-pk")[:_TOLD_MOST])


_FLAGS: Mapping[str, str] = {
    "sla_breached": "Its report was due and not there.",
    "sla_alert": "Overdue: a soft alert went out.",
    "sla_supervisor": "Overdue: the supervisor was told.",
    "sla_no_better_reader": "Overdue, and nobody fit has less to do than its reader.",
    "nobody_left_to_offer": "Not acknowledged, and nobody is left to offer it to.",
    "not_acknowledged": "Its reader did not acknowledge it in time.",
    "reader_unfit_while_reading": "Its reader is no longer fit, but reads it already.",
    "reported_by_hand": "Its reader says that it is reported; no message has said so yet.",
    "urgency_by_hand": "A person set its urgency.",
    "unknown_procedure": "The procedure's code is not in the table: RVU 1.0.",
    "unknown_urgency": "The sender's urgency is not known, so it is routine.",
    "unknown_control_code": "The sender's control code (ORC-1) is not known.",
    "unknown_order": "A message changed it before it was known.",
    "bad_time": "A time in the message was not readable.",
    "charset": "The message's character set did not fit its bytes.",
    "changed_after_cancel": "A message changed it after it was cancelled.",
    "cancel_after_report": "A cancel came after the report.",
    "made_by_change": "A change of it came, and what orders it has not come yet.",
    "urgency_not_said": "No message has said its urgency yet.",
    "step_cancelled": "One of its steps is cancelled; the others stand.",
    "patient_changed": "Its sender has given it to another patient: see who it is.",
    "result_names_another_patient": "A result of it names another patient.",
    "cancelled_before_it_came": "Its cancel came before the order did.",
    "reported_before_it_came": "Its report came before the order did.",
}
