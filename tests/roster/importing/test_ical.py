"""Feeds as scheduling systems write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from apps.roster.exceptions import RosterImportError
from apps.roster.importing import feeds, patterns
from apps.roster.importing.feeds import Parts
from apps.roster.importing.ical import Feed, read_feed

_OWN_ZONE = (
    "BEGIN:VTIMEZONE\nTZID:Our Own\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
    "TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n"
)
_FIRST, _LAST = date(2026, 3, 1), date(2026, 4, 30)


def calendar(*events: str, head: str = "") -> bytes:
    inside = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y\n{head}{inside}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def read(*events: str, head: str = "", zone: str = "Australia/Brisbane") -> Feed:
    return read_feed(calendar(*events, head=head), _FIRST, _LAST, zone)


def spans(feed: Feed) -> list[tuple[datetime | None, datetime | None]]:
    return sorted((event.start_at, event.end_at) for event in feed.events)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_folded_lines_are_one_and_people_are_found_by_their_address() -> None:
    found = read(
        "UID:1\nSUMMARY:MRI1\nDTSTART:20260310T080000Z\nDTEND:20260310T160000Z\n"
        "ATTENDEE;CN=Ann\n  Lee;PARTSTAT=ACCEPTED:mailto:ann.l\n ee@x.org\n"
        "ATTENDEE;CUTYPE=ROOM:mailto:room1@x.org"
    )
    event = found.events[0]
    assert (event.emails, event.attendees) == (("ann.lee@x.org",), ("Ann Lee",))


@pytest.mark.parametrize(
    ("start", "head", "expected"),
    [
        ("DTSTART:20260310T080000Z", "", "2026-03-10T08:00"),
        ("DTSTART:20260310T080000", "", "2026-03-09T22:00"),
        ("DTSTART:20260310T080000", "X-WR-TIMEZONE:Europe/Berlin\n", "2026-03-10T07:00"),
        ("DTSTART;TZID=W. Europe Standard Time:20260310T080000", "", "2026-03-10T07:00"),
        ("DTSTART;TZID=America/New_York:20260310T080000", "", "2026-03-10T12:00"),
        (
            "DTSTART;TZID=Our Own:20260310T080000",
            _OWN_ZONE,
            "2026-03-10T02:30",
        ),
    ],
    ids=["utc", "the source's", "the calendar's", "Windows'", "IANA", "its own"],
)
def test_times_are_on_the_clock_that_they_name(start: str, head: str, expected: str) -> None:
    found = read(f"UID:1\nSUMMARY:A\n{start}\nDURATION:PT8H", head=head)
    assert spans(found) == [(at(expected), at(expected) + timedelta(hours=8))]


def test_whole_days_end_before_their_end() -> None:
    found = read("UID:1\nSUMMARY:A\nDTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260313")
    assert [(event.first_on, event.last_on) for event in found.events] == [
        (date(2026, 3, 10), date(2026, 3, 12))
    ]


def test_what_repeats_keeps_its_wall_clock_and_its_exceptions() -> None:
    found = read(
        "UID:1\nSUMMARY:A\nDTSTART;TZID=Europe/Berlin:20260316T080000\nDURATION:PT8H\n"
        "RRULE:FREQ=WEEKLY\nEXDATE;TZID=Europe/Berlin:20260330T080000",
        "UID:1\nSUMMARY:moved\nRECURRENCE-ID;TZID=Europe/Berlin:20260406T080000\n"
        "DTSTART;TZID=Europe/Berlin:20260407T100000\nDURATION:PT2H",
        "UID:1\nSUMMARY:off\nRECURRENCE-ID;TZID=Europe/Berlin:20260413T080000\n"
        "STATUS:CANCELLED\nDTSTART;TZID=Europe/Berlin:20260413T080000\nDURATION:PT8H",
    )
    assert [start for start, _end in spans(found)] == [
        at("2026-03-16T07:00"),
        at("2026-03-23T07:00"),
        # The clocks went forward; the 30th is excepted, the 6th moved, the 13th cancelled.
        at("2026-04-07T08:00"),
        at("2026-04-20T06:00"),
        at("2026-04-27T06:00"),
    ]


def test_an_event_without_end_is_bounded_by_the_asked_days() -> None:
    found = read("UID:1\nSUMMARY:A\nDTSTART:20200101T000000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY")
    assert 60 <= len(found.events) <= 65


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=DAILY;BYMINUTE=0,1,2", "FREQ=HOURLY"])
def test_what_repeats_within_the_day_is_refused_and_the_rest_read(rule: str) -> None:
    found = read(
        f"UID:1\nSUMMARY:A\nDTSTART:20260310T080000Z\nDURATION:PT1H\nRRULE:{rule}",
        "UID:2\nSUMMARY:B\nDTSTART:20260310T080000Z\nDURATION:PT1H",
    )
    assert [event.summary for event in found.events] == ["B"]
    assert [(problem.where, problem.why) for problem in found.problems] == [
        ("A", "The event cannot be read: it repeats within the day.")
    ]


def test_cancelled_events_and_older_versions_do_not_count() -> None:
    found = read(
        "UID:1\nSUMMARY:old\nSEQUENCE:0\nDTSTART:20260310T080000Z\nDURATION:PT1H",
        "UID:1\nSUMMARY:new\nSEQUENCE:2\nDTSTART:20260311T080000Z\nDURATION:PT1H",
        "UID:2\nSUMMARY:off\nSTATUS:CANCELLED\nDTSTART:20260310T080000Z\nDURATION:PT1H",
    )
    assert [event.summary for event in found.events] == ["new"]
    gone = read("UID:1\nDTSTART:20260310T080000Z\nDURATION:PT1H", head="METHOD:CANCEL\n")
    assert gone.events == []


def test_a_broken_event_is_told_and_the_others_are_read() -> None:
    found = read(
        "UID:1\nSUMMARY:broken\nDTSTART:2026031",
        "UID:2\nSUMMARY:no start",
        "UID:3\nSUMMARY:good\nDTSTART:20260310T080000Z\nDTEND:20260310T160000Z",
    )
    assert [event.summary for event in found.events] == ["good"]
    assert [problem.where for problem in found.problems] == ["broken", "no start"]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Sign in</html>", b"BEGIN:VCALENDAR\r\nnothing", bytes(range(256)) * 10],
)
def test_what_is_no_calendar_is_refused(content: bytes) -> None:
    with pytest.raises(RosterImportError):
        read_feed(content, _FIRST, _LAST, "UTC")


def test_a_calendar_of_bytes_that_are_no_utf8_is_read() -> None:
    body = calendar("UID:1\nSUMMARY:M\xfcller - CT\nDTSTART:20260310T080000Z\nDURATION:PT1H")
    latin = body.decode().encode("cp1252")
    assert read_feed(latin, _FIRST, _LAST, "UTC").events[0].summary == "Müller - CT"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("{person} - {shift}", "Ann Lee - MRI1", {"person": "Ann Lee", "shift": "MRI1"}),
        ("{shift} ({person})", "MRI1 (Ann Lee)", {"shift": "MRI1", "person": "Ann Lee"}),
        ("{other}: {shift} / {person}", "X: A / B", {"other": "X", "shift": "A", "person": "B"}),
        ("On call {person}", "On call Lee", {"person": "Lee"}),
        ("{person} - {shift}", "Ann Lee", None),
        ("{shift} ({person})", "MRI1", None),
    ],
)
def test_a_summary_is_taken_apart(
    pattern: str, text: str, expected: dict[str, str] | None
) -> None:
    assert patterns.take_apart(pattern, text) == expected


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [("{person} - {shift}", False), ("none", True), ("{person}{shift}", True)],
)
def test_a_pattern_that_says_nothing_is_refused(pattern: str, wrong: bool) -> None:
    assert bool(patterns.check(pattern)) is wrong


def test_an_event_names_its_person_and_shift_where_it_was_said() -> None:
    found = read(
        "UID:1\nSUMMARY:On call\nLOCATION:MRI1\nCATEGORIES:CT,late\n"
        "DTSTART:20260310T080000Z\nDURATION:PT8H\nATTENDEE;CN=Ann Lee:mailto:a@x.org",
        head="X-WR-CALNAME:Robina\n",
    )
    entries = feeds.read_entries(found, Parts(person="attendee", shift="location")).entries
    assert [(entry.people, entry.shift) for entry in entries] == [(("a@x.org", "Ann Lee"), "MRI1")]
    by_category = feeds.read_entries(found, Parts(person="attendee", shift="category")).entries
    assert by_category[0].shift == "CT"
    nothing = feeds.read_entries(found, Parts())
    assert [problem.why for problem in nothing.problems] == [
        "It names no shift where one is looked for."
    ]


def test_a_rule_that_never_comes_further_is_refused_and_the_rest_read() -> None:
    found = read(
        "UID:1\nSUMMARY:Stuck\nDTSTART:20260309T080000\nDTEND:20260309T160000\n"
        "RRULE:FREQ=DAILY;INTERVAL=0",
        "UID:2\nSUMMARY:Good\nDTSTART:20260310T080000\nDTEND:20260310T160000",
    )
    assert [event.summary for event in found.events] == ["Good"]
    assert [problem.why for problem in found.problems] == [
        "The event cannot be read: it repeats at no distance."
    ]


def test_an_event_until_the_end_of_time_ends_soon_after_the_asked_days() -> None:
    found = read(
        "UID:1\nSUMMARY:Days\nDTSTART;VALUE=DATE:20200101\nDTEND;VALUE=DATE:99991231",
        "UID:2\nSUMMARY:Hours\nDTSTART:20260310T080000Z\nDTEND:99991231T235959Z",
    )
    days, hours = found.events
    assert (days.first_on, days.last_on) == (date(2026, 2, 26), date(2026, 5, 3))
    assert (hours.start_at, hours.end_at) == (at("2026-03-10T08:00"), at("2026-05-03T00:00"))


@pytest.mark.parametrize("more", ["", "\nRRULE:FREQ=DAILY;COUNT=2"])
def test_a_zone_that_nobody_knows_is_told_and_its_hours_are_not_guessed(more: str) -> None:
    found = read(
        f"UID:1\nSUMMARY:MRI1: Lee\nDTSTART;TZID=Foo/Bar:20260310T200000\nDURATION:PT8H{more}",
        "UID:2\nSUMMARY:MRI1: Wu\nDTSTART;TZID=Europe/Berlin:20260310T200000\nDURATION:PT8H",
    )
    reading = feeds.read_entries(found, Parts("{shift}: {person}"))
    told = {entry.people[0]: entry.doubt for entry in reading.entries}
    assert told == {"Lee": "The time zone Foo/Bar is not known.", "Wu": ""}


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        # The clocks go forward in the night before the 29th in London: the night has 7 hours.
        ("20260328T230000", "PT8H", "2026-03-29T07:00"),
        ("20260328T120000", "P1D", "2026-03-29T11:00"),
        ("20260328T120000", "P1DT1H", "2026-03-29T12:00"),
    ],
)
@pytest.mark.parametrize("more", ["", "\nRRULE:FREQ=YEARLY", "\nX-RADASSIGN-SECONDS:60"])
def test_hours_that_an_event_lasts_are_exact_and_days_are_the_calendars(
    start: str, length: str, expected: str, more: str
) -> None:
    found = read(f"UID:1\nSUMMARY:A\nDTSTART;TZID=Europe/London:{start}\nDURATION:{length}{more}")
    assert [end for _start, end in spans(found)] == [at(expected)]


def test_a_night_that_repeats_lasts_its_hours_where_the_clocks_change() -> None:
    found = read(
        "UID:1\nSUMMARY:A\nDTSTART;TZID=Europe/London:20260327T230000\nDURATION:PT8H\n"
        "RRULE:FREQ=DAILY;COUNT=3"
    )
    assert [end for _start, end in spans(found)] == [
        *(at("2026-03-28T07:00"), at("2026-03-29T07:00"), at("2026-03-30T06:00")),
    ]


def test_an_event_that_ends_before_it_starts_is_told_and_the_rest_read() -> None:
    found = read(
        "UID:1\nSUMMARY:Back\nDTSTART:20260310T080000Z\nDTEND:20260310T070000Z",
        "UID:2\nSUMMARY:Good\nDTSTART:20260310T080000Z\nDTEND:20260310T160000Z",
    )
    assert [event.summary for event in found.events] == ["Good"]
    assert [(problem.where, problem.why) for problem in found.problems] == [
        ("Back", "The event cannot be read: it ends before it starts.")
    ]
