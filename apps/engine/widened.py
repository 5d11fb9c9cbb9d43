"""The pools of an order that everybody is asked about: the site's cluster, then all the others.

Nearly all of those asked are there on shifts that do not fit the order, the same for order after
order. They are worked out once for each stretch of coverage and each demand on readers; an order
puts those on them who are on a shift that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from apps.engine.codes import Strategy
from apps.engine.coverage import Coverage, OnShift
from apps.engine.members import (
    Member,
    Pool,
    absent_of,
    asked_of,
    member_of,
    members_of,
    present_of,
)
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey, Specificity, specificity

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig

_MOST_GROUNDS = 128
_Near = frozenset[str] | None
"""The sites whose shifts count; None for everybody's."""


class Ground(NamedTuple):
    """Everybody by id, in order, as if no shift fitted; ``present`` are those who are at work."""

    members: Mapping[str, Member]
    present: frozenset[str]


def build_widened(compiled: CompiledConfig, coverage: Coverage, key: PoolKey) -> tuple[Pool, ...]:
    """Return everybody on any shift now: the site's cluster, then the rest of the nation."""
    near_sites = compiled.sites_in_cluster(key.demand.site)
    near = _everybody(compiled, coverage, key, near_sites)
    everybody = _everybody(compiled, coverage, key, None)
    # Who is taken on another shift, or is away in the cluster only, is asked a second time.
    rest = tuple(one for id_, one in everybody.items() if not _is_same(near.get(id_), one))
    has_near = bool(_seats(coverage, near_sites))
    is_nobody_near = bool(coverage.running) and not has_near
    pools = (
        (_pool("cluster", tuple(near.values())), has_near),
        (_pool("national", rest), bool(rest) or is_nobody_near),
    )
    return tuple(pool for pool, is_asked in pools if is_asked)


def _is_same(asked: Member | None, member: Member) -> bool:
    """Return whether somebody was asked just so; shifts are told apart by being others."""
    return asked is not None and asked.shift is member.shift and asked[3:] == member[3:]


def rank_widened(
    shift: ShiftFacts, key: PoolKey, regions: Mapping[str, frozenset[str]]
) -> Specificity:
    """Rank a shift that fits the order as step 1 does, every other one after those."""
    return specificity(shift, key, regions) or _rank_of_others(shift)


def _rank_of_others(shift: ShiftFacts) -> Specificity:
    return (2 + (shift.sites is None), 0, shift.code)


def _pool(kind: str, members: tuple[Member, ...]) -> Pool:
    """Return a pool of everybody: its shifts are all that run, and are not listed."""
    return Pool(kind, None, (), None, Strategy.ESCALATED, members)


def _serves(on_shift: OnShift, near: _Near) -> bool:
    sites = on_shift.shift.sites
    return near is None or sites is None or not near.isdisjoint(sites)


def _everybody(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, near: _Near
) -> dict[str, Member]:
    """Return everybody by id, in order, with the most specific of their shifts."""
    ground = _ground(compiled, coverage, key, near)
    fitting = _fitting(compiled, coverage, key, near)
    members = dict(ground.members)
    for id_, seat in absent_of(fitting).items():
        if id_ not in ground.present:
            members[id_] = member_of(compiled, key, id_, *seat)
    for id_, shift in present_of(fitting).items():
        members[id_] = member_of(compiled, key, id_, shift, None)
    return members


def _fitting(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, near: _Near
) -> list[OnShift]:
    """Return the running shifts that fit the order, the most specific first."""
    site = key.demand.site.code
    ranked = [
        (rank, one)
        for one in coverage.for_site(key.demand.modality, site)
        if _serves(one, near) and (rank := specificity(one.shift, key, compiled.regions))
    ]
    return [one for _, one in sorted(ranked, key=lambda seat: seat[0])]


def _ground(compiled: CompiledConfig, coverage: Coverage, key: PoolKey, near: _Near) -> Ground:
    asked = (near, asked_of(key.demand))
    found = coverage.grounds.get(asked)
    if found is None:
        if len(coverage.grounds) >= _MOST_GROUNDS:
            coverage.grounds.clear()
        on_shifts = _seats(coverage, near)
        members = members_of(on_shifts, compiled, key)
        found = Ground({one.id: one for one in members}, frozenset(present_of(on_shifts)))
        coverage.grounds[asked] = found
    return found


def _seats(coverage: Coverage, near: _Near) -> tuple[OnShift, ...]:
    """Return the running shifts that serve the sites, in order as if none fitted."""
    found = coverage.seats.get(near)
    if found is None:
        running = (one for one in coverage.running.values() if _serves(one, near))
        ordered = sorted(running, key=lambda one: _rank_of_others(one.shift))
        found = coverage.seats[near] = tuple(ordered)
    return found
