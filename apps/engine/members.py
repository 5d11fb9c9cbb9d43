"""Who is in a pool, with what is known of them before any workload is read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from apps.engine.codes import Strategy
from apps.engine.competency import Demand, competency_refusal
from apps.engine.coverage import Coverage, OnShift
from apps.engine.facts import RadiologistFacts
from apps.engine.refusals import INACTIVE, NON_READING, ON_LEAVE, Refusal
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey

if TYPE_CHECKING:
    from apps.engine.compiled import CompiledConfig

_MOST_SEATED = 1_000


class Member(NamedTuple):
    """A reader in a pool, with the most specific of their shifts in it.

    ``person`` is None for an id that names no radiologist; ``absence`` is a refusal of step 2,
    ``unfitness`` one of step 4. ``is_named`` marks whom a rule names, at work or not.
    """

    id: str
    person: RadiologistFacts | None
    shift: ShiftFacts | None
    absence: Refusal | None
    unfitness: Refusal | None
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Pool:
    """Readers who are asked together.

    ``kind`` is ``level``, ``shift``, ``idle``, ``person``, ``worklist``, ``cluster`` or ``national``; ``members`` are
    in order of their ids; ``shifts`` are codes in order; ``most_specific`` is the shift whose strategy
    counts, None for a widened pool.
    """

    kind: str
    level: int | None
    shifts: tuple[str, ...]
    most_specific: str | None
    strategy: Strategy
    members: tuple[Member, ...]


def seated(
    compiled: CompiledConfig, coverage: Coverage, key: PoolKey, on_shifts: tuple[OnShift, ...]
) -> tuple[Member, ...]:
    """Return the same as ``members_of``, remembered: few demands on readers are of their own."""
    asked = (tuple(one.shift.code for one in on_shifts), asked_of(key.demand))
    found = coverage.seated.get(asked)
    if found is None:
        if len(coverage.seated) >= _MOST_SEATED:
            coverage.seated.clear()
        found = coverage.seated[asked] = members_of(on_shifts, compiled, key)
    return found


def asked_of(demand: Demand) -> Hashable:
    """Return what of a demand says who may read: where a privilege is needed all of it."""
    if demand.site.requires_privilege:
        return demand
    place = demand.site.jurisdiction if demand.site.requires_licence else None
    return (place, demand.credentials, demand.subspecialty, demand.on)


def members_of(
    on_shifts: Sequence[OnShift], compiled: CompiledConfig, key: PoolKey
) -> tuple[Member, ...]:
    """Return who is on any of the shifts, in order of ids, with the first of theirs.

    Who is away on one and there on another is there.
    """
    here, away = present_of(on_shifts), absent_of(on_shifts)
    return tuple(
        member_of(compiled, key, id_, here[id_], None)
        if id_ in here
        else member_of(compiled, key, id_, *away[id_])
        for id_ in sorted(here.keys() | away.keys())
    )


def present_of(on_shifts: Iterable[OnShift]) -> dict[str, ShiftFacts]:
    """Return who takes work, by id, with the first of their shifts."""
    here: dict[str, ShiftFacts] = {}
    for on_shift in on_shifts:
        for person in on_shift.people:
            here.setdefault(person, on_shift.shift)
    return here


def absent_of(on_shifts: Iterable[OnShift]) -> dict[str, tuple[ShiftFacts, Refusal]]:
    """Return who is on a shift and takes no work there, by id, with the first such and why."""
    away: dict[str, tuple[ShiftFacts, Refusal]] = {}
    for on_shift in on_shifts:
        for person in on_shift.on_leave:
            away.setdefault(person, (on_shift.shift, ON_LEAVE))
        for person in on_shift.on_other_work:
            away.setdefault(person, (on_shift.shift, NON_READING))
    return away


def member_of(
    compiled: CompiledConfig, key: PoolKey, id_: str, shift: ShiftFacts, away: Refusal | None
) -> Member:
    """Return somebody on a shift, with what is known of them for the order."""
    person = compiled.people.get(id_)
    if person is None:
        return Member(id_, None, shift, None, None)
    absence = away if person.is_active else INACTIVE
    unfitness = competency_refusal(
        person,
        key.demand,
        compiled.regions,
        shift_subspecialty=shift.required_subspecialty,
    )
    return Member(id_, person, shift, absence, unfitness)
