"""A desk at which orders are decided and nothing is stored.

It reads what a real desk reads, but without the lock and in a transaction that cannot write, so
that neither a slip here nor one in a trigger can leave a trace: PostgreSQL refuses it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from apps.assignment.desk import Case, Desk
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.ledger import PassingLedger
from apps.assignment.snapshot.loads import LoadBook, LoadReader, Loads, Seat
from apps.assignment.snapshot.versions import read_versions
from apps.core import bulk
from apps.engine.compiled import CompiledConfig
from apps.engine.decision import Decision, decide
from apps.engine.facts import OrderFacts, RuleFacts, Workload
from apps.engine.result import Snapshot
from apps.engine.rules import RuleBook
from apps.engine.variant import Variant


@dataclass(frozen=True, slots=True)
class Tried:
    """One order decided, with everything it was decided on."""

    facts: OrderFacts
    at: datetime
    snapshot: Snapshot
    decision: Decision


class TryDesk(Desk):
    """Decides what is asked, and counts what it gave for what is asked next."""

    def ask(
        self,
        case: Case,
        rules: Sequence[RuleFacts] | None = None,
        *,
        facts: OrderFacts | None = None,
    ) -> Tried:
        """Decide an order; its reader is fuller for what is asked next, as within one message.

        Args:
            case: the order, stored or not.
            rules: in place of those in force; None for these.
            facts: what is decided on, where another desk has found it; None finds it here.
        """
        facts = facts or self.facts_to_decide(case)
        compiled = with_rules(self.view.compiled, rules)
        snapshot = Snapshot(compiled, dict(self.book.loads))
        decision = decide(facts, self.at, snapshot)
        if decision.radiologist:
            seat = Seat(decision.urgency, case.order.rvu, case.order.units)
            shift = decision.shift or ""
            self.book.take(decision.radiologist, seat, shift=shift, at=self.at)
        return Tried(facts, self.at, snapshot, decision)

    def take_in(self, case: Case) -> None:
        """Take in a stored order as if it had no reader yet, with what its patient else has."""
        if case.order.patient_id is not None:
            self.company.learn([case.order.patient_id])
        if case.assignment is not None and case.holds_a_seat:
            self.book.free(case.assignment.radiologist_id, case.seat())


def with_rules(compiled: CompiledConfig, rules: Sequence[RuleFacts] | None) -> CompiledConfig:
    """Return a configuration with other rules; None leaves it as it is."""
    if rules is None:
        return compiled
    return Variant(compiled, rules=RuleBook(rules, compiled.regions))


@contextmanager
def nothing_stored() -> Iterator[None]:
    """Run a block in a transaction that the database refuses to write in."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION READ ONLY")
        yield


def open_try_desk(*, at: datetime, loads: Mapping[str, Workload] | None = None) -> TryDesk:
    """Return a desk with the configuration in force; call it within ``nothing_stored``.

    Args:
        at: the moment of what is decided.
        loads: what everybody has on hand; None takes what they have now.
    """
    versions = read_versions()
    view = current_view(versions)
    book = _book(view.compiled, versions, at) if loads is None else _given(loads)
    return TryDesk(at=at, view=view, book=book, actor="", versions=versions)


def _book(compiled: CompiledConfig, versions: Mapping[str, int], at: datetime) -> LoadBook:
    reader = LoadReader(at=at, ledger=PassingLedger())
    bulk.run_errands(reader.errands(compiled))
    return reader.book(compiled, versions)


def _given(loads: Mapping[str, Workload]) -> LoadBook:
    book = LoadBook(Loads((), _never), lambda _radiologist: None)
    for load in loads.values():
        book.loads.put(load)
    return book


def _never(row: object) -> Workload:
    raise AssertionError(row)
