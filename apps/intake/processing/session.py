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
from apps.intake.processing.changes import (
    MADE_BY_CHANGE,
    PLACER_RANK,
    OrderChange,
    Reading,
)
from apps.intake.processing.finding import better, by_own_number, is_sibling
from apps.intake.processing.patients import changed_line
from apps.intake.processing.stepbook import StepBook
from apps.intake.processing.unknown import UnknownCodes
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.identity import Identity, IdentityBook
from apps.orders.merging import MergeSource
from apps.orders.models import Order, OrderSegments
from apps.orders.patients import MergeWish, PatientBook, PatientUpdate

PATIENT_CHANGED = "patient_changed"
RESULT_OF_ANOTHER = "result_names_another_patient"


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

    def __init__(
        self,
        *,
        desk: Desk,
        catalogue: Catalogue,
        books: Books | None = None,
        gathers: bool = False,
    ) -> None:
        """Begin with nothing changed.

        Args:
            desk: opened in this transaction.
            catalogue: of the version that the desk was opened at.
            books: with their errands run; None for empty ones.
            gathers: whether orders may wait for those of the messages after them, to be decided
                together; who says so settles the desk at the end.
        """
        self.gathers = gathers
        self.desk = desk
        self.catalogue = catalogue
        self.identities, self.patients = books or Books.empty()
        self.unknown = UnknownCodes()
        self.steps = StepBook()
        self._cases: dict[int, Case] = {}
        self._segments: dict[int, OrderSegments] = {}
        self.load_cases(self.identities.order_ids)

    @property
    def at(self) -> datetime:
        """Return the moment at which everything here happens."""
        return self.desk.at

    def load_cases(self, order_ids: Iterable[int]) -> None:
        """Read these orders, their rows locked, and what else their patients have."""
        self._cases |= load_cases(order_ids)
        of_cases = (case.order.patient_id for case in self._cases.values())
        known = {*self.patients.ids, *(pk for pk in of_cases if pk is not None)}
        # Whoever else comes up was just made.
        self.desk.company.learn(known, others_are_new=True)

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
        if change.own_placer is not None:
            usable = by_own_number(usable, change, claimed, may_get=self._may_get_number)
        if not usable:
            return None, ""
        identity, order_id = better(usable, change, self._cases)
        case = self._cases[order_id]
        if is_sibling(identity, case, change):
            return None, ""
        is_placer = identity.kind is IdentifierKind.PLACER
        if is_placer and (
            self._is_another(case, change)
            or (identity == change.own_placer and self._is_of_another(case, change))
        ):
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

    def set_patient(self, case: Case, told: PatientUpdate) -> None:
        """Give the order to the patient whom its sender names.

        Another number of the same authority is somebody else: the sender is believed, for it
        corrects itself so, but people see it, and the trail keeps both.
        """
        before, case.patient = case.patient, self.patients.update(told)
        case.order.patient_id = case.patient.pk
        if not case.is_new:
            self.desk.company.note(case)
        is_another = before is not None and before.pk != case.patient.pk
        if before is not None and is_another and before.authority == case.patient.authority:
            self.desk.flag(case, PATIENT_CHANGED)
            line = changed_line(self.desk, case, before)
            self.desk.pending.audit.append(line)

    def check_patient(self, case: Case, told: PatientUpdate | None) -> None:
        """Flag an order of which a result names another patient; it stays whose it is."""
        if told is None or case.patient is None or told.authority != case.patient.authority:
            return
        if self.patients.key_of(told) != (case.patient.authority, case.patient.mrn):
            self.desk.flag(case, RESULT_OF_ANOTHER)

    def merge(self, wishes: Sequence[MergeWish], source: MergeSource) -> None:
        """Merge patients, their orders in hand too; all that is wished, or nothing.

        Raises:
            MergeError: see ``PatientBook.merge``.
        """
        for merged in self.patients.merge(wishes, source):
            for case in self._cases.values():
                if case.order.patient_id == merged.dead.pk:
                    case.patient, case.order.patient_id = merged.heir, merged.heir.pk
                    self.desk.pending.touch(case)
            self.desk.company.merge(merged.dead.pk, merged.heir.pk)

    def keep_segments(self, case: Case, change: OrderChange, *, more: bool) -> None:
        """Keep the segments as they came.

        Args:
            case: the order.
            change: the group that changed it.
            more: the same message had a group of this order before; both are kept.
        """
        self._segments[case.order.pk] = self.steps.keep(case, change, more=more)

    def cancel_step(self, case: Case, change: OrderChange, *, more: bool) -> bool:
        """Note that a step is cancelled; return whether others of the study stand."""
        if not self.steps.stands_without(case, change):
            return False
        self.keep_segments(case, change, more=more)
        return True

    def procedure(self, procedure_id: int | None) -> Procedure | None:
        """Return the catalogue's procedure of this id."""
        return self.catalogue.procedures_by_id.get(procedure_id) if procedure_id else None

    def flush(self) -> Flushed:
        """Write everything in hand; call it within a round trip, the caller commits."""
        self.patients.flush(at=self.at, actor=self.desk.actor)
        flushed = self.desk.flush()
        self.identities.flush()
        bulk.upsert(OrderSegments, self._segment_rows(), key=["order_id"])
        self.unknown.flush(at=self.at)
        return flushed

    def _segment_rows(self) -> list[dict[str, Any]]:
        return [bulk.columns_of(segments) for segments in self._segments.values()]

    def _may_get_number(self, order_id: int, shared: Identity, change: OrderChange) -> bool:
        known = ("", self._cases[order_id].order.procedure_code)
        has_own = self.identities.has_other_placer
        return change.procedure_code in known and not has_own(order_id, change.issuer, shared)

    def _is_of_another(self, case: Case, change: OrderChange) -> bool:
        """Return whether an OBR's own number is somebody else's: some only count in it."""
        told = change.patient
        if told is None or case.patient is None:
            return False
        return self.patients.key_of(told) != (case.patient.authority, case.patient.mrn)

    def _is_another(self, case: Case, change: OrderChange) -> bool:
        """A new order may reuse a placer number; then its accession is another one."""
        return (
            change.is_new_order
            # One that a later message of it overtook may say an accession that is older.
            and MADE_BY_CHANGE not in case.order.flags
            and case.order.accession_rank < PLACER_RANK
            and change.accession_rank < PLACER_RANK
            and case.order.accession != change.accession
        )


def _patient_keys(readings: Iterable[Reading]) -> Iterable[tuple[str, str]]:
    for reading in readings:
        yield from (update.key for update in reading.patients)
        for wish in reading.merges:
            yield from (wish.survivor.key, wish.prior.key)
        yield from (change.patient.key for change in reading.changes if change.patient)
