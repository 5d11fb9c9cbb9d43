"""Who reads now: everybody on a shift or with open studies, how full they are and where they are."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import models

from apps.assignment.queries.loads import live_loads
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.core import bulk
from apps.core.namesakes import told_apart
from apps.dashboard.lens import Lens, Place
from apps.engine.capacity import capacity_refusal
from apps.engine.codes import Presence
from apps.engine.facts import RadiologistFacts, Workload
from apps.engine.rota import ShiftFacts
from apps.orders.lifecycle import WITH_READER
from apps.roster.choices import PresenceChoices

SHOWN = 20
_HUNDRED = 100


class Availability(models.TextChoices):
    """Whether a reader would be given a routine study now."""

    AVAILABLE = "available", "Available"
    AT_CAPACITY = "at_capacity", "At capacity"
    AWAY = "away", "Away"
    BUSY = "busy", "Busy"
    OFFLINE = "offline", "Offline"
    OFF_SHIFT = "off_shift", "Off shift"


@dataclass(frozen=True, slots=True)
class ReaderRow:
    """One reader. ``percent`` is open studies of seats; ``shifts`` are those they are on now.

    ``busy_until`` is None for who is not busy.
    """

    id: str
    name: str
    open_studies: int
    seats: int
    percent: int
    open_rvu: Decimal
    shifts: tuple[str, ...]
    presence: PresenceChoices
    availability: Availability
    busy_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Readers:
    """The most loaded first, how many there are of each availability, and who they all are."""

    rows: tuple[ReaderRow, ...]
    ids: frozenset[str]
    counts: tuple[tuple[Availability, int], ...]

    @property
    def total(self) -> int:
        """Return how many there are."""
        return sum(count for _, count in self.counts)

    @property
    def not_shown(self) -> int:
        """Return how many are less loaded than those shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class AtWork:
    """Everybody who is on a shift or has open studies at one moment, the same for every viewer."""

    view: ConfigView
    rows: Mapping[str, ReaderRow]
    shifts: Mapping[str, tuple[ShiftFacts, ...]]


Held = Mapping[str, Collection[Place]]
"""At which places each reader has open studies."""

_OPEN = ", ".join(f"'{status.value}'" for status in sorted(WITH_READER))
_HELD = f"""
    SELECT DISTINCT a.radiologist_id, o.site_id, o.modality
    FROM orders_order o JOIN assignment_assignment a ON a.order_id = o.id AND a.is_current
    WHERE o.status IN ({_OPEN})
"""  # noqa: S608 -- made of our own words


def at_work(at: datetime) -> AtWork:
    """Return who is on shift at ``at``, and what everybody has open."""
    view = current_view(read_versions())
    loads, shifts = live_loads(at), _shifts(view, at)
    busy = {id_ for id_, load in loads.items() if load.open_studies}
    people = view.compiled.people
    names = told_apart({id_: person.name for id_, person in people.items()})
    rows = {
        id_: _row(people[id_], names[id_], loads.get(id_) or Workload(id_), shifts.get(id_, ()))
        for id_ in {*shifts, *busy} & people.keys()
    }
    return AtWork(view, rows, shifts)


def held() -> Held:
    """Return at which places each reader has open studies."""
    found: dict[str, set[Place]] = defaultdict(set)
    for radiologist_id, site_id, modality in bulk.select(_HELD, []):
        found[radiologist_id].add((site_id, modality))
    return found


def readers(work: AtWork, lens: Lens, held: Held | None, *, limit: int = SHOWN) -> Readers:
    """Return who is on a shift that serves what the lens shows, or has open studies of it.

    Args:
        work: of one moment.
        lens: what the viewer looks at.
        held: where each reader has open studies; None where the lens shows everything.
        limit: how many rows at most, the most loaded first.
    """
    seen = work.rows.keys() if held is None else _those_of(work, lens, held)
    rows = sorted((work.rows[id_] for id_ in seen), key=_place)
    counts = Counter(row.availability for row in rows)
    return Readers(
        rows=tuple(rows[:limit]),
        ids=frozenset(seen),
        counts=tuple((kind, counts[kind]) for kind in Availability if counts[kind]),
    )


def _those_of(work: AtWork, lens: Lens, held: Held) -> set[str]:
    codes = _codes(work.view, lens)
    serving = {
        id_
        for id_, shifts in work.shifts.items()
        if any(_serves(shift, codes, lens.modality) for shift in shifts)
    }
    holding = {id_ for id_, places in held.items() if lens.shows_any(places)}
    return (serving | holding) & work.rows.keys()


def _shifts(view: ConfigView, at: datetime) -> Mapping[str, tuple[ShiftFacts, ...]]:
    found: dict[str, list[ShiftFacts]] = defaultdict(list)
    for _, running in sorted(view.compiled.coverage_at(at).running.items()):
        for id_ in running.people:
            found[id_].append(running.shift)
    return {id_: tuple(shifts) for id_, shifts in found.items()}


def _codes(view: ConfigView, lens: Lens) -> frozenset[str] | None:
    if lens.site_ids is None:
        return None
    return frozenset(code for id_, code in view.site_codes.items() if id_ in lens.site_ids)


def _serves(shift: ShiftFacts, codes: frozenset[str] | None, modality: str) -> bool:
    is_there = codes is None or shift.sites is None or not codes.isdisjoint(shift.sites)
    if not is_there or not modality:
        return is_there
    return any(work.modality in ("", modality) for work in shift.work_types)


def _row(
    person: RadiologistFacts, name: str, load: Workload, shifts: Sequence[ShiftFacts]
) -> ReaderRow:
    seats = person.max_concurrent_studies
    return ReaderRow(
        id=person.id,
        name=name,
        open_studies=load.open_studies,
        seats=seats,
        percent=load.open_studies * _HUNDRED // seats if seats else _HUNDRED,
        open_rvu=load.open_rvu,
        shifts=tuple(shift.name for shift in shifts),
        presence=PresenceChoices(load.presence.value),
        availability=_availability(person, load, is_on_shift=bool(shifts)),
        busy_until=load.busy_until,
    )


def _availability(person: RadiologistFacts, load: Workload, *, is_on_shift: bool) -> Availability:
    if load.presence is Presence.OFFLINE:
        return Availability.OFFLINE
    if not (is_on_shift and person.is_active):
        return Availability.OFF_SHIFT
    if load.presence is Presence.BUSY:
        return Availability.BUSY
    if capacity_refusal(person, load, may_pass_hourly=False) is not None:
        return Availability.AT_CAPACITY
    return Availability.AWAY if load.presence is Presence.AWAY else Availability.AVAILABLE


def _place(row: ReaderRow) -> tuple[int, int, str]:
    return -row.percent, -row.open_studies, row.id
