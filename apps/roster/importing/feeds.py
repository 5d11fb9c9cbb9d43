"""Turns a feed's events into entries: which part of an event names the person, which the shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from apps.roster.importing import patterns
from apps.roster.importing.entries import Entry, Problem, Reading
from apps.roster.importing.events import Feed, FeedEvent
from apps.roster.importing.names import Known

_SAMPLE = 200
PLACES: Mapping[str, str] = {
    "pattern": "the summary, by the pattern",
    "summary": "the whole summary",
    "attendee": "who takes part (e-mail address or name)",
    "location": "the location",
    "category": "a category",
    "calendar": "the calendar's name",
    "hours": "the hours alone",
}
PERSON_PLACES = ("pattern", "summary", "attendee", "location", "category", "calendar")
SHIFT_PLACES = ("pattern", "summary", "location", "category", "calendar", "hours")


@dataclass(frozen=True)
class Parts:
    """Where an event names the person and the shift.

    ``shift_code`` is of a feed that is about one shift altogether.
    """

    pattern: str = patterns.USUAL[0]
    person: str = "pattern"
    shift: str = "pattern"
    shift_code: str = ""

    def stored(self) -> dict[str, str]:
        """Return it as the source keeps it."""
        return {
            "pattern": self.pattern,
            "person": self.person,
            "shift": self.shift,
            "shift_code": self.shift_code,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``stored`` made."""
        known = {name: str(stored[name]) for name in cls().stored() if name in stored}
        return cls(**known)


def read_entries(feed: Feed, parts: Parts) -> Reading:
    """Return what the feed says, its events taken apart."""
    reading = Reading(problems=[*feed.problems])
    for event in feed.events:
        found = entry_of(event, parts, feed.name)
        if isinstance(found, Problem):
            reading.problems.append(found)
        else:
            reading.entries.append(found)
    return reading


def entry_of(event: FeedEvent, parts: Parts, calendar: str) -> Entry | Problem:
    """Return what one event says."""
    people = tuple(filter(None, people_in(event, parts, calendar)))
    if not people:
        return Problem(event.where, "It names no person where one is looked for.")
    shift = event.own_shift or parts.shift_code or shift_in(event, parts, calendar)
    if not shift and parts.shift != "hours":
        return Problem(event.where, "It names no shift where one is looked for.")
    return Entry(
        event.where,
        people,
        shift,
        first_on=event.first_on,
        last_on=event.last_on,
        start_at=event.start_at,
        end_at=event.end_at,
        doubt=f"The time zone {event.unknown_zone} is not known." if event.unknown_zone else "",
    )


def people_in(event: FeedEvent, parts: Parts, calendar: str) -> Sequence[str]:
    """Return the names of an event's person, the surest first."""
    if event.own_person:
        return (event.own_person,)
    if parts.person == "attendee":
        return (*event.emails, *event.attendees)
    return (_part(event, parts, parts.person, patterns.PERSON, calendar), *event.emails)


def shift_in(event: FeedEvent, parts: Parts, calendar: str) -> str:
    """Return the name of an event's shift, empty where it says none."""
    return _part(event, parts, parts.shift, patterns.SHIFT, calendar)


def _part(event: FeedEvent, parts: Parts, place: str, name: str, calendar: str) -> str:
    if place == "pattern":
        return (patterns.take_apart(parts.pattern, event.summary) or {}).get(name, "")
    texts = {
        "summary": event.summary,
        "location": event.location,
        "category": next(iter(event.categories), ""),
        "calendar": calendar,
    }
    return texts.get(place, "")


def guess(feed: Feed, known: Known) -> Parts:
    """Return where most events name somebody and something that is known; first comes the usual."""
    sample = feed.events[:_SAMPLE]
    best, most = Parts(), 0
    for parts in _usual():
        sure = sum(_knows(event, parts, feed.name, known) for event in sample)
        if sure > most:
            best, most = parts, sure
    return best


def _usual() -> Sequence[Parts]:
    both = [
        pattern for pattern in patterns.USUAL if "{person}" in pattern and "{shift}" in pattern
    ]
    by_pattern = [Parts(pattern) for pattern in both]
    people = [place for place in PERSON_PLACES if place != "pattern"]
    shifts = [place for place in SHIFT_PLACES if place != "pattern"]
    crossed = [
        Parts(person=person, shift=shift)
        for person in people
        for shift in shifts
        if person != shift
    ]
    return [*by_pattern, *crossed]


def _knows(event: FeedEvent, parts: Parts, calendar: str, known: Known) -> int:
    """Return how much of an event is known: 2 is all, 1 the person or the shift."""
    people = people_in(event, parts, calendar)
    is_person = any(known.people.meaning(name) for name in people if name)
    shift = shift_in(event, parts, calendar)
    return bool(is_person) + bool(shift and known.shifts.meaning(shift))


@dataclass(frozen=True, slots=True)
class Sampled:
    """An event as an example: what it says, and what of it is known."""

    event: FeedEvent
    person: str
    shift: str
    is_person_known: bool
    is_shift_known: bool


def sample(feed: Feed, parts: Parts, known: Known, most: int = 12) -> list[Sampled]:
    """Return the first events as they are taken apart, one for each summary."""
    events = {event.summary or event.uid: event for event in reversed(feed.events)}
    return [_sampled(event, parts, feed.name, known) for event in [*events.values()][-most:][::-1]]


def _sampled(event: FeedEvent, parts: Parts, calendar: str, known: Known) -> Sampled:
    people = [name for name in people_in(event, parts, calendar) if name]
    shift = event.own_shift or parts.shift_code or shift_in(event, parts, calendar)
    return Sampled(
        event,
        person=people[0] if people else "",
        shift=shift,
        is_person_known=any(known.people.meaning(name) for name in people),
        is_shift_known=bool(shift and known.shifts.meaning(shift)),
    )
