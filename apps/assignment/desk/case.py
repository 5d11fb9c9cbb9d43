"""One order on the desk, with everything that a decision or a message about it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Value
from django.db.models.functions import Concat

from apps.assignment.choices import EndReason
from apps.assignment.desk.company import ALONE, Company
from apps.assignment.desk.seat import seat_of
from apps.assignment.lifecycle import HOLDS_A_SEAT
from apps.assignment.models import Assignment, Unassigned
from apps.engine.codes import Urgency
from apps.engine.facts import OrderFacts
from apps.orders import clock
from apps.orders.choices import OrderStatus
from apps.orders.models import Order, OrderSegments, Patient

if TYPE_CHECKING:
    from apps.assignment.snapshot.loads import Seat
    from apps.catalog.models import Procedure


_DID_NOT_TAKE_IT = frozenset({EndReason.HANDED_BACK, EndReason.NOT_ACKNOWLEDGED})
_NOBODY: frozenset[str] = frozenset()


class Earlier(NamedTuple):
    """A reader who had the order, and how that ended."""

    radiologist_id: str
    end_reason: str


@dataclass
class Case:
    """An order with its patient, procedure, reader, place in the queue and segments.

    ``earlier`` are the readers who had it, in no order and without the present one.
    ``was_told`` says whether destinations ever heard of a reader, ``is_told_of_reader`` whether
    the last they heard is that there is one, and ``told_reader`` who.
    """

    order: Order
    patient: Patient | None = None
    procedure: Procedure | None = None
    assignment: Assignment | None = None
    queued: Unassigned | None = None
    segments: OrderSegments | None = None
    is_new: bool = False
    was_told: bool = False
    is_told_of_reader: bool = False
    told_reader: str = ""
    earlier: tuple[Earlier, ...] = ()

    @property
    def passed_over(self) -> frozenset[str]:
        """Return the readers to whom it never goes by itself: they did not take it."""
        return self.lost_by(_DID_NOT_TAKE_IT) if self.earlier else _NOBODY

    @property
    def had_it(self) -> frozenset[str]:
        """Return every reader who ever had it, the present one too."""
        present = {self.assignment.radiologist_id} if self.assignment else set()
        return frozenset({row.radiologist_id for row in self.earlier} | present)

    def lost_by(self, reasons: frozenset[EndReason]) -> frozenset[str]:
        """Return the earlier readers who lost it for one of these reasons."""
        return frozenset(row.radiologist_id for row in self.earlier if row.end_reason in reasons)

    @property
    def holds_a_seat(self) -> bool:
        """Return whether the study counts against its reader's limits."""
        return self.assignment is not None and self.assignment.state in HOLDS_A_SEAT

    @property
    def is_being_read(self) -> bool:
        """Return whether the reader has opened it; then it never moves by itself."""
        return self.order.status == OrderStatus.IN_PROGRESS

    def seat(self) -> Seat:
        """Return what the current assignment adds to its reader's load."""
        assert self.assignment is not None  # noqa: S101 -- callers ask holds_a_seat first
        return seat_of(self.assignment)

    def facts(
        self,
        site_code: str,
        *,
        at: datetime | None = None,
        passed_over: frozenset[str] = _NOBODY,
        company: Company = ALONE,
    ) -> OrderFacts:
        """Return what rules and filters see of the order.

        Args:
            site_code: of its site, empty when unknown.
            at: when it would be decided, so that a clock that stands still goes on then; None
                takes the due time as it stands.
            passed_over: readers to leave out beside those who did not take it before.
            company: the readers of the patient's other studies.
        """
        order, patient, procedure = self.order, self.patient, self.procedure
        return OrderFacts(
            order_id=order.pk,
            issuer=order.issuer,
            accession=order.accession,
            site=site_code,
            modality=order.modality,
            body_part=order.body_part,
            subspecialty=order.subspecialty,
            urgency=Urgency(order.urgency),
            received_at=order.received_at,
            procedure=order.procedure_code,
            procedure_text=order.procedure_text,
            required_credentials=frozenset(procedure.required_credentials if procedure else ()),
            required_subspecialty=procedure.required_subspecialty if procedure else "",
            rvu=order.rvu,
            report_due_at=clock.report_due_at(order, at) if at else order.report_due_at,
            exam_at=order.exam_at,
            ordered_at=order.ordered_at,
            scheduled_at=order.scheduled_at,
            visit=order.visit_number,
            units=order.units,
            own=order.own_fields,
            sender=order.sender,
            ordering_provider=order.ordering_provider,
            patient_class=order.patient_class,
            patient_location=order.patient_location,
            patient_sex=patient.sex if patient else "",
            patient_birth_on=patient.birth_on if patient else None,
            indication=order.indication,
            passed_over=self.passed_over | passed_over,
            together=company.together,
            priors=company.priors,
        )


def load_cases(order_ids: Iterable[int], *, lock: bool = True) -> dict[int, Case]:
    """Return the cases by order id, their rows locked in id order until the transaction ends.

    Args:
        order_ids: of the orders.
        lock: whether they are locked; who only looks leaves it out.
    """
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    orders = (
        Order.objects.filter(pk__in=ids)
        .select_related("patient", "procedure", "segments", "unassigned")
        .annotate(earlier=ArraySubquery(_EARLIER))
        .order_by("pk")
    )
    if lock:
        # Its key is never changed: who stores a row that points at an order waits for no desk,
        # and no desk for them.
        orders = orders.select_for_update(of=("self",), no_key=True)
    readers = {
        row.order_id: row for row in Assignment.objects.filter(order__in=ids, is_current=True)
    }
    return {order.pk: _case(order, readers.get(order.pk)) for order in orders}


_EARLIER = (
    Assignment.objects.filter(order=OuterRef("pk"), is_current=False)
    .annotate(told=Concat("end_reason", Value(" "), "radiologist_id"))
    .values("told")
)


def _case(order: Order, assignment: Assignment | None) -> Case:
    earlier = tuple(_earlier(told) for told in getattr(order, "earlier", ()))
    return Case(
        order=order,
        patient=order.patient,
        procedure=order.procedure,
        assignment=assignment,
        queued=getattr(order, "unassigned", None),
        segments=getattr(order, "segments", None),
        was_told=bool(earlier) or assignment is not None,
        is_told_of_reader=assignment is not None,
        told_reader=assignment.radiologist_id if assignment else "",
        earlier=earlier,
    )


def _earlier(told: str) -> Earlier:
    """Read what ``_EARLIER`` wrote; a reason has no space in it, an id may."""
    reason, _, radiologist_id = told.partition(" ")
    return Earlier(radiologist_id, reason)
