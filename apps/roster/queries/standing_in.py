"""The records that hand somebody's turns to others, before they are stored.

Leave keeps the ill person away from everything for as long as their turns last. On each shift
the first of those who take over stands in by a swap, the others join by extra turns. Who may not
read all of a shift's work is no swap partner and joins by an extra turn; who is on the turn
already needs no record.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.engine.occurrences import wall_moments, wall_to_utc
from apps.roster.choices import OverrideKind
from apps.roster.hours import Span
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.take_over import Left, Turns, Until

_DAY = timedelta(days=1)
_LONGEST_NOTE = 200
NotPartners = Collection[tuple[int, str]]
"""Pairs of a shift's key and a person who may not read all of its work."""


def records_of(
    left: Left,
    takers: Mapping[int, Sequence[Radiologist]],
    *,
    not_partners: NotPartners,
    is_sent_away: bool,
    note: str,
) -> list[RosterOverride]:
    """Return the records that hand the turns over.

    Args:
        left: the turns.
        takers: who takes over, by the shift's key.
        not_partners: who joins only, where they would stand in.
        is_sent_away: whether leave of the ill person is among the records.
        note: why, for each record.
    """
    records = _leave(left) if is_sent_away else []
    for turns in left.turns:
        if turns.may_change:
            records += _handed(left.person, turns, takers.get(turns.shift.pk, ()), not_partners)
    for record in records:
        record.note = note[:_LONGEST_NOTE]
    return records


# -- turns -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Piece:
    """Dates of runs, both included; with ``part`` some hours of the one date's run."""

    first_on: date
    last_on: date
    part: Span | None = None


def _handed(
    ill: Radiologist, turns: Turns, takers: Sequence[Radiologist], not_partners: NotPartners
) -> list[RosterOverride]:
    records: list[RosterOverride] = []
    partner: Radiologist | None = None
    for taker in takers:
        if partner is None and (turns.shift.pk, taker.pk) not in not_partners:
            partner = taker
        for piece in _pieces(turns, taker):
            record = _record(turns.shift, piece)
            if taker is partner:
                record.kind, record.radiologist, record.taker = OverrideKind.SWAP, ill, taker
            else:
                record.kind, record.radiologist = OverrideKind.EXTRA, taker
            records.append(record)
    return records


def _pieces(turns: Turns, taker: Radiologist) -> Iterator[_Piece]:
    """Yield what a taker is needed for: whole runs in a row as one, a part as hours of its date.

    A run between them that is not the ill person's ends the row: it may have been given away by
    a swap of its own.
    """
    whole: _Piece | None = None
    for run, spans in zip(turns.runs, turns.spans, strict=True):
        needed = spans if taker.pk not in run.seated else ()
        if list(needed) == [Span(run.start_at, run.end_at)]:
            whole = _Piece(whole.first_on if whole else run.start_on, run.start_on)
            continue
        if whole is not None:
            yield whole
            whole = None
        for span in needed:
            yield _Piece(run.start_on, run.start_on, span)
    if whole is not None:
        yield whole


def _record(shift: Shift, piece: _Piece) -> RosterOverride:
    record = RosterOverride(shift=shift, start_date=piece.first_on, end_date=piece.last_on)
    if piece.part is not None:
        zone = shift.time_zone
        record.start_local = wall_from(piece.part.start_at, zone).time()
        record.end_local = _wall(piece.part.end_at, zone).time()
    return record


# -- leave -------------------------------------------------------------------------------


def _leave(left: Left) -> list[RosterOverride]:
    """Return the leave: from now by hours, until the last turn of the day ends; then by days.

    Leave of whole days covers the runs that start on them, so that hours must reach to the end
    of a night that has begun.
    """
    period, end_at = left.period, left.end_at
    if period.from_on is not None:
        return [_days_away(left.person, period.first_on, period.last_on)]
    start = wall_from(period.at, period.zone)
    midnight = datetime.combine(start.date() + _DAY, time.min)
    ends = [_wall(end_at, period.zone)] if end_at else []
    if period.until is not Until.TURN or not ends:
        ends.append(midnight)
    records = [
        _hours_away(left.person, *hours, period.zone) for hours in _by_day(start, max(ends))
    ]
    if period.last_on > period.first_on:
        records.append(_days_away(left.person, period.first_on + _DAY, period.last_on))
    return records


def _by_day(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretch in pieces of a day at most, for hours say no more than that."""
    while start < end:
        stop = min(end, start + _DAY)
        yield start, stop
        start = stop


def _days_away(person: Radiologist, first_on: date, last_on: date) -> RosterOverride:
    return RosterOverride(
        kind=OverrideKind.LEAVE, radiologist=person, start_date=first_on, end_date=last_on
    )


def _hours_away(person: Radiologist, start: datetime, end: datetime, zone: str) -> RosterOverride:
    record = _days_away(person, start.date(), start.date())
    record.start_local, record.end_local, record.time_zone = start.time(), end.time(), zone
    return record


# -- the wall clock ----------------------------------------------------------------------


def _wall(at: datetime, zone: str) -> datetime:
    """Return the wall clock's time at a moment, up to the next whole minute."""
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    whole = wall.replace(second=0, microsecond=0)
    return whole if whole == wall else whole + timedelta(minutes=1)


def wall_from(at: datetime, zone: str) -> datetime:
    """Return the wall clock's time from which on hours count at a moment, its seconds included.

    In the hour before the clocks go back, which they will show again, it is the time to which
    they go back: hours from now on would leave out what lies between.
    """
    wall = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, second=0, microsecond=0)
    first, *again = wall_moments(wall, wall + timedelta(hours=4), zone)
    if again and wall_to_utc(wall, zone, is_end=False) <= at < first.end_at:
        return first.end_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return wall
