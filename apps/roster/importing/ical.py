"""Reads an iCalendar feed into events: one for each time that something takes place.

What feeds get wrong is taken as it is meant: folded lines, zones by Windows' names, times without
a zone, events twice. What repeats is worked out for the asked days alone, and rules that repeat
within the day are refused: a roster has none. A rule may still keep a process busy for ever, so
there is a time after which it is ended. Source: RFC 5545; RFC 7986 for CATEGORIES; X-WR-TIMEZONE as calendars use it.
"""

from __future__ import annotations

import time as clock
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events  # type: ignore[import-untyped] # ships without types
from icalendar import Calendar, Event
from icalendar.timezone import tzp

from apps.roster.exceptions import OverTimeError, RosterImportError
from apps.roster.importing.entries import MOST_ENTRIES, Problem
from apps.roster.importing.events import AskedDays, Feed, FeedEvent
from apps.roster.importing.limit import ended_after

LARGEST_FEED = 20 * 1024 * 1024
_MOST_EVENTS = 60_000
_MOST_SERIES = 5_000
_LONGEST_SECONDS = 60.0
_LONGEST_TEXT = 200
_DAY = timedelta(days=1)
_TOO_OFTEN = frozenset({"SECONDLY", "MINUTELY", "HOURLY"})
_WITHIN_DAY = ("BYSECOND", "BYMINUTE", "BYHOUR")
_LENGTH = "X-RADASSIGN-SECONDS"
"""Our own: how long an event said that it lasts; working out what repeats forgets it."""
_MOMENTS = ("DTSTART", "DTEND", "RECURRENCE-ID")
_REPEATS = ("RRULE", "RDATE")
_TOO_SLOW = "Working out what repeats takes more than a minute."

Progress = Callable[[str], None]
"""Is told how far the reading is; raises where somebody cancelled it."""


def _silent(_words: str) -> None:
    return None


def read_feed(
    content: bytes, first_on: date, last_on: date, zone: str, progress: Progress = _silent
) -> Feed:
    """Return what takes place on the days, both included.

    Args:
        content: the feed's bytes.
        first_on: the first day.
        last_on: the last day.
        zone: for times without one, where the feed names none of its own.
        progress: told every now and then.

    Raises:
        RosterImportError: it is no iCalendar, or too much of one.
    """
    progress("Reading the calendar")
    feed = Feed([], [])
    for calendar in _calendars(content):
        feed.name = feed.name or _text(calendar.get("X-WR-CALNAME"))
        if str(calendar.get("METHOD", "")).upper() == "CANCEL":
            continue
        days = AskedDays(first_on, last_on, _zone_of(calendar, zone))
        _read_calendar(calendar, days, feed, progress)
    return feed


def _calendars(content: bytes) -> Sequence[Calendar]:
    if b"BEGIN:VCALENDAR" not in content[:4096].upper():
        raise RosterImportError("This is no iCalendar: it does not begin with VCALENDAR.")
    if not content.rstrip(b" \t\r\n\0").upper().endswith(b"END:VCALENDAR"):
        raise RosterImportError("The calendar is cut off: it does not end with VCALENDAR.")
    try:
        with ended_after(_LONGEST_SECONDS, "Reading the calendar takes more than a minute."):
            found = Calendar.from_ical(_decoded(content), multiple=True)
    except (ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        # What the parser raises about texts that are cut or made up.
        raise RosterImportError(f"The calendar is damaged: {_first_line(error)}.") from error
    if not found:
        # What the parser makes of one that is never closed.
        raise RosterImportError("The calendar is damaged: nothing in it is whole.")
    return list(found)


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _zone_of(calendar: Calendar, otherwise: str) -> ZoneInfo:
    """Return the clock of times without a zone: the calendar's own, if it is one."""
    named = tzp.timezone(str(calendar.get("X-WR-TIMEZONE", "")).strip())
    key = getattr(named, "key", "")
    return ZoneInfo(key or otherwise)


def _read_calendar(calendar: Calendar, days: AskedDays, feed: Feed, progress: Progress) -> None:
    groups: defaultdict[str, list[Event]] = defaultdict(list)
    found = [event for event in calendar.walk("VEVENT") if isinstance(event, Event)]
    if len(found) > _MOST_EVENTS:
        raise RosterImportError(f"The calendar has more than {_MOST_EVENTS:,} events.")
    for number, event in enumerate(found):
        groups[_text(event.get("UID")) or f"event {number}"].append(event)
    series = sum(map(_repeats, groups.values()))
    if series > _MOST_SERIES:
        raise RosterImportError(f"More than {_MOST_SERIES:,} events repeat.")
    until = clock.monotonic() + _LONGEST_SECONDS
    for number, (uid, events) in enumerate(groups.items()):
        if number % 500 == 0:
            progress(f"{number:,} of {len(groups):,} events read")
        if clock.monotonic() > until:
            raise OverTimeError(_TOO_SLOW)
        if _repeats(events):
            with ended_after(until - clock.monotonic(), _TOO_SLOW):
                _read_group(uid, events, days, feed)
        else:
            _read_group(uid, events, days, feed)


def _read_group(uid: str, events: list[Event], days: AskedDays, feed: Feed) -> None:
    try:
        unknown = _unknown_zone(events)
        for event in _taking_place(events, days):
            if str(event.get("STATUS", "")).upper() == "CANCELLED":
                continue
            found = _event(uid, event, days.zone)
            if days.hold(found):
                feed.events.append(replace(days.cut(_forward(found)), unknown_zone=unknown))
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        # A broken property says so when it is read; the other events are good.
        words = _text(events[0].get("SUMMARY")) or uid[:60]
        feed.problems.append(Problem(words, f"The event cannot be read: {_first_line(error)}."))
    if len(feed.events) > MOST_ENTRIES:
        raise RosterImportError(f"More than {MOST_ENTRIES:,} events fall on the asked days.")


def _repeats(events: Iterable[Event]) -> bool:
    return any(name in event for event in events for name in (*_REPEATS, "RECURRENCE-ID"))


def _taking_place(events: list[Event], days: AskedDays) -> Iterator[Event]:
    """Yield the events of one UID on the days; of what came twice, the newest."""
    for event in events:
        _note_length(event)
    if not _repeats(events):
        yield max(events, key=_newness)
        return
    for event in events:
        _refuse_endless(event)
    alone = Calendar()
    for event in _newest_of_each(events):
        alone.add_component(_zoned(event, days.zone))
    query = recurring_ical_events.of(alone)
    after = datetime.combine(days.last_on + 2 * _DAY, datetime.min.time(), tzinfo=UTC)
    before = datetime.combine(days.first_on - _DAY, datetime.min.time(), tzinfo=UTC)
    for event in query.between(before, after):
        if isinstance(event, Event):
            yield event


def _newest_of_each(events: Iterable[Event]) -> Iterable[Event]:
    """Return the series and each of its exceptions once, as last sent."""
    newest: dict[str, Event] = {}
    for event in sorted(events, key=_newness):
        exception = event.get("RECURRENCE-ID")
        newest[exception.to_ical().decode() if exception is not None else ""] = event
    return newest.values()


def _newness(event: Event) -> tuple[int, str]:
    stamp = event.get("LAST-MODIFIED") or event.get("DTSTAMP")
    return int(event.get("SEQUENCE", 0)), stamp.to_ical().decode() if stamp is not None else ""


def _refuse_endless(event: Event) -> None:
    """Refuse rules that repeat within a day, or never come further."""
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = {str(word).upper() for word in rule.get("FREQ", [])}
        if frequency & _TOO_OFTEN or any(name in rule for name in _WITHIN_DAY):
            raise ValueError("it repeats within the day")
        if any(int(every) < 1 for every in rule.get("INTERVAL", [])):
            raise ValueError("it repeats at no distance")


def _unknown_zone(events: Iterable[Event]) -> str:
    """Return the time zone that an event names and that nobody knows, empty where there is none."""
    for event in events:
        for name in _MOMENTS:
            value: Any = event.get(name)
            at, named = getattr(value, "dt", None), getattr(value, "params", {}).get("TZID")
            if named and isinstance(at, datetime) and at.tzinfo is None:
                return _text(named)
    return ""


def _note_length(event: Event) -> None:
    """Keep in the event how long it says that it lasts, in seconds."""
    event.pop(_LENGTH, None)
    length = getattr(event.get("DURATION"), "dt", None)
    if isinstance(length, timedelta):
        event.add(_LENGTH, str(int(length.total_seconds())))


def _zoned(event: Event, zone: ZoneInfo) -> Event:
    """Give times without a zone the calendar's, so that a series keeps its wall clock."""
    for name in _MOMENTS:
        value: Any = event.get(name)
        if value is None or not isinstance(value.dt, datetime) or value.dt.tzinfo is not None:
            continue
        del event[name]
        event.add(name, value.dt.replace(tzinfo=zone))
    return event


def _event(uid: str, event: Event, zone: ZoneInfo) -> FeedEvent:
    start: Any = event.start
    end: Any = event.end
    people = [*_addresses(event, "ATTENDEE")]
    is_timed = isinstance(start, datetime)
    return FeedEvent(
        uid,
        summary=_text(event.get("SUMMARY")),
        location=_text(event.get("LOCATION")),
        categories=tuple(_categories(event)),
        emails=tuple(email for email, _name in people),
        attendees=tuple(filter(None, (name for _email, name in people))),
        first_on=None if is_timed else start,
        last_on=None if is_timed else max(end - _DAY, start),
        start_at=_utc(start, zone) if is_timed else None,
        end_at=_end_of(event, start, end or start, zone) if is_timed else None,
        own_person=_text(event.get("X-RADASSIGN-PERSON")),
        own_shift=_text(event.get("X-RADASSIGN-SHIFT")),
    )


def _end_of(event: Event, start: datetime, end: datetime, zone: ZoneInfo) -> datetime:
    """Return when an event ends; days that it lasts are the calendar's, hours are exact.

    Source: RFC 5545, 3.3.6.
    """
    if _LENGTH not in event:
        return _utc(end, zone)
    length = timedelta(seconds=int(str(event[_LENGTH])))
    return _utc(start + length.days * _DAY, zone) + timedelta(seconds=length.seconds)


def _forward(event: FeedEvent) -> FeedEvent:
    if event.start_at is not None and event.end_at is not None and event.end_at < event.start_at:
        raise ValueError("it ends before it starts")
    return event


def _utc(at: datetime, zone: ZoneInfo) -> datetime:
    return (at if at.tzinfo is not None else at.replace(tzinfo=zone)).astimezone(UTC)


def _addresses(event: Event, name: str) -> Iterator[tuple[str, str]]:
    """Yield the e-mail addresses and names of who takes part; rooms and things do not."""
    found = event.get(name, [])
    for address in found if isinstance(found, list) else [found]:
        parameters = getattr(address, "params", {})
        if str(parameters.get("CUTYPE", "")).upper() in {"ROOM", "RESOURCE"}:
            continue
        email = str(address).strip()
        if email.lower().startswith("mailto:"):
            email = email[len("mailto:") :]
        yield email[:_LONGEST_TEXT], _text(parameters.get("CN"))


def _categories(event: Event) -> Iterator[str]:
    found = event.get("CATEGORIES", [])
    for group in found if isinstance(found, list) else [found]:
        for word in getattr(group, "cats", ()):
            yield _text(word)


def _text(value: object) -> str:
    """Return a text in one line, without what cannot be seen."""
    words = " ".join(str(value or "").split())
    return "".join(sign for sign in words if sign.isprintable())[:_LONGEST_TEXT]


def _first_line(error: BaseException) -> str:
    return _text(str(error).partition("\n")[0])[:120].rstrip(".") or type(error).__name__
