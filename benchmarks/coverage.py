"""How long it takes to say who may be given which work over eight weeks, in a large group.

500 shifts of 8 to 12 hours and nights, 200 people with licences and privileges that end on the
way, 186 sites in 25 clusters; rows, rotations, swaps, leave of days and hours, holidays.
``sweep_s`` is the median of five sweeps of a configuration that nobody has asked before,
``day_s`` of one day of it. Run with ``python -m benchmarks coverage``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median
from time import perf_counter

from apps.engine.compiled import compile_config
from apps.engine.facts import Config, Dated, RadiologistFacts, SiteFacts
from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    ShiftFacts,
    SwapFacts,
    WorkType,
)
from apps.engine.timeline.facts import Cover, Intents, PlannedGapFacts
from apps.engine.timeline.sweep import Swept, sweep

START = datetime(2026, 3, 8, 14, tzinfo=UTC)
"""Eight weeks from here hold the change of the clocks in Sydney and Easter."""
ROUNDS = 5
WEEKS = timedelta(weeks=8)
_FIRST = date(2026, 1, 5)
_HOLIDAYS = frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 4, 25)})
_ZONES = ("Australia/Brisbane", "Australia/Sydney")
_WORK = (
    *(
        WorkType(modality, region)
        for modality in ("MR", "CT", "DX", "US")
        for region in ("MSK", "NEURO", "CHEST", "BODY")
    ),
    WorkType("MG"),
    WorkType("NM"),
    WorkType("XA"),
    WorkType(urgency="STAT"),
)
_HOURS = ((7, 15), (8, 18), (12, 0), (15, 23), (22, 8), (19, 7))


@dataclass(frozen=True, slots=True)
class Size:
    """How large a group is."""

    shifts: int = 500
    people: int = 200
    sites: int = 186
    clusters: int = 25


FULL = Size()


def run() -> dict[str, float | int | str]:
    """Return medians in seconds and what was found."""
    config, intents = build(FULL)
    swept = sweep(compile_config(config), START, START + WEEKS, intents)
    covers = Counter(
        {cover.value: sum(len(list(row.spans(cover))) for row in swept.rows) for cover in Cover}
    )
    lanes = sum(len(row.sites) * len(row.urgencies) for row in swept.rows)
    return {
        "shifts": FULL.shifts,
        "people": FULL.people,
        "sites": FULL.sites,
        "lanes": lanes,
        "rows": len(swept.rows),
        **{f"spans_{cover}": count for cover, count in sorted(covers.items())},
        "sweep_s": median(_timed(config, intents, WEEKS)),
        "day_s": median(_timed(config, intents, timedelta(days=1))),
        "hour_s": median(_timed(config, intents, timedelta(hours=1))),
    }


def _timed(config: Config, intents: Intents, span: timedelta) -> Iterator[float]:
    for _ in range(ROUNDS):
        compiled = compile_config(config)
        yield _seconds(lambda: sweep(compiled, START, START + span, intents))  # noqa: B023 -- at once


def _seconds(work: Callable[[], Swept]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def build(size: Size, seed: int = 11) -> tuple[Config, Intents]:
    """Return a group of hospitals of some size and what it means with its shifts."""
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    sites = tuple(_site(number, size) for number in range(size.sites))
    shifts = tuple(_shift(number, size, sites) for number in range(size.shifts))
    people = tuple(_person(number, sites, random) for number in range(size.people))
    ids = [person.id for person in people]
    config = Config(
        versions={"catalog": 1, "roster": 1, "rules": 1},
        sites=sites,
        shifts=shifts,
        radiologists=people,
        roster=tuple(_rows(shifts, ids, random)),
        rules=(),
        leaves=tuple(_leaves(ids, random)),
        swaps=tuple(_swaps(shifts, ids, random)),
        rotations=tuple(_rotations(shifts, ids, random)),
        calendars={"AU": _HOLIDAYS},
    )
    gaps = tuple(
        PlannedGapFacts(shift.code, date(2026, 3, 16), date(2026, 3, 20), frozenset(), "Upgrade")
        for shift in shifts[::40]
    )
    wanted = {shift.code: number % 3 + 1 for number, shift in enumerate(shifts[::5])}
    return config, Intents(wanted, gaps, {"AU": dict.fromkeys(_HOLIDAYS, "Easter")})


def _site(number: int, size: Size) -> SiteFacts:
    return SiteFacts(
        code=f"SITE{number:03}",
        cluster=f"CLUSTER{number % size.clusters:02}",
        zone=_ZONES[number % size.clusters % 2],
        jurisdiction="QLD" if number % size.clusters % 2 == 0 else "NSW",
        requires_licence=number % 3 == 0,
        requires_privilege=number % 4 == 0,
    )


def _shift(number: int, size: Size, sites: tuple[SiteFacts, ...]) -> ShiftFacts:
    work, cluster = _WORK[number % len(_WORK)], number // len(_WORK) % size.clusters
    own = [site for site in sites if site.cluster == f"CLUSTER{cluster:02}"]
    start, end = _HOURS[number % len(_HOURS)]
    return ShiftFacts(
        code=f"S{number:03}",
        name=f"Shift {number}",
        work_types=(work, WorkType(work.modality)) if number % 7 == 0 else (work,),
        sites=None if number % 50 == 0 else frozenset(site.code for site in own),
        priority_level=20 if work.urgency else 10 if work.body_part else 5,
        start_local=time(start),
        end_local=time(end),
        weekdays=frozenset(range(1, 6) if number % 4 == 0 else range(1, 8)),
        zone=own[0].zone,
        calendar="AU" if number % 3 == 0 else "",
        holiday_mode=HolidayMode.RESTS if number % 3 == 0 else HolidayMode.RUNS,
    )


def _person(number: int, sites: tuple[SiteFacts, ...], random: Random) -> RadiologistFacts:
    ends = START.date() + timedelta(days=random.randint(5, 400))
    own = random.sample(sites, 3)
    return RadiologistFacts(
        id=f"DR_{number:03}",
        name=f"Reader {number}",
        is_active=number % 50 != 49,
        licences=(Dated(jurisdiction="QLD"), Dated(jurisdiction="NSW", end_on=ends)),
        privileges=(
            Dated(modality="MR", start_on=date(2020, 1, 1), end_on=ends),
            *(Dated(site=site.code) for site in own),
            *((Dated(),) if number % 3 else ()),
        ),
    )


def _rows(shifts: tuple[ShiftFacts, ...], ids: list[str], random: Random) -> Iterator[RosterRow]:
    for number, shift in enumerate(shifts):
        if number % 3 == 0:
            continue
        for place, id_ in enumerate(random.sample(ids, 3)):
            days = frozenset({1, 2, 3}) if place == 1 else frozenset()
            yield RosterRow(shift.code, id_, _FIRST, None, days, every_weeks=1 + place // 2)


def _rotations(
    shifts: tuple[ShiftFacts, ...], ids: list[str], random: Random
) -> Iterator[RotationFacts]:
    for number, shift in enumerate(shifts):
        if number % 3 == 0:
            people = random.sample(ids, 4)
            yield RotationFacts(
                shift.code, (*people, "") if number % 9 == 0 else tuple(people), _FIRST, None
            )


def _leaves(ids: list[str], random: Random) -> Iterator[LeaveFacts]:
    for number, id_ in enumerate(ids):
        start_on = START.date() + timedelta(days=random.randint(0, 50))
        if number % 10 == 0:
            hours = (time(13), time(15), _ZONES[0])
            yield LeaveFacts(id_, start_on, start_on, *hours, is_other_work=True)
        elif number % 2 == 0:
            yield LeaveFacts(id_, start_on, start_on + timedelta(days=random.randint(0, 14)))


def _swaps(shifts: tuple[ShiftFacts, ...], ids: list[str], random: Random) -> Iterator[SwapFacts]:
    for shift in shifts[::4]:
        giver, taker = random.sample(ids, 2)
        on = START.date() + timedelta(days=random.randint(0, 50))
        yield SwapFacts(shift.code, giver, taker, on, on + timedelta(days=1))
