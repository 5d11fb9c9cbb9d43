"""Says what a change made on the roster's page does, before it is saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.audit.editing import Effect
from apps.roster.choices import OverrideKind
from apps.roster.effects.roster import day_words, effects_of
from apps.roster.models import RosterAssignment, RosterOverride
from apps.roster.patterns import part_words
from apps.roster.queries.arranging.wish import Act, Exchange, Wish
from apps.roster.queries.plan import Run


def arranging_effects(exchange: Exchange, runs: Sequence[Run], *, at: datetime) -> list[Effect]:
    """Return what follows from an exchange, the worst first, and then what is written for it.

    Args:
        exchange: what it takes.
        runs: those that it concerns, as they are.
        at: runs that ended before are the past.
    """
    found = effects_of(exchange.without, exchange.plus, at=at)
    if any(run.end_at <= at for run in runs):
        over = "This turn is over" if all(run.end_at <= at for run in runs) else "Some is over"
        words = f"{over}: what was decided then stays, only the roster is written anew."
        found.insert(0, Effect(words, "warn"))
    return [*found, *_away(exchange), *(Effect(words) for words in _written(exchange))]


def done_words(wish: Wish) -> str:
    """Return what was done, as a sentence."""
    name, turn = wish.person.full_name, f"{wish.shift.code} {_dates(wish)}"
    if wish.act is Act.TAKE_OFF:
        return f"{name} is off {turn}."
    if wish.act is Act.MOVE and wish.to_shift is not None and wish.to_on is not None:
        there = f"{wish.to_shift.code} on {day_words(wish.to_on)}"
        if wish.other is not None:
            return f"{name} and {wish.other.full_name} change places: {turn} and {there}."
        return f"{name} moved from {turn} to {there}."
    hours = f", {part_words(wish.hours.start, wish.hours.end)}" if wish.hours else ""
    instead = f" instead of {wish.other.full_name}" if wish.other is not None else ""
    return f"{name} is on {turn}{hours}{instead}."


def _dates(wish: Wish) -> str:
    if wish.until == wish.on:
        return f"on {day_words(wish.on)}"
    return f"from {day_words(wish.on)} to {day_words(wish.until)}"


def _away(exchange: Exchange) -> list[Effect]:
    """Return whom it keeps away from everything, though one turn is meant."""
    leaves = [
        record
        for record in exchange.plus
        if isinstance(record, RosterOverride) and record.kind == OverrideKind.LEAVE
    ]
    return [
        Effect(
            f"The turn comes by rotation, which goes on: {name} is away for its hours, "
            "from every other shift then too.",
            "warn",
        )
        for name in dict.fromkeys(record.radiologist.full_name for record in leaves)
    ]


def _written(exchange: Exchange) -> list[str]:
    """Return in a few words what kind of records are made or cut."""
    cut = [record for record in exchange.without if isinstance(record, RosterAssignment)]
    return [
        f"The roster row of {record.radiologist.full_name} is cut and goes on around it."
        for record in cut
    ]
