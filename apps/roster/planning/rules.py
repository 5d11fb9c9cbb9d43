"""May somebody take a turn beside those they hold? One answer for solver, editor and words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, timedelta

from apps.roster.planning.facts import Bar, Person, Problem, Rules, Turn, monday

_DAY = timedelta(days=1)
_NONE = timedelta()


def bar(problem: Problem, person: int, demand: int, held: Collection[Turn]) -> Bar | None:
    """Return why somebody cannot take a demand beside the turns they hold; None if they can.

    Args:
        problem: whose rules count.
        person: by place.
        demand: by place.
        held: all turns of theirs, the one in question not among them.
    """
    who = problem.people[person]
    if demand in who.barred:
        return who.barred[demand]
    return broken(problem.rules, who, problem.demands[demand].turn, held)


def broken(rules: Rules, person: Person, turn: Turn, held: Collection[Turn]) -> Bar | None:
    """Return the first rule that a turn would break beside those held; None if it breaks none."""
    if any((other.shift, other.on) == (turn.shift, turn.on) for other in held):
        return Bar.ALREADY_ON
    clashes = {clash(rules, person, turn, other) for other in held}
    for found in (Bar.ELSEWHERE, Bar.REST):
        if found in clashes:
            return found
    return _broken_count(rules, turn, held)


def clash(rules: Rules, person: Person, one: Turn, other: Turn) -> Bar | None:
    """Return why nobody like this can hold both turns; None if they can."""
    first, second = (one, other) if one.start_at <= other.start_at else (other, one)
    gap = second.start_at - first.end_at
    if gap < _NONE:
        is_alone = one.is_exclusive or other.is_exclusive
        return Bar.ELSEWHERE if is_alone or not rules.may_overlap else None
    return Bar.REST if gap < timedelta(minutes=person.rest_minutes) else None


def _broken_count(rules: Rules, turn: Turn, held: Collection[Turn]) -> Bar | None:
    if turn.is_night and _is_too_long(
        turn.on, (other.on for other in held if other.is_night), rules.nights_in_a_row
    ):
        return Bar.NIGHTS
    if _is_too_long(turn.on, (other.on for other in held), rules.days_in_a_row):
        return Bar.DAYS
    if rules.minutes_a_week is None:
        return None
    week = monday(turn.on)
    minutes = sum(other.minutes for other in held if monday(other.on) == week)
    return Bar.HOURS if minutes + turn.minutes > rules.minutes_a_week else None


def _is_too_long(on: date, others: Iterable[date], most: int | None) -> bool:
    """Return whether a date makes a row of dates longer than is allowed."""
    if most is None:
        return False
    dates = {*others, on}
    first, last = on, on
    while first - _DAY in dates:
        first -= _DAY
    while last + _DAY in dates:
        last += _DAY
    return (last - first).days + 1 > most
