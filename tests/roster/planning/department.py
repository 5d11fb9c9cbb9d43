"""Made-up departments of any size."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta

from apps.roster.planning.facts import Bar, Demand, Person, Problem, Rules, Turn, Weights

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)
USUAL_RULES = Rules(nights_in_a_row=4, days_in_a_row=6, minutes_a_week=48 * 60)
USUAL_WEIGHTS = Weights()
HOURS = {"day": (8, 8), "evening": (14, 8), "night": (22, 8)}


def turn(name: str, on: date, *, shift: int | None = None, **values: object) -> Turn:
    start, hours = HOURS[name]
    start_at = datetime.combine(on, time(start), UTC)
    number = list(HOURS).index(name) if shift is None else shift
    settled = {
        "is_night": name == "night",
        "is_weekend": on.isoweekday() > 5,
        "minutes": hours * 60,
        **values,
    }
    return Turn(number, on, start_at, start_at + timedelta(hours=hours), **settled)  # type: ignore[arg-type] # as said


def demands(
    days: int, names: tuple[str, ...] = ("day", "evening", "night"), wanted: int = 1
) -> tuple[Demand, ...]:
    found = [
        Demand(turn(name, MONDAY + number * DAY), wanted)
        for number in range(days)
        for name in names
    ]
    return tuple(sorted(found, key=lambda one: (one.turn.start_at, one.turn.shift)))


def department(
    people: int = 30,
    days: int = 28,
    *,
    wanted: int = 1,
    away: float = 0.0,
    narrow: float = 0.0,
    seed: int = 1,
    rules: Rules = USUAL_RULES,
    weights: Weights = USUAL_WEIGHTS,
) -> Problem:
    """Return a department of which each is away some weeks and may not do some shifts."""
    chance = random.Random(seed)  # noqa: S311 -- made-up people
    wanting = demands(days, wanted=wanted)
    return Problem(
        wanting,
        tuple(_person(number, wanting, chance, away, narrow) for number in range(people)),
        rules,
        weights,
    )


def _person(
    number: int, wanting: tuple[Demand, ...], chance: random.Random, away: float, narrow: float
) -> Person:
    barred: dict[int, Bar] = {}
    not_theirs = {shift for shift in range(len(HOURS)) if chance.random() < narrow}
    leave = {week for week in range(10) if chance.random() < away}
    for place, demand in enumerate(wanting):
        if demand.turn.shift in not_theirs:
            barred[place] = Bar.COMPETENCE
        elif (demand.turn.on - MONDAY).days // 7 in leave:
            barred[place] = Bar.AWAY
    return Person(f"DR_{number:02}", rest_minutes=11 * 60, barred=barred)
