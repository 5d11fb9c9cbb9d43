"""Coverage as a table of words, and as JSON, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import zip_longest
from textwrap import wrap
from typing import Any
from zoneinfo import ZoneInfo

from apps.assignment.coverage.swept import Found
from apps.assignment.coverage.words import COVERS, causes_words, lane_words
from apps.core.legible import visible
from apps.engine.timeline.facts import Cover, Segment
from apps.engine.timeline.rows import Row
from apps.roster.words import length_words, listed, run_words

_MOST = 5
_WIDTH = 100
_GAP = "  "
_INDENT = "    "


def at_moment(found: Found, at: datetime, zone: str) -> Iterator[str]:
    """Yield a table of who may be given which work at a moment, and until when."""
    lines = [("WORK", "SITES", "COVER", "UNTIL", "WHO, OR WHY NOBODY")]
    for row in found.swept.rows:
        segment = next(one for one in row.segments() if one.start_at <= at < one.end_at)
        ends = _until(segment, found, at, zone)
        lines.append((*_lane(row), COVERS[segment.cover], ends, _who(row, segment, found)))
    yield f"At {_moment(at, zone)} in {zone}:"
    yield from _table(lines)


def over_time(found: Found, zone: str, covers: Sequence[Cover]) -> Iterator[str]:
    """Yield a table of stretches of time, row by row.

    Args:
        found: the sweep.
        zone: on whose clock.
        covers: only stretches that are covered so.
    """
    lines = [("WORK", "SITES", "WHEN", "LENGTH", "COVER", "WHO, OR WHY NOBODY")]
    for row in found.swept.rows:
        for segment in row.segments(*covers):
            when = run_words(segment.start_at, segment.end_at, zone)
            length = length_words(segment.end_at - segment.start_at)
            cover = COVERS[segment.cover]
            lines.append((*_lane(row), when, length, cover, _who(row, segment, found)))
    yield f"{run_words(found.swept.start_at, found.swept.end_at, zone)} in {zone}:"
    yield from (
        _table(lines) if len(lines) > 1 else ["No gap: everything that is planned is covered."]
    )
    for code, on in found.swept.skipped:
        yield f"{found.shift_name(code)} does not run on {on}: the clocks skip its hours."


def as_data(found: Found, zone: str, covers: Sequence[Cover]) -> dict[str, Any]:
    """Return the sweep as JSON takes it: every stretch with codes, ids and words."""
    return {
        "from": _iso(found.swept.start_at, zone),
        "to": _iso(found.swept.end_at, zone),
        "zone": zone,
        "lanes": [_row_data(row, found, zone, covers) for row in found.swept.rows],
        "skipped": [{"shift": code, "on": on.isoformat()} for code, on in found.swept.skipped],
    }


def _row_data(row: Row, found: Found, zone: str, covers: Sequence[Cover]) -> dict[str, Any]:
    return {
        "modality": row.work.modality,
        "body_part": row.work.body_part,
        "subspecialty": row.work.subspecialty,
        "urgencies": [urgency.value for urgency in row.urgencies],
        "sites": list(row.sites),
        "shifts": list(row.shifts),
        "stretches": [
            {
                "from": _iso(segment.start_at, zone),
                "to": _iso(segment.end_at, zone),
                "cover": segment.cover.value,
                "eligible": list(segment.verdict.eligible),
                "causes": [
                    {"code": cause.lack.value, "shift": cause.shift, "figures": list(cause.params)}
                    for cause in segment.verdict.causes
                ],
                "words": causes_words(segment.verdict.causes, found),
            }
            for segment in row.segments(*covers)
        ],
    }


def _lane(row: Row) -> tuple[str, str]:
    return lane_words(row.work, row.urgencies), listed(row.sites, most=_MOST)


def _who(row: Row, segment: Segment, found: Found) -> str:
    why = "; ".join(causes_words(segment.verdict.causes, found))
    if not row.shifts:
        return "no shift reads it here"
    if not segment.verdict.eligible:
        return why
    names = listed([found.person_name(id_) for id_ in segment.verdict.eligible], most=_MOST)
    return f"{names}; {why}" if why else names


def _until(segment: Segment, found: Found, at: datetime, zone: str) -> str:
    if segment.end_at == found.swept.end_at:
        return f"later than {length_words(found.swept.end_at - at)}"
    end = segment.end_at.astimezone(ZoneInfo(zone))
    is_near = segment.end_at - at < timedelta(hours=24)
    return f"{end:%H:%M}" if is_near else f"{end:%a %H:%M}"


def _table(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield lines of columns that fit a terminal. What came from a form steers nothing.

    Where they do not fit, what is said last stands below the others, over the whole width.
    """
    shown = [[visible(cell.replace("\n", " ")) for cell in line] for line in lines]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    if _total(widths) <= _WIDTH:
        yield from (_side_by_side(line, widths) for line in shown)
        return
    fitted = _fitted(widths[:-1])
    for line in shown:
        cells = [wrap(cell, width) for cell, width in zip(line, fitted, strict=False)]
        for row in zip_longest(*cells, fillvalue=""):
            yield _side_by_side(row, fitted)
        yield from wrap(line[-1], _WIDTH, initial_indent=_INDENT, subsequent_indent=_INDENT)


def _side_by_side(cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return _GAP.join(padded).rstrip()


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _fitted(widths: Sequence[int]) -> list[int]:
    """Return widths of columns that fit: the widest give way."""
    fitted = [max(width, 1) for width in widths]
    while _total(fitted) > _WIDTH:
        fitted[fitted.index(max(fitted))] -= 1
    return fitted


def _moment(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B %Y %H:%M}"


def _iso(at: datetime, zone: str) -> str:
    return at.astimezone(ZoneInfo(zone)).isoformat()
