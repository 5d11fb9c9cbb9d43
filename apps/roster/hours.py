"""Stretches of time: start included, end not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of time; ``start_at`` lies before ``end_at``."""

    start_at: datetime
    end_at: datetime


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time in as few spans as possible, in order."""
    joined: list[Span] = []
    for span in sorted(spans):
        if joined and span.start_at <= joined[-1].end_at:
            joined[-1] = Span(joined[-1].start_at, max(joined[-1].end_at, span.end_at))
        else:
            joined.append(span)
    return joined


def without(spans: Iterable[Span], taken: Iterable[Span]) -> list[Span]:
    """Return what is left of the spans once the others are taken away, in order."""
    left = merged(spans)
    for hole in merged(taken):
        left = [piece for span in left for piece in _cut(span, hole)]
    return left


def _cut(span: Span, hole: Span) -> list[Span]:
    if hole.end_at <= span.start_at or span.end_at <= hole.start_at:
        return [span]
    pieces = (Span(span.start_at, hole.start_at), Span(hole.end_at, span.end_at))
    return [piece for piece in pieces if piece.start_at < piece.end_at]


def total(spans: Iterable[Span]) -> timedelta:
    """Return how long the spans last together; they must not overlap."""
    return sum((span.end_at - span.start_at for span in spans), timedelta())
