"""Steps 1 and 2: the pools of readers that may take an order now.

A pool holds its readers with what is known of them before any workload is read (on leave,
not active, not competent), so that decisions for the same kind of order share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING

from apps.engine.codes import Step, Strategy
from apps.engine.competency import competency_refusal
from apps.engine.coverage import Coverage, OnShift
from apps.engine.facts import RadiologistFacts
from apps.engine.members import Member, Pool, members_of, seated
from apps.engine.refusals import INACTIVE, Refusal
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import BY_LEVEL, PoolKey, Specificity, specificity
from apps.engine.widened import build_widened, rank_widened

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig

_MAX_REMEMBERED = 4_000
_WIDENED = "*"
_Seat = tuple[Specificity, OnShift]


def pools_by_level(compiled: CompiledConfig, coverage: Coverage, key: PoolKey) -> tuple[Pool, ...]:
    """Return the pools of step 1, the highest priority level first, no negative ones."""
    return _remembered(compiled, coverage, key)


def shift_pool(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, code: str
) -> tuple[Pool, ...]:
    """Return the pool of one named shift, whatever its work, sites and level.

    While that shift does not run the pool is of kind ``idle`` and has nobody in it.
    """
    return _remembered(compiled, coverage, key._replace(target=f"={code}"))


def person_pool(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, radiologist: str
) -> Pool:
    """Return the pool of one named person, who need not be on shift but not on leave.

    The shift is theirs where they are on one that fits the order and its requirement.
    """
    person = compiled.people.get(radiologist)
    if person is None:
        member = Member(radiologist, None, None, None, None, is_named=True)
    else:
        member = Member(
            id=radiologist,
            person=person,
            shift=_own_shift(compiled, coverage, key, person),
            absence=absence_of(compiled, person, key.demand.on, coverage.start_at),
            unfitness=competency_refusal(person, key.demand, compiled.regions),
            is_named=True,
        )
    return Pool("person", None, (), None, Strategy.RULE, (member,))


def overflow_pools(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, codes: tuple[str, ...]
) -> tuple[Pool, ...]:
    """Return the pools into which work flows over: those of the shifts named, in turn.

    None named means everybody on any shift, as in the widened pools.
    """
    if not codes:
        return widened_pools(compiled, coverage, key)
    return tuple(pool for code in codes for pool in shift_pool(compiled, coverage, key, code))


def worklist_pool(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, names: tuple[str, ...]
) -> Pool:
    """Return who shares a list: whoever is on the shifts named now, and the readers named.

    A reader who is there on one of the shifts counts as such, whoever else names them. Where no
    shift runs and no reader is named the pool is of kind ``idle``.
    """
    running = [coverage.running[name] for name in names if name in coverage.running]
    seats = [(rank_widened(one.shift, key, compiled.regions), one) for one in running]
    on_shifts = [on_shift for _, on_shift in sorted(seats, key=_rank)]
    members = {one.id: one for one in members_of(on_shifts, compiled, key)}
    for name in names:
        is_here = name in members and members[name].absence is None
        if name not in compiled.shifts and not is_here:
            [member] = person_pool(compiled, coverage, key, name).members
            members[name] = member._replace(is_named=False)
    kind = "worklist" if running or members else "idle"
    shifts = tuple(sorted(name for name in names if name in compiled.shifts))
    return Pool(kind, None, shifts, None, Strategy.RULE, _by_id(members.values()))


def strategy_of_list(coverage: Coverage, names: tuple[str, ...]) -> Strategy:
    """Return how one of those who share a list is chosen: as the first of its shifts chooses."""
    running = (coverage.running[name].shift for name in names if name in coverage.running)
    return next((shift.strategy for shift in running), Strategy.LOAD_BALANCED)


def _by_id(members: Iterable[Member]) -> tuple[Member, ...]:
    return tuple(sorted(members, key=lambda member: member.id))


def absence_of(
    compiled: CompiledConfig, person: RadiologistFacts, on: date, at: datetime
) -> Refusal | None:
    """Return why a person cannot be given work at a moment of a date, whatever shift they are on."""
    if not person.is_active:
        return INACTIVE
    code = compiled.roster.absence(person.id, on, at)
    return None if code is None else Refusal(Step.ROSTER, code)


def _own_shift(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, person: RadiologistFacts
) -> ShiftFacts | None:
    fitting = [
        (rank, on_shift.shift)
        for on_shift in coverage.for_modality(key.demand.modality)
        if person.id in on_shift.people
        and on_shift.shift.required_subspecialty in ("", *person.specialties)
        and (rank := specificity(on_shift.shift, key, compiled.regions))
    ]
    return min(fitting, key=lambda ranked: ranked[0])[1] if fitting else None


def widened_pools(compiled: CompiledConfig, coverage: Coverage, key: PoolKey) -> tuple[Pool, ...]:
    """Return everybody on any shift now: the site's cluster, then the rest of the nation."""
    return _remembered(compiled, coverage, key._replace(target=_WIDENED))


def _remembered(compiled: CompiledConfig, coverage: Coverage, key: PoolKey) -> tuple[Pool, ...]:
    found = coverage.pools.get(key)
    if found is None:
        if len(coverage.pools) >= _MAX_REMEMBERED:
            coverage.pools.clear()
        found = coverage.pools[key] = _build(compiled, coverage, key)
    return found


def _build(compiled: CompiledConfig, coverage: Coverage, key: PoolKey) -> tuple[Pool, ...]:
    if key.target == _WIDENED:
        return build_widened(compiled, coverage, key)
    if key.target == BY_LEVEL:
        return _build_by_level(compiled, coverage, key)
    on_shift = coverage.running.get(key.target[1:])
    if on_shift is None:
        return (Pool("idle", None, (key.target[1:],), None, Strategy.RULE, ()),)
    seat = ((0, 0, on_shift.shift.code), on_shift)
    return (_pool("shift", None, [seat], compiled, coverage, key),)


def _build_by_level(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey
) -> tuple[Pool, ...]:
    levels: dict[int, list[_Seat]] = {}
    for on_shift in coverage.for_site(key.demand.modality, key.demand.site.code):
        level = on_shift.shift.priority_level
        rank = specificity(on_shift.shift, key, compiled.regions) if level >= 0 else None
        if rank is not None:
            levels.setdefault(level, []).append((rank, on_shift))
    return tuple(
        _pool("level", level, sorted(levels[level], key=_rank), compiled, coverage, key)
        for level in sorted(levels, reverse=True)
    )


def _rank(seat: _Seat) -> Specificity:
    return seat[0]


def _pool(
    kind: str,
    level: int | None,
    seats: list[_Seat],
    compiled: CompiledConfig,
    coverage: Coverage,
    key: PoolKey,
) -> Pool:
    """Build a pool from its shifts, the most specific first."""
    chief = seats[0][1].shift
    return Pool(
        kind=kind,
        level=level,
        shifts=tuple(sorted(seat[1].shift.code for seat in seats)),
        most_specific=chief.code,
        strategy=chief.strategy,
        members=seated(compiled, coverage, key, tuple(on_shift for _, on_shift in seats)),
    )
