"""A reader chosen by a person: judged by the engine's own fitness, kept as a trace that replays.

The engine decides nothing here. It says on which shift the chosen one would read the order, who
else could have had it and why others could not, so that the choice can be explained later as
one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.engine import trace as written
from apps.engine.asking import rules_asking
from apps.engine.codes import ActionType, Outcome, Strategy
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import OrderFacts, RuleFacts, Workload
from apps.engine.fitness import fitness
from apps.engine.refusals import Refusal
from apps.engine.result import Decision, Snapshot
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey, specificity
from apps.engine.vocabulary import specialty_for

# JSON values; see the trace module.
JSON = Any

POOL = "by_hand"


@dataclass(frozen=True, slots=True)
class HandChoice:
    """Whom a person chose; ``made_by`` is that person, ``note`` why, as they typed it."""

    radiologist: str
    made_by: str
    note: str = ""


def shifts_for(order: OrderFacts, at: datetime, compiled: CompiledConfig) -> dict[str, ShiftFacts]:
    """Return who is at work on shifts that do this work now, each with the most specific one.

    Shifts of every priority level count, the negative ones too: those are for people to use.
    """
    site = compiled.sites.get(order.site)
    if site is None:
        return {}
    demand = Demand(
        site=site,
        modality=order.modality,
        body_part=order.body_part,
        credentials=order.required_credentials,
        subspecialty=order.required_subspecialty,
        on=compiled.local_date(site, at),
    )
    subspecialty = specialty_for(order.modality, order.body_part, order.subspecialty)
    key = PoolKey(demand, subspecialty, order.urgency)
    ranked = sorted(
        (
            (rank, on_shift)
            for on_shift in compiled.coverage_at(at).for_modality(order.modality)
            if (rank := specificity(on_shift.shift, key, compiled.regions)) is not None
        ),
        key=lambda pair: pair[0],
    )
    found: dict[str, ShiftFacts] = {}
    for _, on_shift in ranked:
        for id_ in on_shift.people:
            if _may_use(compiled, id_, on_shift.shift):
                found.setdefault(id_, on_shift.shift)
    return found


def _may_use(compiled: CompiledConfig, radiologist: str, shift: ShiftFacts) -> bool:
    """Return whether the person reads what the shift requires; else they read off shift."""
    person = compiled.people.get(radiologist)
    return person is not None and shift.required_subspecialty in ("", *person.specialties)


def decide_by_hand(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    choice: HandChoice,
    *,
    asks_rules: bool = True,
) -> Decision:
    """Return the choice as a decision; whether it may stand is the caller's to ask first.

    ``asks_rules`` is left out for one that was made when rules were not asked.
    """
    shifts = shifts_for(order, at, snapshot.compiled)
    shift = shifts.get(choice.radiologist)
    decision = Decision(
        outcome=Outcome.ASSIGNED,
        radiologist=choice.radiologist,
        shift=shift.code if shift else None,
        strategy=Strategy.MANUAL,
        rule_id=None,
        rule_version=None,
        matched_rules=(),
        reason=None,
        reason_text="",
        escalated=False,
        urgency=order.urgency,
        trace={},
    )
    decision.trace.update(_trace(order, at, snapshot, choice, shifts, asks_rules))
    return decision


def replay_by_hand(
    trace: Mapping[str, JSON], order: OrderFacts, at: datetime, snapshot: Snapshot
) -> Decision:
    """Return the choice that a trace records, made again on the same facts."""
    chosen = trace["result"]["radiologist"]
    said = trace["by_hand"]
    choice = HandChoice(chosen, said["by"], said.get("note", ""))
    # A trace names the rules that asked something; one without them has no facts to ask them again.
    return decide_by_hand(order, at, snapshot, choice, asks_rules="rules" in trace)


def _trace(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    choice: HandChoice,
    shifts: Mapping[str, ShiftFacts],
    asks_rules: bool,  # noqa: FBT001 -- within the module
) -> dict[str, JSON]:
    """Return the facts, everybody who was at work for it and the chosen one, and who chose."""
    seen = sorted({*shifts, choice.radiologist})
    shift = shifts.get(choice.radiologist)
    asking = _asking(order, at, snapshot.compiled) if asks_rules else []
    tried = _asked(order, at, snapshot, seen, shifts, asks_rules=bool(asking))
    facts_read = snapshot.compiled.rules.facts_read if asking else ()
    result = {
        "outcome": Outcome.ASSIGNED.value,
        "radiologist": choice.radiologist,
        "shift": shift.code if shift else None,
        "strategy": Strategy.MANUAL.value,
        "urgency": order.urgency.value,
    }
    return written.empty_to_none(
        {
            "v": written.TRACE_VERSION,
            "at": written.moment(at),
            "versions": snapshot.compiled.versions,
            "order": written.order_json(order, facts_read),
            "minutes_left": _minutes_left(order, at),
            "rules": written.rules_json(asking),
            "tries": [tried | {"chosen": choice.radiologist}],
            "loads": {id_: written.load_json(_load(snapshot, id_), at) for id_ in seen},
            "by_hand": written.empty_to_none({"by": choice.made_by, "note": choice.note}),
            "result": written.empty_to_none(result),
        }
    )


def _asking(order: OrderFacts, at: datetime, compiled: CompiledConfig) -> list[RuleFacts]:
    """Return the rules that ask credentials of somebody who might read the order."""
    site = compiled.sites.get(order.site)
    held = rules_asking(order, at, site, compiled) if site is not None else ()
    asking = ActionType.REQUIRE_CREDENTIAL
    return [rule.facts for rule in held if rule.facts.action is asking]


def _asked(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    seen: Iterable[str],
    shifts: Mapping[str, ShiftFacts],
    *,
    asks_rules: bool,
) -> dict[str, JSON]:
    out: list[JSON] = []
    fit: list[JSON] = []
    for id_ in seen:
        code = shifts[id_].code if id_ in shifts else None
        refusal = fitness(order, at, snapshot, id_, shift=code, asks_rules=asks_rules)
        if refusal is None:
            fit.append([id_, code, _share(snapshot, id_)])
        else:
            out.append(_out_row(id_, code, refusal))
    entry: dict[str, JSON] = {"pool": POOL, "strategy": Strategy.MANUAL.value}
    if shifts:
        entry["shifts"] = sorted({shift.code for shift in shifts.values()})
    return entry | {"out": out, "fit": fit}


def _out_row(id_: str, code: str | None, refusal: Refusal) -> list[JSON]:
    return [id_, code, refusal.step.value, refusal.code.value, *refusal.params]


def _share(snapshot: Snapshot, id_: str) -> str:
    """Return the load as a fraction, as in every other trace."""
    person = snapshot.compiled.people[id_]
    return f"{_load(snapshot, id_).open_rvu:f}/{person.max_concurrent_studies}"


def _load(snapshot: Snapshot, id_: str) -> Workload:
    return snapshot.loads.get(id_) or Workload(id_)


def _minutes_left(order: OrderFacts, at: datetime) -> int | None:
    due_at = order.report_due_at
    return None if due_at is None else (due_at - at) // timedelta(minutes=1)
