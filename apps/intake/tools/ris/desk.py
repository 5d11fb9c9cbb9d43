"""What the stack knows of the simulator's orders: who may be reported on, what is left open."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Protocol

from django.db import Error, connection
from django.db.models import Q

from apps.intake.tools.ris.menu import Exam
from apps.intake.tools.ris.studies import NUMBER_PREFIX, Patient, Shape, Study
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.lifecycle import WITH_READER
from apps.orders.models import Order

_MAX_LEFT_OPEN = 5000
_OVER = (OrderStatus.FINAL, OrderStatus.AMENDED, OrderStatus.CANCELLED)


class Standing(Enum):
    """What became of an order."""

    WITH_READER = auto()
    WAITING = auto()
    HELD = auto()
    OVER = auto()
    UNKNOWN = auto()


class Desk(Protocol):
    """Where the simulator looks before it reports."""

    def standing(self, study: Study) -> Standing:
        """Return what became of the study; UNKNOWN where that cannot be asked."""

    def left_open(self) -> list[Study]:
        """Return the studies that an earlier run ordered and never finished."""


class StackDesk:
    """Asks the database of the stack; a simulator without one reports on everything."""

    def standing(self, study: Study) -> Standing:
        """Return what became of the study."""
        try:
            # The issuer may be a profile's own word; the run's number is in the accession.
            orders = Order.objects.filter(accession=study.shown)
            status = orders.values_list("status", flat=True).first()
        except Error:
            connection.close()
            return Standing.UNKNOWN
        return Standing.WAITING if status is None else _STANDINGS[OrderStatus(status)]

    def left_open(self) -> list[Study]:
        """Return at most 5,000, the oldest first."""
        is_ours = Q(accession__startswith=NUMBER_PREFIX)
        try:
            orders = list(
                Order.objects.filter(is_ours)
                .exclude(status__in=_OVER)
                .select_related("patient")
                .prefetch_related("identifiers")
                .order_by("id")[:_MAX_LEFT_OPEN]
            )
        except Error:
            connection.close()
            return []
        return [_study(order) for order in orders]


_STANDINGS: Mapping[OrderStatus, Standing] = {
    **dict.fromkeys(OrderStatus, Standing.WAITING),
    **dict.fromkeys(WITH_READER, Standing.WITH_READER),
    # A preliminary report still wants its final one.
    OrderStatus.PRELIMINARY: Standing.WITH_READER,
    OrderStatus.HELD: Standing.HELD,
    **dict.fromkeys(_OVER, Standing.OVER),
}


def _study(order: Order) -> Study:
    numbers = {row.kind: row.value for row in order.identifiers.all()}
    patient = order.patient
    return Study(
        number=order.accession,
        shape=Shape.ORM_24,
        facility=order.sender.partition("^")[2] or order.issuer,
        exam=Exam(order.procedure_code, order.procedure_text, order.modality, order.body_part),
        patient=Patient(
            mrn=patient.mrn if patient else "",
            family=patient.family_name if patient else "",
            given=patient.given_name if patient else "",
            born=(patient.birth_on if patient else None) or order.received_at.date(),
            sex=patient.sex if patient else "",
        ),
        urgency=order.urgency,
        reason="",
        placer=numbers.get(IdentifierKind.PLACER, ""),
        filler=numbers.get(IdentifierKind.FILLER, ""),
        accession=numbers.get(IdentifierKind.ACCESSION, ""),
    )
