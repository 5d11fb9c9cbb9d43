"""Every reason why one reader could not be given an order, where a decision stops at the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from apps.engine.capacity import capacity_refusal, relief_refusal
from apps.engine.codes import Refused
from apps.engine.competency import Demand, competency_refusal
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import RadiologistFacts, Workload
from apps.engine.members import Member
from apps.engine.pools import absence_of
from apps.engine.refusals import INACTIVE, PASSED_OVER, Refusal
from apps.engine.rota import ShiftFacts
from apps.engine.selection import Situation, presence_refusal

_NO_LIMIT = 1_000_000
RELAXED: Mapping[Refused, dict[str, Any]] = {
    Refused.CONCURRENT_FULL: {"max_concurrent_studies": _NO_LIMIT},
    Refused.CONCURRENT_RVU_FULL: {"max_concurrent_rvu": None},
    Refused.HOURLY_FULL: {"max_studies_per_hour": _NO_LIMIT},
    Refused.HOURLY_RVU_FULL: {"max_rvu_per_hour": None},
}
"""What a limit is set to so that the next one is looked at."""


def absences(
    compiled: CompiledConfig,
    person: RadiologistFacts,
    member: Member | None,
    demand: Demand,
    at: datetime,
) -> Iterator[Refusal]:
    """Yield why somebody is not at work; in a pool, for the shift that they are asked on."""
    if not person.is_active:
        yield INACTIVE
    away = member.absence if member else absence_of(compiled, person, demand.on, at)
    if away is not None and away != INACTIVE:
        yield away


def presences(load: Workload, at: datetime) -> Iterator[Refusal]:
    """Yield why somebody is passed by for where they are."""
    refusal = presence_refusal(load, at)
    if refusal is not None:
        yield refusal


def lacks(
    person: RadiologistFacts,
    demand: Demand,
    compiled: CompiledConfig,
    shift: ShiftFacts | None,
) -> Iterator[Refusal]:
    """Yield everything that they lack for the work, each by itself."""
    bare = replace(demand.site, requires_licence=False, requires_privilege=False)
    nothing = demand._replace(site=bare, credentials=frozenset(), subspecialty="")
    required = shift.required_subspecialty if shift else ""
    asked = (
        (nothing._replace(credentials=demand.credentials), ""),
        (nothing._replace(subspecialty=demand.subspecialty), ""),
        (nothing, "" if required == demand.subspecialty else required),
        (nothing._replace(site=replace(demand.site, requires_privilege=False)), ""),
        (nothing._replace(site=replace(demand.site, requires_licence=False)), ""),
    )
    for part, subspecialty in asked:
        found = competency_refusal(person, part, compiled.regions, shift_subspecialty=subspecialty)
        if found is not None:
            yield found


def passed_over(person: RadiologistFacts, situation: Situation) -> Iterator[Refusal]:
    """Yield that they had it already and did not take it."""
    if person.id in situation.subject.order.passed_over:
        yield PASSED_OVER


def limits(
    person: RadiologistFacts, load: Workload, situation: Situation, *, may_pass_hourly: bool
) -> Iterator[Refusal]:
    """Yield every limit that is reached, then that they have no less on hand than the reader."""
    asked = person
    while found := capacity_refusal(asked, load, may_pass_hourly=may_pass_hourly):
        yield found
        asked = replace(asked, **RELAXED[found.code])
    relieved = situation.relieved
    if relieved is None:
        return
    refusal = relief_refusal(person, load, relieved, situation.load_of(relieved.id))
    if refusal is not None:
        yield refusal
