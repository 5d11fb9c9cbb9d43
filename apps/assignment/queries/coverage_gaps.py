"""Gaps in words: what nobody may be given, or fewer than wanted, from when to when, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from heapq import nsmallest
from typing import NamedTuple

from apps.assignment.coverage.swept import Found
from apps.assignment.coverage.words import cause_words, causes_words, lanes_words
from apps.engine.occurrences import occurrences
from apps.engine.timeline.facts import Cause, Cover, Segment, Verdict
from apps.engine.timeline.rows import Row

GAPS = 40
"""How many are listed; who looks for more narrows the page."""
# Many rows share a gap, so more are looked at than are listed.
_LOOKED_AT = 10 * GAPS
_INSTANT = timedelta(microseconds=1)


Span = tuple[datetime, datetime]


class Gap(NamedTuple):
    """What the same work lacks for the same reason, and when: at least once, in order of time.

    ``shift_id`` and ``start_on`` name the first run that somebody could fill, None where none is.
    """

    spans: Sequence[Span]
    cover: Cover
    works: Sequence[str]
    sites: Sequence[str]
    causes: Sequence[str]
    shift_id: int | None
    start_on: date | None


class Meant(NamedTuple):
    """Why a shift is meant to be empty, in words, and when nobody is there for it."""

    words: str
    spans: Sequence[Span]


def gaps_of(rows: Sequence[Row], found: Found, at: datetime) -> tuple[list[Gap], bool]:
    """Return the first gaps, and whether there are more.

    What nobody is on comes before what has fewer than wanted, what lies ahead before what is
    past, then the earlier. Rows with the same gap for the same reason share one, and what comes
    again is one gap with several times.
    """
    spans = _spans(rows, Cover.OPEN, at)
    if len(spans) < _LOOKED_AT:
        spans += _spans(rows, Cover.THIN, at)
    first = nsmallest(_LOOKED_AT, spans)
    if len(first) < len(spans):
        # Of what begins together all are told or none, as they may share a gap.
        first = [span for span in first if span[:3] != first[-1][:3]] or first
    sharing: dict[tuple[Segment, bool], list[int]] = defaultdict(list)
    for is_thin, is_past, start_at, end_at, number in first:
        cover = Cover.THIN if is_thin else Cover.OPEN
        for segment in rows[number].segments(cover, within=(start_at, end_at)):
            sharing[segment, is_past].append(number)
    again: dict[tuple[Verdict, bool, tuple[int, ...]], list[Span]] = defaultdict(list)
    for (segment, is_past), numbers in sharing.items():
        again[segment.verdict, is_past, tuple(numbers)].append(segment[:2])
    gaps = [
        _gap(times, verdict, [rows[number] for number in numbers], found)
        for (verdict, _is_past, numbers), times in again.items()
    ]
    return gaps[:GAPS], len(gaps) > GAPS or len(spans) > len(first)


def _spans(
    rows: Sequence[Row], cover: Cover, at: datetime
) -> list[tuple[bool, bool, datetime, datetime, int]]:
    """Return when each row is covered so, in the order of the list; alike rows are asked once."""
    alike: dict[int, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        alike[row.covers[cover]].append(number)
    return [
        (cover is Cover.THIN, end_at <= at, start_at, end_at, number)
        for numbers in alike.values()
        for start_at, end_at in rows[numbers[0]].spans(cover)
        for number in numbers
    ]


def meant_of(rows: Sequence[Row], found: Found) -> list[Meant]:
    """Return why shifts are meant to be empty, the earliest first."""
    times: dict[Cause, int] = defaultdict(int)
    for row in rows:
        for cause, pieces in row.meant():
            times[cause] |= pieces
    grid = next((row.evidence.grid for row in rows), None)
    if grid is None:
        return []
    meant = [
        Meant(cause_words(cause, found), list(grid.spans(pieces)))
        for cause, pieces in times.items()
    ]
    return sorted(meant, key=lambda one: (one.spans, one.words))


def _gap(spans: Sequence[Span], verdict: Verdict, rows: Sequence[Row], found: Found) -> Gap:
    code = next((cause.shift for cause in verdict.causes if cause.shift), "")
    return Gap(
        spans,
        verdict.cover,
        works=lanes_words(rows),
        sites=sorted({site for row in rows for site in row.sites}),
        causes=causes_words(verdict.causes, found),
        shift_id=found.view.shift_ids.get(code),
        start_on=_run_of(code, spans[0][0], found),
    )


def _run_of(code: str, at: datetime, found: Found) -> date | None:
    shift = found.view.shifts.get(code)
    runs = occurrences(shift, at, at + _INSTANT) if shift is not None else ()
    return runs[0].start_on if runs else None
