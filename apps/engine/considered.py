"""Step 1 seen from outside: every shift there is, and why an order is or is not asked of it.

The decision itself looks only at the shifts that run now; here each one answers for itself, so
that nobody has to ask why a shift was not thought of. Source: spec 2, step 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from apps.engine.codes import Urgency
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig
from apps.engine.coverage import Coverage, OnShift
from apps.engine.facts import OrderFacts, SiteFacts
from apps.engine.occurrences import local_date, occurrences_from
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey, specificity
from apps.engine.vocabulary import specialty_for

_DAYS_AHEAD = 15


class ShiftOut(StrEnum):
    """Why a shift is not asked for an order."""

    OTHER_WORK = "other_work"
    OTHER_SITE = "other_site"
    NEGATIVE_LEVEL = "negative_level"
    NOT_RUNNING = "not_running"


@dataclass(frozen=True, slots=True)
class Considered:
    """One shift: all that keeps the order from it, nothing where it is asked.

    ``people`` are on it now and take work, ``away`` are meant to be and do not. ``starts_at`` is
    when it next runs, told only of a shift that lacks nothing else.
    """

    shift: ShiftFacts
    causes: tuple[ShiftOut, ...]
    people: tuple[str, ...] = ()
    away: tuple[str, ...] = ()
    starts_at: datetime | None = None


def pool_key(
    order: OrderFacts,
    at: datetime,
    compiled: CompiledConfig,
    site: SiteFacts,
    *,
    urgency: Urgency | None = None,
    more: frozenset[str] = frozenset(),
) -> PoolKey:
    """Return what an order asks of its pools.

    Args:
        order: its facts.
        at: the moment.
        compiled: the configuration.
        site: the order's.
        urgency: as the rules left it; None takes the order's own.
        more: credentials that rules ask for beside the procedure's.
    """
    demand = Demand(
        site=site,
        modality=order.modality,
        body_part=order.body_part,
        credentials=order.required_credentials | more,
        subspecialty=order.required_subspecialty,
        on=compiled.local_date(site, at),
    )
    subspecialty = order.subspecialty or specialty_for(order.modality, order.body_part)
    return PoolKey(demand, subspecialty, urgency or order.urgency)


def considered(at: datetime, compiled: CompiledConfig, key: PoolKey) -> list[Considered]:
    """Return every shift that is switched on: those asked first, highest level first, then codes."""
    coverage = compiled.coverage_at(at)
    seen = [_considered(shift, at, compiled, coverage, key) for shift in compiled.shifts.values()]
    return sorted(seen, key=_place)


def causes_of(
    shift: ShiftFacts, compiled: CompiledConfig, coverage: Coverage, key: PoolKey
) -> tuple[ShiftOut, ...]:
    """Return all that keeps an order from a shift, in the order of ``ShiftOut``."""
    return tuple(_causes(shift, compiled, coverage, key))


def _considered(
    shift: ShiftFacts, at: datetime, compiled: CompiledConfig, coverage: Coverage, key: PoolKey
) -> Considered:
    causes = causes_of(shift, compiled, coverage, key)
    on_shift = coverage.running.get(shift.code)
    return Considered(
        shift=shift,
        causes=causes,
        people=on_shift.people if on_shift else (),
        away=_away(on_shift),
        starts_at=_next_start(shift, at) if causes == (ShiftOut.NOT_RUNNING,) else None,
    )


def _causes(
    shift: ShiftFacts, compiled: CompiledConfig, coverage: Coverage, key: PoolKey
) -> Iterator[ShiftOut]:
    everywhere = replace(shift, sites=None) if shift.sites is not None else shift
    if specificity(everywhere, key, compiled.regions) is None:
        yield ShiftOut.OTHER_WORK
    if shift.sites is not None and key.demand.site.code not in shift.sites:
        yield ShiftOut.OTHER_SITE
    if shift.priority_level < 0:
        yield ShiftOut.NEGATIVE_LEVEL
    if shift.code not in coverage.running:
        yield ShiftOut.NOT_RUNNING


def _away(on_shift: OnShift | None) -> tuple[str, ...]:
    return () if on_shift is None else (*on_shift.on_leave, *on_shift.on_other_work)


def _next_start(shift: ShiftFacts, at: datetime) -> datetime | None:
    first_on = local_date(at, shift.zone) - timedelta(days=1)
    runs = occurrences_from(shift, first_on, _DAYS_AHEAD)
    return min((run.start_at for run in runs if run.start_at > at), default=None)


def _place(one: Considered) -> tuple[int, int, int, str]:
    """Sort by how near a shift is to being asked, then by level and code."""
    first = list(ShiftOut).index(one.causes[0]) if one.causes else len(ShiftOut)
    return len(one.causes), -first, -one.shift.priority_level, one.shift.code
