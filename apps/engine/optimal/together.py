"""Many orders decided at one moment: those that OPTIMAL chooses for are given out together.

Each order runs its rules and filters as it would alone. Where its choice falls to OPTIMAL, the
readers it may go to and what each would cost become one row of a flow, and the flow says who gets
which. The most urgent are given out first, so that nothing routine takes their seat; what the
flow leaves over is asked again with the loads as they are by then, until nothing is left.
Source: ADR 26.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from apps.engine.alike import Alike
from apps.engine.capacity import capacity_refusal
from apps.engine.choice import Candidate
from apps.engine.codec import canonical, from_json, to_json
from apps.engine.codes import ActionType, Outcome, Strategy, Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.decision import begun, ended
from apps.engine.facts import OrderFacts, RadiologistFacts, Workload
from apps.engine.optimal.costs import step_seconds
from apps.engine.optimal.flow import FORBIDDEN, cheapest
from apps.engine.result import Decision, Snapshot
from apps.engine.selection import Attempt
from apps.engine.trace import order_from, order_json

# JSON values of whatever shape.
JSON = Any
_DIGEST = 24
_WEIGHED = ("rvu", "units")
"""What one study adds to a load and so to the costs of the next, whether a rule reads it or not."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An order to be decided with others; ``widen`` as for one alone."""

    order: OrderFacts
    widen: bool = False


@dataclass(frozen=True, slots=True)
class Together:
    """What many orders came to, by order id, and what makes the same of them again.

    ``basis`` is canonical JSON, None where there was but one order, which is decided as alone.
    ``loads`` are those that an order was given out on, where that was before others had theirs.
    """

    decisions: Mapping[int, Decision]
    basis: JSON | None = None
    digest: str = ""
    loads: Mapping[int, Mapping[str, Workload]] = field(default_factory=dict)


def decide_together(asked: Sequence[Asked], at: datetime, snapshot: Snapshot) -> Together:
    """Decide who reads each of several orders.

    Args:
        asked: the orders; in which order they stand makes no difference.
        at: the moment of all, aware.
        snapshot: configuration and loads at that moment.
    """
    if len(asked) == 1:
        [one] = asked
        run = begun(one.order, at, snapshot, widen=one.widen)
        return Together({one.order.order_id: ended(run, one.order, snapshot)})
    burst = _Burst(at, snapshot)
    burst.decide(sorted(asked, key=_canonical))
    stamped = _stamped(burst.decisions, _basis(asked, at, snapshot, burst.seen))
    return replace(stamped, loads=burst.planned_on)


def _stamped(decisions: Mapping[int, Decision], basis: JSON) -> Together:
    """Return the decisions, each naming the digest of what all of them followed from."""
    digest = hashlib.sha256(canonical(basis).encode()).hexdigest()[:_DIGEST]
    for decision in decisions.values():
        decision.trace["burst"] = digest
    return Together(decisions, basis, digest)


def replay_together(basis: Mapping[str, JSON], compiled: CompiledConfig) -> Together:
    """Decide again what a basis records, on the configuration of the same versions.

    The decisions name the basis as it is: what an older one lacks is not held against them.
    """
    loads = {id_: from_json(Workload, row) for id_, row in basis["loads"].items()}
    asked = [
        Asked(order_from(row["order"]), widen=row.get("widen", False)) for row in basis["orders"]
    ]
    at = datetime.fromisoformat(basis["at"])
    made = decide_together(asked, at, Snapshot(compiled, loads))
    return _stamped(made.decisions, basis)


def _canonical(asked: Asked) -> tuple[int, datetime, int]:
    order = asked.order
    return (order.urgency.rank, order.report_due_at or order.received_at, order.order_id)


def _basis(
    asked: Sequence[Asked], at: datetime, snapshot: Snapshot, seen: set[str]
) -> dict[str, JSON]:
    """Return everything the decisions followed from, but for the configuration."""
    facts = (*snapshot.compiled.rules.facts_read, *_WEIGHED)
    ordered = sorted(asked, key=lambda one: one.order.order_id)
    return {
        "at": at.isoformat(),
        "orders": [
            {"order": order_json(one.order, facts), **({"widen": True} if one.widen else {})}
            for one in ordered
        ],
        "loads": {
            id_: _load_json(snapshot.loads.get(id_) or Workload(id_)) for id_ in sorted(seen)
        },
    }


def _load_json(load: Workload) -> dict[str, JSON]:
    """Return all of a load digit for digit; what equals its default may be written otherwise."""
    return {one.name: to_json(getattr(load, one.name)) for one in fields(load)}


class _Found(NamedTuple):
    """The pool in which OPTIMAL would choose, and whether hourly limits count there.

    ``urgency`` is the order's after the rules.
    """

    attempt: Attempt
    may_pass_hourly: bool
    urgency: Urgency

    @property
    def asked(self) -> Sequence[Candidate]:
        """Return those among whom it would."""
        return self.attempt.asked


class _Burst:
    """Orders under way together; ``loads`` are those of the moment and what was given since."""

    def __init__(self, at: datetime, snapshot: Snapshot) -> None:
        self.at = at
        self.decisions: dict[int, Decision] = {}
        self.planned_on: dict[int, Mapping[str, Workload]] = {}
        self.seen: set[str] = set()
        self._compiled = snapshot.compiled
        self._loads = dict(snapshot.loads)

    def decide(self, asked: Sequence[Asked]) -> None:
        """Decide all: rank by rank as the rules have it, each until nothing of it is left."""
        ranks = self._ranks(asked)
        for rank in sorted(set(ranks)):
            left = [one for one, own in zip(asked, ranks, strict=True) if own == rank]
            while left:
                left = self._round(left)

    def _ranks(self, asked: Sequence[Asked]) -> list[int]:
        """Return the rank of each; what was sent counts only where no rule sets another."""
        rules = self._compiled.config.rules
        if not any(rule.action is ActionType.SET_PRIORITY for rule in rules):
            return [one.order.urgency.rank for one in asked]
        now = Snapshot(self._compiled, dict(self._loads), Alike())
        runs = [
            (one.order, begun(one.order, self.at, now, widen=one.widen, with_trace=False))
            for one in asked
        ]
        return [ended(run, order, now).urgency.rank for order, run in runs]

    def _round(self, asked: Sequence[Asked]) -> list[Asked]:
        """Give out what one flow gives; return what has to be asked again."""
        now = Snapshot(self._compiled, dict(self._loads), Alike())
        tried = [(one, self._try(one, now)) for one in asked]
        alone = [one for one, found in tried if found is None]
        rows = [(one, found) for one, found in tried if found is not None]
        if alone:
            self._settle_each(alone)
            return [one for one, _ in rows]
        given = self._flow(rows)
        left = [
            one
            for (one, found), reader in zip(rows, given, strict=True)
            if reader is None or not self._settle_as_planned(one, found, reader, now)
        ]
        if len(left) < len(rows):
            return left
        # No seat for any of them together: each as it would be alone, so that the end is sure.
        self._settle_each(left)
        return []

    def _try(self, one: Asked, now: Snapshot) -> _Found | None:
        """Return the pool in which OPTIMAL would choose for the order, None where none would."""
        run = begun(one.order, self.at, now, widen=one.widen, with_trace=False)
        decision = ended(run, one.order, now)
        seen = run.seen
        self._see(seen.attempts)
        if decision.outcome is not Outcome.ASSIGNED or decision.strategy is not Strategy.OPTIMAL:
            return None
        is_escalated = seen.escalated_by not in ("", "sla")  # late ones are so after the filters
        may_pass_hourly = is_escalated or decision.urgency is Urgency.STAT
        return _Found(seen.attempts[-1], may_pass_hourly, decision.urgency)

    def _see(self, attempts: Iterable[Attempt]) -> None:
        self.seen.update(member.id for tried in attempts for member in tried.pool.members)

    def _flow(self, rows: Sequence[tuple[Asked, _Found]]) -> list[str | None]:
        """Return who gets each order, by one flow over everybody they may go to."""
        people: dict[str, Candidate] = {
            candidate.person.id: candidate for _, found in rows for candidate in found.asked
        }
        readers = sorted(people.values(), key=lambda one: one.person.id)
        place = {one.person.id: index for index, one in enumerate(readers)}
        costs = [[FORBIDDEN] * len(readers) for _ in rows]
        for row, (_, found) in zip(costs, rows, strict=True):
            for candidate in found.asked:
                row[place[candidate.person.id]] = candidate.cost
        orders = [replace(one.order, urgency=found.urgency) for one, found in rows]
        seats = [_seats(one.person, one.workload, orders) for one in readers]
        steps = [step_seconds(orders)] * len(readers)
        return [
            None if index is None else readers[index].person.id
            for index in cheapest(costs, steps, seats)
        ]

    def _settle_as_planned(self, one: Asked, found: _Found, reader: str, now: Snapshot) -> bool:
        """Decide as the flow says if that still fits beside what it gave before; say whether."""
        load = self._loads.get(reader) or Workload(reader)
        person = self._compiled.people[reader]
        if capacity_refusal(person, load, may_pass_hourly=found.may_pass_hourly) is not None:
            return False
        self._settle(one, now, planned=reader)
        self.planned_on[one.order.order_id] = now.loads
        return True

    def _settle_each(self, asked: Iterable[Asked]) -> None:
        """Decide each as it would be alone, one after the other."""
        for one in asked:
            self._settle(one, Snapshot(self._compiled, self._loads))

    def _settle(self, one: Asked, snapshot: Snapshot, *, planned: str = "") -> None:
        """Make the decision and count it, so that what follows sees it."""
        order = one.order
        run = begun(order, self.at, snapshot, widen=one.widen, planned=planned)
        decision = self.decisions[order.order_id] = ended(run, order, snapshot)
        # What was given since may have led it to a pool that nobody had asked before.
        self._see(run.seen.attempts)
        if decision.radiologist is not None:
            load = self._loads.get(decision.radiologist) or Workload(decision.radiologist)
            self._loads[decision.radiologist] = with_one_more(load, order, decision, self.at)


def _seats(person: RadiologistFacts, load: Workload, orders: Sequence[OrderFacts]) -> int:
    """Return how many of the orders a reader may have now; RVU limits let the last one over."""
    rooms = [person.max_concurrent_studies - load.open_studies]
    least = min(order.rvu for order in orders)
    if person.max_concurrent_rvu is not None and least > 0:
        rooms.append(_fits(person.max_concurrent_rvu - load.open_rvu, least))
    if any(order.urgency is not Urgency.STAT for order in orders):
        rooms.append(max(person.max_studies_per_hour - load.assigned_last_hour, 1))
        if person.max_rvu_per_hour is not None and least > 0:
            rooms.append(max(_fits(person.max_rvu_per_hour - load.rvu_last_hour, least), 1))
    return max(min(rooms), 0)


def _fits(room: Decimal, each: Decimal) -> int:
    return ceil(Fraction(room) / Fraction(each))


def with_one_more(load: Workload, order: OrderFacts, decision: Decision, at: datetime) -> Workload:
    """Return a load with a study just given: a seat, a line of the hour, a turn, its units."""
    counts = list(load.open_by_urgency)
    counts[decision.urgency.rank] += 1
    turns = load.last_on_shift
    return replace(
        load,
        open_by_urgency=(counts[0], counts[1], counts[2]),
        open_rvu=load.open_rvu + order.rvu,
        assigned_last_hour=load.assigned_last_hour + 1,
        rvu_last_hour=load.rvu_last_hour + order.rvu,
        last_assigned_at=at,
        last_on_shift={**turns, decision.shift: at} if decision.shift else turns,
        given_units=load.given_units + order.units,
    )
