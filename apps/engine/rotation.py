"""Whose turn it is: rotations over several people, and rows that hold on some weeks only."""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from functools import lru_cache

from apps.engine.rota import HolidayMode, RosterRow, RotationFacts, RotationUnit, ShiftFacts

_WEEK = 7


def holds(row: RosterRow, on: date) -> bool:
    """Return whether a row puts its person on the run that starts on a date."""
    if on < row.start_on or (row.end_on is not None and on > row.end_on):
        return False
    if row.weekdays and on.isoweekday() not in row.weekdays:
        return False
    return row.every_weeks <= 1 or weeks_between(row.start_on, on) % row.every_weeks == 0


def weeks_between(first_on: date, on: date) -> int:
    """Return how many weeks, Monday to Sunday, lie between those of two dates."""
    # Ordinal 1 is a Monday.
    return (on.toordinal() - 1) // _WEEK - (first_on.toordinal() - 1) // _WEEK


def turn_holder(rotation: RotationFacts, shift: ShiftFacts, on: date) -> str | None:
    """Return whose turn the run of a date is: an id, "" for meant to be nobody's.

    None where the rotation says nothing of the date.
    """
    if not rotation.people or on < rotation.start_on:
        return None
    if rotation.end_on is not None and on > rotation.end_on:
        return None
    if rotation.weekdays and on.isoweekday() not in rotation.weekdays:
        return None
    turn = _passed(rotation, shift, on) // max(rotation.length, 1)
    return rotation.people[turn % len(rotation.people)]


def _passed(rotation: RotationFacts, shift: ShiftFacts, on: date) -> int:
    if rotation.unit is RotationUnit.RUNS:
        return run_days(shift, rotation.start_on, on, rotation.weekdays)
    days = (on - rotation.start_on).days
    return days // _WEEK if rotation.unit is RotationUnit.WEEKS else days


def run_days(
    shift: ShiftFacts, first_on: date, until: date, only: frozenset[int] = frozenset()
) -> int:
    """Return on how many dates from ``first_on`` to before ``until`` a run starts.

    Args:
        shift: whose weekdays and holidays count.
        first_on: included.
        until: not included.
        only: ISO weekdays that count; empty is all.
    """
    counted = only or _ALL
    weekdays = shift.weekdays & counted
    if shift.holiday_mode is HolidayMode.ONLY:
        return _holidays(shift.holidays, weekdays, first_on, until)
    days = _count(weekdays, first_on, until)
    if shift.holiday_mode is HolidayMode.RESTS:
        return days - _holidays(shift.holidays, weekdays, first_on, until)
    if shift.holiday_mode is HolidayMode.ALSO:
        return days + _holidays(shift.holidays, counted - shift.weekdays, first_on, until)
    return days


_ALL = frozenset(range(1, _WEEK + 1))


def _count(weekdays: frozenset[int], first_on: date, until: date) -> int:
    weeks, rest = divmod(max((until - first_on).days, 0), _WEEK)
    first = first_on.weekday()
    ahead = sum((first + offset) % _WEEK + 1 in weekdays for offset in range(rest))
    return weeks * len(weekdays) + ahead


def _holidays(
    holidays: frozenset[date], weekdays: frozenset[int], first_on: date, until: date
) -> int:
    """Return how many holidays on these weekdays lie in the span; years of them cost the same."""
    days = _in_order(holidays, weekdays)
    return bisect_left(days, until) - bisect_left(days, first_on)


@lru_cache(maxsize=256)
def _in_order(days: frozenset[date], weekdays: frozenset[int]) -> tuple[date, ...]:
    return tuple(sorted(on for on in days if on.isoweekday() in weekdays))
