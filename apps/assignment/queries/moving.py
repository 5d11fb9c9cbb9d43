"""What giving several studies to one reader would come to: study by study, and for their load.

Read without a lock; the services ask again under it. Each study that would move counts against
the reader's limits for the next one, as it will when they are given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from apps.assignment.desk.case import Case
from apps.assignment.models import Assignment
from apps.assignment.policies import Action
from apps.assignment.queries.acting import Acted
from apps.assignment.queries.loads import live_loads
from apps.assignment.queries.states import state_of
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core.access import Scope
from apps.engine.by_hand import shifts_for
from apps.engine.codes import Step, Urgency
from apps.engine.facts import OrderFacts, RadiologistFacts, Workload
from apps.engine.fitness import fitness
from apps.engine.refusals import Refusal
from apps.engine.result import Snapshot
from apps.engine.words import refusal_words
from apps.orders.models import Order

MOST = 25
"""How many studies are moved at once at most: each is an action of its own."""
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody who could be given the studies; ``load_percent`` is open RVU against seats."""

    radiologist_id: str
    name: str
    open_studies: int
    max_studies: int
    load_percent: int


@dataclass(frozen=True, slots=True)
class Move:
    """One study of several; ``refusal`` says why it does not move, or not without a reason.

    ``shift`` is the code of the shift on which it would be read, empty for none.
    """

    study: Acted
    shift: str = ""
    refusal: str = ""
    is_possible: bool = False
    needs_reason: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """The moves of all chosen studies; ``target`` and ``after`` are None before one is chosen."""

    moves: Sequence[Move]
    targets: Sequence[Target]
    target: Target | None
    after: Target | None

    @property
    def possible(self) -> int:
        """Return how many studies would move, those that need a reason too."""
        return sum(move.is_possible for move in self.moves)

    @property
    def needs_reason(self) -> bool:
        """Return whether one of them needs a reason."""
        return any(move.needs_reason for move in self.moves)


def plan(
    order_ids: Iterable[int], radiologist_id: str, *, scope: Scope, at: datetime
) -> Plan | None:
    """Return what moving the studies would come to; None when one lies outside of the scope.

    Args:
        order_ids: the chosen studies, at most ``MOST``.
        radiologist_id: who shall have them; empty before somebody is chosen.
        scope: where the viewer may assign.
        at: the moment of the question.
    """
    wanted = list(dict.fromkeys(order_ids))[:MOST]
    cases = _cases(wanted, scope)
    if len(cases) != len(wanted):
        return None
    view, loads = current_view(read_versions()), dict(live_loads(at))
    targets = _targets(view, loads)
    target = next((one for one in targets if one.radiologist_id == radiologist_id), None)
    if target is None:
        return Plan([Move(_acted(case)) for case in cases], targets, None, None)
    moves = [_move(case, radiologist_id, view, loads, at) for case in cases]
    after = _target(view.compiled.people[radiologist_id], loads)
    return Plan(moves, targets, target, after)


def _cases(order_ids: Sequence[int], scope: Scope) -> list[Case]:
    rows = Order.objects.filter(pk__in=order_ids).select_related("patient", "procedure", "site")
    orders = {order.pk: order for order in scope.limit(rows)}
    found = Assignment.objects.filter(order__in=orders, is_current=True).defer("trace")
    readers = {row.order_id: row for row in found.select_related("radiologist")}
    return [
        Case(order=order, patient=order.patient, procedure=order.procedure, assignment=current)
        for order, current in (
            (orders[id_], readers.get(id_)) for id_ in order_ids if id_ in orders
        )
    ]


def _acted(case: Case) -> Acted:
    return Acted(case.order, case.assignment, state_of(case.order, case.assignment))


def _move(
    case: Case, radiologist_id: str, view: ConfigView, loads: dict[str, Workload], at: datetime
) -> Move:
    study = _acted(case)
    refused = study.refusal(Action.ASSIGN)
    if refused:
        return Move(study, refusal=refused)
    if study.state.radiologist_id == radiologist_id:
        return Move(study, refusal="has it already")
    facts = case.facts(view.site_codes.get(case.order.site_id or 0, ""), at=at)
    shift = shifts_for(facts, at, view.compiled).get(radiologist_id)
    code = shift.code if shift else None
    refusal = fitness(facts, at, Snapshot(view.compiled, loads), radiologist_id, shift=code)
    if refusal is None or refusal.step is Step.CAPACITY:
        _count(loads, radiologist_id, facts)
        return _possible(study, code or "", refusal)
    return Move(study, refusal=refusal_words(refusal.code, refusal.params))


def _possible(study: Acted, shift: str, refusal: Refusal | None) -> Move:
    why = refusal_words(refusal.code, refusal.params) if refusal else ""
    if study.needs_reason:
        why = f"{study.reader} is reading it now"
    return Move(study, shift, why, is_possible=True, needs_reason=bool(why))


def _count(loads: dict[str, Workload], radiologist_id: str, order: OrderFacts) -> None:
    load = loads.get(radiologist_id) or Workload(radiologist_id)
    stat, urgent, routine = (
        count + (Urgency(order.urgency).rank == rank)
        for rank, count in enumerate(load.open_by_urgency)
    )
    loads[radiologist_id] = replace(
        load,
        open_by_urgency=(stat, urgent, routine),
        open_rvu=load.open_rvu + order.rvu,
        assigned_last_hour=load.assigned_last_hour + 1,
        rvu_last_hour=load.rvu_last_hour + order.rvu,
    )


def _targets(view: ConfigView, loads: Mapping[str, Workload]) -> list[Target]:
    people = [one for one in view.compiled.people.values() if one.is_active]
    found = [_target(person, loads) for person in people]
    return sorted(found, key=lambda one: (one.load_percent, one.name, one.radiologist_id))


def _target(person: RadiologistFacts, loads: Mapping[str, Workload]) -> Target:
    load = loads.get(person.id) or Workload(person.id)
    return Target(
        radiologist_id=person.id,
        name=person.name,
        open_studies=load.open_studies,
        max_studies=person.max_concurrent_studies,
        load_percent=_percent(load.open_rvu, person.max_concurrent_studies),
    )


def _percent(open_rvu: Decimal, seats: int) -> int:
    return int(open_rvu * _HUNDRED / seats) if seats else _HUNDRED
