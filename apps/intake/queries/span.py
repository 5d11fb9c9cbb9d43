"""What lists of messages have in common: a bounded time, newest first, page by page by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet

from apps.core.ascending import SLACK, first_id_since

PER_PAGE = 50
LONGEST = timedelta(days=31)
FOUND_MOST = 200
"""A number that more messages bear than this is no way to find one."""

Row = TypeVar("Row")
_Message = TypeVar("_Message", bound=Model)


class Period(StrEnum):
    """How far back a list looks."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


_LENGTHS = {
    Period.HOUR: timedelta(hours=1),
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Span:
    """Moments from ``start`` up to, not including, ``end``; None is open."""

    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True)
class Part(Generic[Row]):
    """Some rows of a list, newest first; ``before`` is the key that the next ones are below."""

    rows: Sequence[Row]
    before: int | None


def last(period: Period, at: datetime) -> Span:
    """Return the period that ends now."""
    return Span(start=at - _LENGTHS[period])


def between(since: datetime | None, until: datetime | None) -> Span:
    """Return the time from one moment to another; a single one is given its other end.

    At most ``LONGEST`` is looked at, so that a filter that hardly any message passes does not
    read years: of a longer time the end.
    """
    if since is None:
        return Span(until - _LENGTHS[Period.DAY], until) if until is not None else Span()
    if until is None:
        return Span(since, since + LONGEST)
    return Span(max(since, until - LONGEST), until)


def within(rows: QuerySet[_Message], column: str, span: Span) -> QuerySet[_Message]:
    """Return the rows whose moment lies in the span, found by their ascending keys.

    The keys bound what is read however few rows pass the other filters; the times are exact.
    """
    if span.start is not None:
        first = first_id_since(rows.model, column, span.start) - SLACK
        rows = rows.filter(**{"pk__gte": first, f"{column}__gte": span.start})
    if span.end is not None:
        after = first_id_since(rows.model, column, span.end) + SLACK
        rows = rows.filter(**{"pk__lt": after, f"{column}__lt": span.end})
    return rows


def part_of(rows: QuerySet[_Message], before: int | None) -> Part[_Message]:
    """Return the newest rows below a key, in one read."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    return Part(shown, shown[-1].pk if len(found) > PER_PAGE else None)
