"""Everything a batch of messages has in hand: the desk, the books, the segments to keep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.assignment.desk import Case, Desk, load_cases
from apps.assignment.desk.flush import Flushed
from apps.catalog.models import Procedure
from apps.core import bulk
from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.changes import PLACER_RANK, OrderChange, Reading
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.identity import Identity, IdentityBook
from apps.orders.models import Order, OrderSegments
from apps.orders.patients import PatientBook, PatientUpdate


class Books(NamedTuple):
    """What is known of the orders and patients that messages speak of."""

    identities: IdentityBook
    patients: PatientBook

    @classmethod
    def empty(cls) -> Books:
        """Return books in which nothing is known."""
        return cls(IdentityBook(), PatientBook())

    def errands(self, readings: Iterable[Reading]) -> list[bulk.Errand]:
        """Return what to ask for everything that the readings speak of."""
        known = list(readings)
        numbers = (
            (change.issuer, identity)
            for reading in known
            for change in reading.changes
            for identity in change.sought
        )
        return [*self.identities.errands(numbers), *self.patients.errands(_patient_keys(known))]


class Session:
    """What the messages of one transaction change; ``flush`` writes it all."""

    def __init__(self, *, desk: Desk, catalogue: Catalogue, books: Books | None = None) -> None:
        """Begin with nothing changed.

        Args:
            desk: opened in this transaction.
            catalogue: of the version that the desk was opened at.
            books: with their errands run; None for empty ones.
        """
        self.desk = desk
        self.catalogue = catalogue
        self.identities, self.patients = books or Books.empty()
        self._cases: dict[int, Case] = {}
        self._segments: dict[int, OrderSegments] = {}
        self.load_cases(self.identities.order_ids)

    @property
    def at(self) -> datetime:
        """Return the moment at which everything here happens."""
        return self.desk.at

    def load_cases(self, order_ids: Iterable[int]) -> None:
        """Read these orders, their rows locked."""
        self._cases |= load_cases(order_ids)

    def case(self, order_id: int) -> Case:
        """Return a case that was loaded or made here."""
        return self._cases[order_id]

    def find(self, change: OrderChange, claimed: dict[int, str]) -> tuple[Case | None, str]:
        """Return the order that a change speaks of, and a flag when the numbers disagree.

        Args:
            change: one group of a message.
            claimed: order id to OBR-4.1 of the same message's earlier groups: two different
                procedures are two orders, even under one accession.
        """
        found = self.identities.matches(change.issuer, change.sought)
        usable = [
            (identity, order_id)
            for identity, order_id in found
            if claimed.get(order_id, change.procedure_code) == change.procedure_code
        ]
        if not usable:
            return None, ""
        identity, order_id = _better(usable, change, self._cases)
        case = self._cases[order_id]
        if identity.kind is IdentifierKind.PLACER and self._is_another(case, change):
            return None, "placer_number_reused"
        return case, ""

    def know(self, case: Case, change: OrderChange) -> None:
        """Know an order under the numbers of a change too.

        Where its accession is another procedure's already, it is known under the accession with
        its own procedure.
        """
        self.identities.add(case.order.pk, change.issuer, change.identities)
        shared = [
            narrow
            for narrow, accession in change.narrowed
            if self.identities.owner(change.issuer, accession) != case.order.pk
        ]
        self.identities.add(case.order.pk, change.issuer, shared)

    def make(self, change: OrderChange, *, received_at: datetime) -> Case:
        """Return a new order for a change; its values are filled in by the caller."""
        order = Order(
            id=bulk.next_id(Order),
            issuer=change.issuer,
            accession=change.accession,
            accession_rank=change.accession_rank,
            received_at=received_at,
            updated_at=self.at,
            status=OrderStatus.RECEIVED,
        )
        case = Case(order=order, is_new=True)
        self._cases[order.pk] = case
        return case

    def merge(self, survivor: PatientUpdate, prior: PatientUpdate) -> bool:
        """Merge two patients, their orders in hand too; False for a merge in a circle."""
        merged = self.patients.merge(survivor, prior)
        if merged is None:
            return not self.patients.is_merged_away(survivor)
        for case in self._cases.values():
            if case.order.patient_id == merged.dead.pk:
                case.patient, case.order.patient_id = merged.kept, merged.kept.pk
                self.desk.pending.touch(case)
        return True

    def keep_segments(self, case: Case, change: OrderChange, *, more: bool) -> None:
        """Keep the segments as they came.

        Args:
            case: the order.
            change: the group that changed it.
            more: the same message had a group of this order before; both are kept.
        """
        group = change.group
        if more and case.segments is not None:
            group = _joined(bytes(case.segments.group), group)
        case.segments = OrderSegments(order_id=case.order.pk, header=change.header, group=group)
        self._segments[case.order.pk] = case.segments

    def procedure(self, procedure_id: int | None) -> Procedure | None:
        """Return the catalogue's procedure of this id."""
        return self.catalogue.procedures_by_id.get(procedure_id) if procedure_id else None

    def flush(self) -> Flushed:
        """Write everything in hand; call it within a round trip, the caller commits."""
        self.patients.flush()
        flushed = self.desk.flush()
        self.identities.flush()
        bulk.upsert(OrderSegments, self._segment_rows(), key=["order_id"])
        return flushed

    def _segment_rows(self) -> list[dict[str, Any]]:
        return [bulk.columns_of(segments) for segments in self._segments.values()]

    def _is_another(self, case: Case, change: OrderChange) -> bool:
        """A new order may reuse a placer number; then its accession is another one."""
        return (
            change.is_new_order
            and case.order.accession_rank < PLACER_RANK
            and change.accession_rank < PLACER_RANK
            and case.order.accession != change.accession
        )


def _better(
    usable: Sequence[tuple[Identity, int]], change: OrderChange, cases: dict[int, Case]
) -> tuple[Identity, int]:
    """Prefer, under one accession with several procedures, the order of the change's own."""
    first = usable[0]
    if first[0].kind is not IdentifierKind.ACCESSION:
        return first
    if cases[first[1]].order.procedure_code == change.procedure_code:
        return first
    for identity, order_id in usable[1:]:
        if order_id != first[1] and cases[order_id].order.accession == change.accession:
            return identity, order_id
    return first


def _joined(before: bytes, group: bytes) -> bytes:
    """Return both groups' segments; one that stood for all groups (ZDS) stands once, last."""
    own = group.split(b"\r")
    kept = [
        segment
        for segment in before.split(b"\r")
        if segment and not (segment.startswith(b"Z") and segment in own)
    ]
    return b"".join(segment + b"\r" for segment in (*kept, *filter(None, own)))


def _patient_keys(readings: Iterable[Reading]) -> Iterable[tuple[str, str]]:
    for reading in readings:
        yield from (update.key for update in reading.patients)
        yield from (update.key for pair in reading.merges for update in pair)
        yield from (change.patient.key for change in reading.changes if change.patient)
