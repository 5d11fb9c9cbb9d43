"""Writes a schedule as iCalendar.

Times are in UTC, which every reader shows on its own clock, so that no change of the clocks can
be read wrongly. An event keeps its UID for as long as the person keeps the turn, so that a
calendar that subscribed updates it instead of showing it twice. Source: RFC 5545, 3.1 (folding),
3.3.11 (text), 3.6.1; RFC 7986, 5.7 (refresh interval).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from apps.roster.choices import CalendarKind
from apps.roster.publishing.schedule import Duty

_LONGEST_LINE = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": ""})


@dataclass(frozen=True, slots=True)
class Heading:
    """What a calendar says of itself; ``stamp`` is when what it holds was last looked at."""

    name: str
    kind: CalendarKind
    stamp: datetime
    minutes: int = 15


def written(heading: Heading, duties: Iterable[Duty]) -> bytes:
    """Return the calendar's bytes."""
    return "".join(f"{folded(line)}\r\n" for line in _lines(heading, duties)).encode()


def _lines(heading: Heading, duties: Iterable[Duty]) -> Iterator[str]:
    yield from (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//radassign//roster//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{text(heading.name)}",
        f"X-WR-CALNAME:{text(heading.name)}",
        f"REFRESH-INTERVAL;VALUE=DURATION:PT{heading.minutes}M",
        f"X-PUBLISHED-TTL:PT{heading.minutes}M",
    )
    for duty in duties:
        yield from _event(heading, duty)
    yield "END:VCALENDAR"


def _event(heading: Heading, duty: Duty) -> Iterator[str]:
    yield from (
        "BEGIN:VEVENT",
        f"UID:{uid(duty)}",
        f"DTSTAMP:{_moment(heading.stamp)}",
        f"DTSTART:{_moment(duty.start_at)}",
        f"DTEND:{_moment(duty.end_at)}",
        f"SUMMARY:{text(_summary(heading.kind, duty))}",
        f"CATEGORIES:{text(duty.shift.code)}",
        f"X-RADASSIGN-PERSON:{text(duty.person_id)}",
        f"X-RADASSIGN-SHIFT:{text(duty.shift.code)}",
        "STATUS:CONFIRMED",
        "END:VEVENT",
    )


def _summary(kind: CalendarKind, duty: Duty) -> str:
    """Return what a calendar shows: to the person the shift, to everybody else the person too."""
    if kind is CalendarKind.PERSON:
        return duty.shift.name
    return f"{duty.person} - {duty.shift.name}"


def uid(duty: Duty) -> str:
    """Return what tells an event from all others, the same however often it is written."""
    said = f"{duty.shift.pk}|{duty.on}|{duty.person_id}|{duty.number}"
    return f"{hashlib.sha256(said.encode()).hexdigest()[:32]}@radassign"


@lru_cache(maxsize=4096)
def text(words: str) -> str:
    """Return a text as iCalendar escapes it, without what cannot be seen."""
    kept = "".join(sign for sign in words if sign == "\n" or sign.isprintable())
    return kept.translate(_ESCAPES)


def folded(line: str) -> str:
    """Return a line cut into pieces of at most 75 bytes, never within a character."""
    if len(line) <= _LONGEST_LINE and (line.isascii() or len(line.encode()) <= _LONGEST_LINE):
        return line
    pieces, piece, size = [], "", 0
    for sign in line:
        width = len(sign.encode())
        if size + width > _LONGEST_LINE:
            pieces.append(piece)
            piece, size = " ", 1
        piece, size = piece + sign, size + width
    return "\r\n".join([*pieces, piece])


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
