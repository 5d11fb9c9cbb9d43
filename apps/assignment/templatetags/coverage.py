"""Tags of the coverage page: stretches of time, places and states in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.assignment.coverage.words import COVERS
from apps.assignment.queries.coverage import Cell
from apps.engine.timeline.facts import Cover
from apps.roster.words import length_words, listed, run_words

register = template.Library()

_Span = tuple[datetime, datetime]
_MARKS: Mapping[Cover, str] = {
    Cover.COVERED: "✓",
    Cover.THIN: "½",
    Cover.MEANT: "·",
    Cover.OPEN: "!",
}
_CELL = (
    '<td data-cover="{0}"><a href="{1}" hx-get="{1}" title="{2}: who">'
    '<span class="mark" aria-hidden="true">{3}</span><span class="hidden">{2}</span></a></td>'
)
_CELL_WITH_TIMES = (
    '<td data-cover="{0}"><a href="{1}" hx-get="{1}" title="{2} {4}: who">'
    '<span class="mark" aria-hidden="true">{3}</span><span class="hidden">{2}</span> '
    '<span class="cover-times">{4}</span></a></td>'
)
_MOST_SITES = 4
_MOST_WORKS = 3
_MOST_SPANS = 3


@register.simple_tag
def cover_cell(cell: Cell, zone: str, href: str) -> SafeString:
    """Show a cell that leads to who: its sign, its state in words, and when work is not covered.

    A page has a thousand of them and more, so each is written at once.
    """
    state, times = COVERS[cell.cover], _times(cell, zone)
    if not times:
        return format_html(_CELL, cell.cover.value, href, state, _MARKS[cell.cover])
    return format_html(_CELL_WITH_TIMES, cell.cover.value, href, state, _MARKS[cell.cover], times)


def _times(cell: Cell, zone: str) -> str:
    if cell.is_all:
        return "all the time"
    spans = ", ".join(clock(span, zone) for span in cell.spans)
    return f"{spans} and {cell.more} more" if cell.more else spans


@register.simple_tag
def cell_address(page: str, line_query: str, column: int) -> str:
    """Return where a cell leads: the line's query with its column."""
    return f"{page}{line_query}&column={column}"


@register.simple_tag
def then_address(page: str, query: str) -> str:
    """Return where a moment is asked for, narrowed as this page is."""
    return f"{page}{query}" if query.startswith("?") else page


@register.filter
def clock(span: _Span, zone: str) -> str:
    """Return a stretch within a day on a zone's clock: ``08:00 to 10:00``; it may end at 24:00."""
    start, end = (at.astimezone(ZoneInfo(zone)) for at in span)
    until = "24:00" if end.date() > start.date() and f"{end:%H:%M}" == "00:00" else f"{end:%H:%M}"
    return f"{start:%H:%M} to {until}"


@register.filter
def stretch(span: _Span, zone: str) -> str:
    """Return a stretch of time with its day: ``Thu 5 Feb 22:00 to Fri 06:00``."""
    return run_words(*span, zone)


@register.filter
def stretches(spans: Sequence[_Span], zone: str) -> str:
    """Return some stretches of time, the last ones counted."""
    return listed([run_words(*span, zone) for span in spans], most=_MOST_SPANS)


@register.filter
def lasts(length: timedelta) -> str:
    """Return a length as hours and minutes."""
    return length_words(length)


@register.filter
def places(codes: Sequence[str]) -> str:
    """Return the codes of sites, the last ones counted."""
    return listed(codes, most=_MOST_SITES)


@register.filter
def works(words: Sequence[str], kinds: int = 0) -> str:
    """Return kinds of work; many of them counted.

    Args:
        words: each kind.
        kinds: how many there are in all; a kind of some urgencies alone is not the whole of it.
    """
    if len(words) <= _MOST_WORKS:
        return ", ".join(words)
    is_all = len(words) == kinds and not any(word.endswith(" only)") for word in words)
    return f"All work ({kinds} kinds)" if is_all else f"{len(words)} kinds of work"


@register.filter
def cover_words(cover: Cover) -> str:
    """Return how work is covered, as the legend says it."""
    return COVERS[cover]


@register.filter
def moment_words(at: datetime, zone: str) -> str:
    """Return a moment on a zone's clock: ``Wed 4 Feb 2026 22:00``."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M}"


@register.filter
def hour(at: datetime, zone: str) -> str:
    """Return the hour that a zone's clock shows: ``08``."""
    return f"{at.astimezone(ZoneInfo(zone)):%H}"
