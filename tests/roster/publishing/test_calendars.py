"""Published calendars: the final schedule, at a secret address, read back by ourselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import icalendar
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from apps.core.actor import Actor
from apps.roster.choices import CalendarKind
from apps.roster.importing import feeds
from apps.roster.importing.ical import read_feed
from apps.roster.models import CalendarFeed, CalendarUse, Radiologist, RosterOverride, Shift
from apps.roster.publishing import calendars
from apps.roster.publishing.calendars import Made
from apps.roster.publishing.ics import folded
from apps.roster.publishing.schedule import days_around, duties
from tests.factories import (
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    SiteFactory,
)
from tests.factories.sources import MORNING

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("lee")]

_ME = Actor("user", "lee")


@pytest.fixture
def lee() -> Radiologist:
    return RadiologistFactory.create(id="DR_LEE", given_name="Ann", family_name="Lee, MD; x")


@pytest.fixture
def wu() -> Radiologist:
    return RadiologistFactory.create(id="DR_WU", given_name="Bo", family_name="Wu")


@pytest.fixture
def night(lee: Radiologist) -> Shift:
    """A night shift in Sydney over the end of summer time, which Dr Lee is on."""
    shift = ShiftFactory.create(
        code="NIGHT",
        name="Night, all",
        start_local=time(23),
        end_local=time(7),
        time_zone="Australia/Sydney",
    )
    RosterAssignmentFactory.create(
        shift=shift, radiologist=lee, start_date=date(2026, 4, 1), end_date=date(2026, 4, 7)
    )
    return shift


def publish(**about: object) -> Made:
    return calendars.make(CalendarFeed(**about), actor=_ME, at=MORNING)


def read(made: Made, **headers: str) -> tuple[int, bytes, dict[str, str]]:
    address = reverse("published-calendar", args=[made.secret])
    with time_machine.travel(MORNING, tick=False):
        response = Client(headers=headers).get(address)
    return response.status_code, response.content, dict(response.headers)


def spans(content: bytes) -> list[tuple[str, datetime, datetime]]:
    """Return summary, start and end as the iCalendar library alone understands them."""
    found: list[Any] = [*icalendar.Calendar.from_ical(content).walk("VEVENT")]
    return [
        (str(event["SUMMARY"]), event.start.astimezone(UTC), event.end.astimezone(UTC))
        for event in found
    ]


def test_a_persons_calendar_holds_their_turns_after_swap_leave_and_change_of_clocks(
    lee: Radiologist, wu: Radiologist, night: Shift
) -> None:
    RosterOverride.objects.create(
        kind="swap", radiologist=lee, taker=wu, shift=night,
        start_date=date(2026, 4, 2), end_date=date(2026, 4, 2),
    )  # fmt: skip
    RosterOverride.objects.create(
        kind="leave", radiologist=lee, start_date=date(2026, 4, 6), end_date=date(2026, 4, 7)
    )
    RosterOverride.objects.create(
        kind="swap", radiologist=lee, taker=wu, shift=night,
        start_date=date(2026, 4, 3), end_date=date(2026, 4, 3),
        start_local=time(1), end_local=time(3),
    )  # fmt: skip
    status, content, _headers = read(publish(kind=CalendarKind.PERSON, radiologist=lee))
    found = [
        f"{start:%d %H:%M} {(end - start) / timedelta(hours=1):g}h"
        for _, start, end in spans(content)
    ]
    assert status == 200
    # The 3rd is cut in two by the part that Dr Wu takes; the night to the 5th is 9 hours long.
    assert found == ["01 12:00 8h", "03 12:00 2h", "03 16:00 4h", "04 12:00 9h", "05 13:00 8h"]
    assert {summary for summary, _start, _end in spans(content)} == {"Night, all"}


def test_our_own_import_reads_back_the_same_schedule(wu: Radiologist, night: Shift) -> None:
    site = SiteFactory.create()
    RosterAssignmentFactory.create(shift=night, radiologist=wu, start_date=date(2026, 2, 1))
    made = publish(kind=CalendarKind.TEAM, site=site)
    feed = CalendarFeed.objects.get(pk=made.feed.pk)
    written = {
        (duty.person_id, duty.shift.code, duty.start_at, duty.end_at)
        for duty in duties(feed, at=MORNING)
    }
    _status, content, _headers = read(made)
    found = read_feed(content, *days_around(MORNING), "UTC")
    entries = feeds.read_entries(found, feeds.Parts()).entries
    assert found.problems == []
    assert {
        (entry.people[0], entry.shift, entry.start_at, entry.end_at) for entry in entries
    } == written
    assert len(written) == len(entries) > 180
    assert spans(content)[0][0].endswith(" - Night, all")


def test_uids_stay_while_the_turn_does_and_a_turn_that_is_gone_vanishes(
    lee: Radiologist, night: Shift
) -> None:
    made = publish(kind=CalendarKind.SHIFT, shift=night)
    before = uids(read(made)[1])
    lee.roster.update(end_date=date(2026, 4, 6))
    after = uids(read(made)[1])
    assert (len(before), len(after)) == (7, 6)
    assert set(after) < set(before)


def uids(content: bytes) -> list[str]:
    return [str(event["UID"]) for event in icalendar.Calendar.from_ical(content).walk("VEVENT")]


def test_only_the_digest_is_kept_and_an_unknown_or_revoked_address_is_404(
    lee: Radiologist,
) -> None:
    made = publish(kind=CalendarKind.PERSON, radiologist=lee)
    assert made.secret not in str(CalendarFeed.objects.values().get())
    assert len(made.secret) >= 43
    assert read(made)[0] == 200
    again = calendars.renew(made.feed, actor=_ME, at=MORNING)
    assert (read(made)[0], read(again)[0]) == (404, 200)
    calendars.revoke(again.feed, at=MORNING)
    assert read(again)[0] == 404
    assert read(Made(made.feed, "x" * 43))[0] == 404


def test_a_reader_that_has_it_hears_that_nothing_changed(lee: Radiologist, night: Shift) -> None:
    made = publish(kind=CalendarKind.PERSON, radiologist=lee)
    _status, _content, headers = read(made)
    assert headers["Cache-Control"] == "private, max-age=900"
    again = read(made, if_none_match=headers["ETag"])
    assert (again[0], again[1]) == (304, b"")
    RosterAssignmentFactory.create(
        shift=night, radiologist=lee, start_date=date(2026, 5, 1), end_date=date(2026, 5, 1)
    )
    assert read(made, if_none_match=headers["ETag"])[0] == 200


def test_it_is_noted_when_a_calendar_was_read(lee: Radiologist) -> None:
    made = publish(kind=CalendarKind.PERSON, radiologist=lee)
    assert not CalendarUse.objects.exists()
    read(made)
    assert CalendarUse.objects.get().read_at == MORNING


def test_somebody_switched_off_is_on_no_calendar(night: Shift) -> None:
    made = publish(kind=CalendarKind.SHIFT, shift=night)
    Radiologist.objects.update(is_active=False)
    assert uids(read(made)[1]) == []


@pytest.mark.parametrize("line", ["x" * 75, "x" * 76, "ü" * 200, "😀" * 60])
def test_no_line_is_longer_than_75_bytes_and_no_sign_is_cut(line: str) -> None:
    pieces = folded(line).split("\r\n")
    assert max(len(piece.encode()) for piece in pieces) <= 75
    assert pieces[0] + "".join(piece[1:] for piece in pieces[1:]) == line
