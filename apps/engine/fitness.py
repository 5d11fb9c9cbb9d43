"""May this one reader read this order: for changed orders, reassignment and manual menus."""

from __future__ import annotations

from datetime import date, datetime

from apps.engine.asking import asked_of, rules_asking
from apps.engine.capacity import capacity_refusal
from apps.engine.codes import Refused, Step, Urgency
from apps.engine.competency import Demand, competency_refusal, missing_credentials
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import OrderFacts, RadiologistFacts, Workload
from apps.engine.pools import absence_of
from apps.engine.refusals import UNKNOWN_PERSON, Refusal
from apps.engine.result import Snapshot
from apps.engine.rota import ShiftFacts

_UNKNOWN_SITE = Refusal(Step.SHIFT, Refused.UNKNOWN_SITE)


def fitness(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    radiologist_id: str,
    *,
    shift: str | None,
    count_capacity: bool = True,
    escalated: bool = False,
    asks_rules: bool = True,
) -> Refusal | None:
    """Return why the reader may not read the order, or None when they may.

    Presence is not asked, nor whom rules exclude or prefer: a study stays with a reader who went
    for lunch, and a person may give it to somebody whom a rule would pass over. The credentials
    that rules ask for count as those of the procedure do: nothing relaxes them.

    Args:
        order: the order as it is now.
        at: the moment, aware.
        snapshot: configuration and workloads.
        radiologist_id: the reader.
        shift: the shift on which they read it, whose requirement counts too; None for none.
        count_capacity: whether a full reader is refused. Leave it out for who has the order
            already, since their open studies hold it.
        escalated: whether the order may pass the hourly limit, as STAT ones do.
        asks_rules: whether rules may ask for credentials; not where what was judged without them
            is judged again.
    """
    compiled = snapshot.compiled
    person, site = compiled.people.get(radiologist_id), compiled.sites.get(order.site)
    if person is None:
        return UNKNOWN_PERSON
    if site is None:
        return _UNKNOWN_SITE
    on = compiled.local_date(site, at)
    demand = Demand(
        site=site,
        modality=order.modality,
        body_part=order.body_part,
        credentials=order.required_credentials,
        subspecialty=order.required_subspecialty,
        on=on,
    )
    shift_facts = compiled.shifts.get(shift) if shift else None
    refusal = _absence(compiled, person, shift_facts, on, at) or competency_refusal(
        person,
        demand,
        compiled.regions,
        shift_subspecialty=shift_facts.required_subspecialty if shift_facts else "",
    )
    if refusal is None and asks_rules and compiled.asking is not None:
        refusal = _asked_by_rules(order, at, compiled, person, shift or "")
    if refusal is not None or not count_capacity:
        return refusal
    load = snapshot.loads.get(person.id) or Workload(person.id)
    may_pass_hourly = escalated or order.urgency is Urgency.STAT
    return capacity_refusal(person, load, may_pass_hourly=may_pass_hourly)


def _asked_by_rules(
    order: OrderFacts,
    at: datetime,
    compiled: CompiledConfig,
    person: RadiologistFacts,
    shift: str,
) -> Refusal | None:
    """Return what the reader lacks of what rules ask for, with the name of the rule."""
    site = compiled.sites[order.site]
    held = rules_asking(order, at, site, compiled)
    on = compiled.local_date(site, at)
    for rule in asked_of(person.id, shift, held, compiled, at):
        missing = missing_credentials(person, frozenset(rule.target.named), on)
        if missing:
            params = (*missing, rule.facts.name)
            return Refusal(Step.COMPETENCY, Refused.RULE_CREDENTIAL, params)
    return None


def _absence(
    compiled: CompiledConfig,
    person: RadiologistFacts,
    shift: ShiftFacts | None,
    on: date,
    at: datetime,
) -> Refusal | None:
    """Return why the reader is away; on a running shift its own start date counts.

    Who started a night shift before their leave began is there until it ends.
    """
    running = compiled.coverage_at(at).running.get(shift.code) if shift else None
    is_there = running is not None and person.is_active and person.id in running.people
    return None if is_there else absence_of(compiled, person, on, at)
