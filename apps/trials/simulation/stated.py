"""The stated department: made up, plausible, and fixed, so that figures can be compared.

Three crews of twenty read by body region on weekdays, eight of each from 7 to 15, seven from 11
to 19 and five from 15 to 23, and a crew of eight, four at a time, reads what may not wait from 22
to 7:30. One of each crew is on leave, and each turn of duty is missed with a chance of four in a
hundred, known at six that morning; who is missed at night is stood in for. Readers differ in speed
by some five per cent. Routine studies of the night wait for the morning. What comes in is scaled
so that ``utilisation`` of all the time there is to read is needed; the nights, where nothing may
wait, are staffed for less of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import exp
from random import Random

from apps.engine.codes import Urgency
from apps.engine.facts import Balance, Config, RadiologistFacts, SiteFacts
from apps.engine.rota import LeaveFacts, RosterRow, ShiftFacts, WorkType
from apps.trials.simulation.department import Department, Kind, Stream
from apps.trials.simulation.known import DAY, real_duties

ZONE = "Australia/Brisbane"
FIRST_ON = date(2026, 3, 2)
"""A Monday."""
START_AT = datetime(2026, 3, 1, 14, 0, tzinfo=UTC)
"""Its midnight in the zone."""

CREW, NIGHT_CREW, AT_NIGHT = 20, 8, 4
NIGHT = "NIGHT"
_SLOTS = "A" * 8 + "B" * 7 + "C" * 5
_HOURS = {
    "A": (time(7), time(15)),
    "B": (time(11), time(19)),
    "C": (time(15), time(23)),
    "W": (time(8), time(18)),
    "N": (time(22), time(7, 30)),
}
_WEEKEND_SEATS = 5
_SICK = 0.04
_SPEED_SPREAD = 0.05
_SITES = {"NORTH": 0.4, "SOUTH": 0.35, "WEST": 0.25}
_DAY = {Urgency.STAT: 0.06, Urgency.URGENT: 0.22, Urgency.ROUTINE: 0.72}
_AT_NIGHT = {Urgency.STAT: 0.35, Urgency.URGENT: 0.65}
_ROUTINE = {Urgency.ROUTINE: 1.0}
_WEEKDAYS = 5
_NIGHT_EASE = 0.85
"""Nights are staffed for less than the whole, for nothing of theirs may wait."""
_OVERNIGHT = 0.06
"""The share of a crew's work that comes in at night, is routine and waits for the morning."""
_BY_HOUR = (
    *(0,) * 7,
    *(6.5, 8, 8.5, 9, 13, 14.5, 15, 15, 13, 12, 11.5, 10, 6, 5, 4.3, 3.3),
    0,
)
_WEEKEND_BY_HOUR = (0,) * 8 + (3, 3, 3, 3, 2.5, 2.5, 2.5, 2.5, 2, 2) + (0,) * 6
_NIGHT_BY_HOUR = (3, 2.6, 2.2, 2, 2, 2.2, 2.6) + (0,) * 16 + (4,)


def _kinds(*rows: tuple[str, str, str, str, float, float]) -> tuple[Kind, ...]:
    return tuple(
        Kind(name, modality, part, Decimal(rvu), minutes, share)
        for name, modality, part, rvu, minutes, share in rows
    )


_CREWS: Mapping[str, tuple[Kind, ...]] = {
    "NEURO": _kinds(
        ("CT HEAD", "CT", "HEAD", "0.85", 6.5, 5),
        ("MR BRAIN", "MR", "BRAIN", "1.48", 11, 3),
        ("MR SPINE", "MR", "SPINE", "1.52", 12, 3),
    ),
    "MSK": _kinds(
        ("MR KNEE", "MR", "KNEE", "1.35", 10, 3),
        ("MR SHOULDER", "MR", "SHOULDER", "1.35", 11, 2),
        ("DX KNEE", "DX", "KNEE", "0.18", 1.8, 6),
        ("CT HIP", "CT", "HIP", "1.09", 8.5, 1),
    ),
    "BODY": _kinds(
        ("CT ABDOMEN", "CT", "ABDOMEN", "1.82", 13, 4),
        ("US ABDOMEN", "US", "ABDOMEN", "0.81", 6, 4),
        ("DX CHEST", "DX", "CHEST", "0.22", 2, 6),
        ("CT CHEST", "CT", "CHEST", "1.24", 10, 3),
        ("CT PULMONARY ANGIOGRAM", "CT", "LUNG", "1.82", 12, 1),
    ),
}
_PARTS: Mapping[str, tuple[str, ...]] = {
    "NEURO": ("NEURO",),
    "MSK": ("MSK",),
    "BODY": ("BODY", "CHEST"),
}


def stated_department(utilisation: float = 0.9, seed: int = 7) -> Department:
    """Return the department; the seed draws its leave, sickness and speeds."""
    random = Random(seed)  # noqa: S311 -- plausible people, no secret
    people = _people()
    config = Config(
        versions={"catalog": 1, "roster": 1, "rules": 1},
        sites=tuple(SiteFacts(code, "CENTRAL", ZONE) for code in _SITES),
        shifts=tuple(_shifts()),
        radiologists=tuple(_reader(id_) for crew in people.values() for id_ in crew),
        roster=tuple(_roster(people)),
        rules=(),
        balance=Balance(catch_up_units=Decimal(12)),
        leaves=tuple(_planned(people, random)),
    )
    everybody = [id_ for crew in people.values() for id_ in crew]
    bare = Department(
        name="Stated department",
        zone=ZONE,
        config=config,
        streams=(),
        pools={code: frozenset({code}) for crew in people for code in _codes(crew)},
        speeds={id_: exp(random.gauss(0, _SPEED_SPREAD)) for id_ in everybody},
        start_at=START_AT,
        absences=tuple(_sick(config.roster, random)),
    )
    return replace(bare, streams=tuple(_streams(bare, people, utilisation, seed)))


# -- people and shifts --------------------------------------------------------------------


def _people() -> dict[str, tuple[str, ...]]:
    crews = {**dict.fromkeys(_CREWS, CREW), NIGHT: NIGHT_CREW}
    return {
        crew: tuple(f"{crew}_{number:02}" for number in range(1, size + 1))
        for crew, size in crews.items()
    }


def _reader(id_: str) -> RadiologistFacts:
    return RadiologistFacts(
        id=id_,
        name=id_.title().replace("_", " "),
        is_active=True,
        max_concurrent_studies=40,
        max_studies_per_hour=60,
    )


def _codes(crew: str) -> tuple[str, ...]:
    return (crew,) if crew == NIGHT else tuple(f"{crew}_{part}" for part in "ABCW")


def _shifts() -> Iterator[ShiftFacts]:
    weekdays, weekend = frozenset(range(1, 6)), frozenset({6, 7})
    for crew, parts in _PARTS.items():
        works = [WorkType(body_part=part) for part in parts]
        for part in "ABCW":
            days = weekend if part == "W" else weekdays
            yield _shift(f"{crew}_{part}", part, days, *works)
    urgent = (WorkType(urgency="STAT"), WorkType(urgency="URGENT"))
    yield _shift(NIGHT, "N", frozenset(range(1, 8)), *urgent)


def _shift(code: str, part: str, weekdays: frozenset[int], *work: WorkType) -> ShiftFacts:
    start, end = _HOURS[part]
    return ShiftFacts(
        code=code,
        name=code,
        work_types=work,
        sites=None,
        priority_level=10,
        start_local=start,
        end_local=end,
        weekdays=weekdays,
        zone=ZONE,
    )


def _roster(people: Mapping[str, Sequence[str]]) -> Iterator[RosterRow]:
    """Yield two weeks of turns, each a day: forward through the day, then two days off."""
    for day in range(-1, 14):
        on = FIRST_ON + timedelta(days=day)
        for crew, ids in people.items():
            for number, id_ in enumerate(ids):
                part = _part(crew, number, day)
                if part:
                    yield RosterRow(part, id_, on, on)


def _part(crew: str, number: int, day: int) -> str:
    """Return the shift that one of a crew has on a day, none on their day off."""
    if crew == NIGHT:
        return NIGHT if (number + day) % NIGHT_CREW < AT_NIGHT else ""
    week, weekday = divmod(day, 7)
    if weekday >= _WEEKDAYS:
        return f"{crew}_W" if (number + 7 * week) % CREW < _WEEKEND_SEATS else ""
    return f"{crew}_{_SLOTS[number]}"


def _planned(people: Mapping[str, Sequence[str]], random: Random) -> Iterator[LeaveFacts]:
    """Yield two weeks of leave for one of each crew."""
    for ids in people.values():
        yield LeaveFacts(random.choice(ids), FIRST_ON, FIRST_ON + timedelta(days=13))


def _sick(roster: Sequence[RosterRow], random: Random) -> Iterator[LeaveFacts]:
    for row in roster:
        if row.shift != NIGHT and random.random() < _SICK:
            yield LeaveFacts(row.radiologist, row.start_on, row.start_on)


# -- what comes in ------------------------------------------------------------------------


def _streams(
    bare: Department, people: Mapping[str, Sequence[str]], utilisation: float, seed: int
) -> Iterator[Stream]:
    """Yield what comes in: for each crew by day and overnight, and for the nights."""
    has = _minutes_a_day(bare, people, seed)
    at_night = utilisation * _NIGHT_EASE * has[NIGHT]
    by_day = (utilisation * sum(has.values()) - at_night) / (sum(has.values()) - has[NIGHT])
    for crew, kinds in _CREWS.items():
        wanted = by_day * has[crew]
        yield _stream(crew, kinds, wanted * (1 - _OVERNIGHT), _BY_HOUR, _WEEKEND_BY_HOUR, _DAY)
        overnight = wanted * _OVERNIGHT
        yield _stream(
            f"{crew} overnight", kinds, overnight, _NIGHT_BY_HOUR, _NIGHT_BY_HOUR, _ROUTINE
        )
    every = tuple(kind for kinds in _CREWS.values() for kind in kinds)
    yield _stream(NIGHT, every, at_night, _NIGHT_BY_HOUR, _NIGHT_BY_HOUR, _AT_NIGHT)


def _minutes_a_day(
    bare: Department, people: Mapping[str, Sequence[str]], seed: int
) -> dict[str, float]:
    """Return the minutes of reading of speed 1 that each crew has on a mean weekday."""
    planned = real_duties(bare, _WEEKDAYS, seed)
    return {
        crew: sum(
            planned.worked(id_, planned.on.get(id_, []), _WEEKDAYS * DAY) / 60 * bare.speeds[id_]
            for id_ in ids
        )
        / _WEEKDAYS
        for crew, ids in people.items()
    }


def _stream(
    name: str,
    kinds: tuple[Kind, ...],
    minutes_a_day: float,
    weekday: Sequence[float],
    weekend: Sequence[float],
    urgencies: Mapping[Urgency, float],
) -> Stream:
    mean = sum(kind.minutes * kind.share for kind in kinds) / sum(kind.share for kind in kinds)
    scale = minutes_a_day / mean / sum(weekday)
    week = [*weekday] * _WEEKDAYS + [*weekend] * (7 - _WEEKDAYS)
    rates = tuple(rate * scale for rate in week)
    return Stream(name, kinds, rates, urgencies, _SITES)
