"""Who is on a shift at a moment, said again as plainly as possible.

It asks what the wall clock shows at the moment and nothing else: it knows no change of the
clocks, no index and no memory, and counts turns day by day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.engine.facts import Config
from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    RotationUnit,
    ShiftFacts,
    SwapFacts,
)

DAY = timedelta(days=1)


class There(NamedTuple):
    """Who is on a run at a moment; ids in order."""

    start_on: date
    people: tuple[str, ...]
    on_leave: tuple[str, ...]
    on_other_work: tuple[str, ...]


def wall(at: datetime, zone: str) -> datetime:
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def there(config: Config, shift: ShiftFacts, at: datetime) -> There | None:
    """Return who is on a shift at a moment, None while it does not run."""
    on = run_date(config, shift, at)
    if on is None:
        return None
    found: dict[str, list[str]] = {"here": [], "leave": [], "work": []}
    for person in sorted(seats(config, shift, on, at)):
        found[whereabouts(config.leaves, person, on, at)].append(person)
    return There(on, tuple(found["here"]), tuple(found["leave"]), tuple(found["work"]))


def run_date(config: Config, shift: ShiftFacts, at: datetime) -> date | None:
    """Return the start date of the run whose hours the wall clock shows."""
    shown = wall(at, shift.zone)
    for on in (shown.date() - DAY, shown.date()):
        if runs_on(config, shift, on) and _is_shown(shown, on, shift.start_local, shift.end_local):
            return on
    return None


def runs_on(config: Config, shift: ShiftFacts, on: date) -> bool:
    is_weekday = on.isoweekday() in shift.weekdays
    is_holiday = on in config.calendars.get(shift.calendar, ())
    return {
        HolidayMode.RUNS: is_weekday,
        HolidayMode.RESTS: is_weekday and not is_holiday,
        HolidayMode.ALSO: is_weekday or is_holiday,
        HolidayMode.ONLY: is_weekday and is_holiday,
    }[shift.holiday_mode]


def _is_shown(shown: datetime, on: date, start: time, end: time) -> bool:
    last_on = on if end > start else on + DAY
    return datetime.combine(on, start) <= shown < datetime.combine(last_on, end)


def seats(config: Config, shift: ShiftFacts, on: date, at: datetime) -> set[str]:
    shown = wall(at, shift.zone).time()
    seated = {
        row.radiologist
        for row in (*config.roster, *config.extras)
        if row.shift == shift.code and _holds(row, on) and _is_hour_of(row, shown)
    }
    for rotation in config.rotations:
        if rotation.shift == shift.code:
            seated |= {holder for holder in [turn(config, rotation, shift, on)] if holder}
    takers: dict[str, tuple[bool, str]] = {}
    for swap in config.swaps:
        if swap.shift == shift.code and _holds_dates(swap, on) and _is_hour_of(swap, shown):
            ranked = (swap.start_local is None, swap.taker)
            takers[swap.giver] = min(ranked, takers.get(swap.giver, ranked))
    hands = {giver: taker for giver, (_, taker) in takers.items()}
    return {_sitter(seat, hands, seated) for seat in seated}


def _sitter(seat: str, takers: dict[str, str], seated: set[str]) -> str:
    """Follow a seat from hand to hand until somebody keeps it, has one already or comes again."""
    if seat not in takers:
        return seat
    hands = [seat, takers[seat]]
    while hands[-1] in takers and hands[-1] not in seated and hands[-1] not in hands[:-1]:
        hands.append(takers[hands[-1]])
    return hands[-1]


def _holds(row: RosterRow, on: date) -> bool:
    if not _holds_dates(row, on) or (row.weekdays and on.isoweekday() not in row.weekdays):
        return False
    mondays = sum(day.isoweekday() == 1 for day in days_between(row.start_on + DAY, on + DAY))
    return mondays % row.every_weeks == 0


def _holds_dates(record: RosterRow | SwapFacts | RotationFacts, on: date) -> bool:
    return record.start_on <= on <= (record.end_on or date.max)


def _is_hour_of(record: RosterRow | SwapFacts, shown: time) -> bool:
    start, end = record.start_local, record.end_local
    if start is None or end is None:
        return True
    return start <= shown < end if start < end else not end <= shown < start


def turn(config: Config, rotation: RotationFacts, shift: ShiftFacts, on: date) -> str | None:
    """Return whose turn it is, counted day by day from the rotation's first."""
    wanted = rotation.weekdays or frozenset(range(1, 8))
    if not _holds_dates(rotation, on) or on.isoweekday() not in wanted or not rotation.people:
        return None
    before = [*days_between(rotation.start_on, on)]
    passed = {
        RotationUnit.DAYS: len(before),
        RotationUnit.WEEKS: len(before) // 7,
        RotationUnit.RUNS: sum(
            day.isoweekday() in wanted and runs_on(config, shift, day) for day in before
        ),
    }[rotation.unit]
    return rotation.people[passed // rotation.length % len(rotation.people)]


def days_between(first_on: date, until: date) -> Iterable[date]:
    return (first_on + DAY * ahead for ahead in range((until - first_on).days))


def whereabouts(leaves: Iterable[LeaveFacts], person: str, on: date, at: datetime) -> str:
    """Return ``here``, ``leave`` or, where nothing else keeps them away, ``work``."""
    kinds = {
        "work" if leave.is_other_work else "leave"
        for leave in leaves
        if leave.radiologist == person and _is_away(leave, on, at)
    }
    return min(kinds, default="here")


def _is_away(leave: LeaveFacts, on: date, at: datetime) -> bool:
    start, end = leave.start_local, leave.end_local
    if start is None or end is None:
        return leave.start_on <= on <= leave.end_on
    shown = wall(at, leave.zone)
    return any(
        leave.start_on <= day <= leave.end_on and _is_shown(shown, day, start, end)
        for day in (shown.date() - DAY, shown.date())
    )
