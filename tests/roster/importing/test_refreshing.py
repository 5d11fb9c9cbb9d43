"""Feeds: read when due, kept when they fail, applied by themselves or after a look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
import time_machine

from apps.core.access import EVERYWHERE, NOWHERE
from apps.roster.exceptions import FetchError
from apps.roster.importing import ical, refreshing
from apps.roster.importing.fetching import Asked, Fetched
from apps.roster.importing.planning import plan_of
from apps.roster.models import RosterAssignment, RosterOverride, RosterSource, RosterSourceState
from apps.roster.queries import sources as queries
from tests.factories import SiteFactory
from tests.factories.sources import MORNING, FeedFactory

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("day_shift", "night", "lee", "wu")]


class Host:
    """Stands in for the web: what the next fetch gets, and what it was asked."""

    def __init__(self) -> None:
        self.answer: bytes | str | None = b""
        self.asked: list[Asked] = []

    def __call__(self, asked: Asked, **_more: object) -> Fetched:
        self.asked.append(asked)
        if isinstance(self.answer, str):
            raise FetchError(self.answer)
        return Fetched(self.answer, etag='"one"')


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    found = Host()
    monkeypatch.setattr(refreshing, "fetch", found)
    return found


def calendar(*turns: str) -> bytes:
    """Return a feed of ``Ann Lee - MRI1 20260209T080000 PT8H``."""
    events = []
    for number, turn in enumerate(turns):
        summary, start, length = turn.rsplit(" ", 2)
        events.append(
            f"BEGIN:VEVENT\r\nUID:{number}\r\nSUMMARY:{summary}\r\nDTSTART:{start}\r\n"
            f"DURATION:{length}\r\nEND:VEVENT\r\n"
        )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def rows() -> list[str]:
    found = RosterAssignment.objects.order_by("radiologist", "start_date")
    return [f"{row.shift.code} {row.radiologist_id} {row.start_date}" for row in found]


def state(source: RosterSource) -> RosterSourceState:
    return queries.state_of(source)


def read_at(moment: object = MORNING) -> int:
    with time_machine.travel(moment, tick=False):  # type: ignore[arg-type] # a datetime
        return refreshing.refresh_next()


def test_a_feed_that_applies_itself_becomes_the_roster(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True)
    host.answer = calendar(
        "Ann Lee - MRI1 20260209T080000 PT8H",
        "Ann Lee - NIGHT 20260210T220000 PT8H",
        "Bo Wu - MRI1 20260209T080000 PT4H",
    )
    assert read_at() == 1
    assert rows() == ["MRI1 DR_LEE 2026-02-09", "NIGHT DR_LEE 2026-02-10"]
    assert RosterOverride.objects.get().radiologist_id == "DR_WU"
    assert (state(source).error, state(source).progress) == ("", "")
    assert read_at() == 0, "it is read again an hour later"
    host.answer = None
    assert read_at(MORNING + timedelta(hours=1)) == 1
    assert host.asked[-1].etag == '"one"'
    assert len(rows()) == 2


def test_without_that_the_changes_wait_for_a_look(host: Host) -> None:
    source = FeedFactory.create()
    host.answer = calendar("Ann Lee - MRI1 20260209T080000 PT8H")
    read_at()
    assert rows() == []
    assert queries.waiting_sources(EVERYWHERE) == [source]
    assert plan_of(source, EVERYWHERE, at=MORNING).added == 1


def test_a_feed_that_fails_keeps_the_roster_says_so_and_tries_again(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True, every_minutes=240)
    host.answer = calendar("Ann Lee - MRI1 20260209T080000 PT8H")
    read_at()
    host.answer = "The host refused the connection."
    later = MORNING + timedelta(hours=4)
    read_at(later)
    assert rows() == ["MRI1 DR_LEE 2026-02-09"]
    failing = queries.failing_sources(EVERYWHERE)
    assert [(one.id, one.error, one.good_at) for one in failing] == [
        (source.pk, "The host refused the connection.", MORNING)
    ]
    assert queries.failing_sources(NOWHERE) == []
    assert state(source).due_at == later + timedelta(minutes=10)
    host.answer = b"<html>Sign in</html>"
    read_at(later + timedelta(minutes=10))
    assert "no iCalendar" in state(source).error
    assert rows() == ["MRI1 DR_LEE 2026-02-09"]
    host.answer = calendar(
        "Ann Lee - MRI1 20260209T080000 PT8H", "Ann Lee - MRI1 20260211T080000 PT8H"
    )
    read_at(later + timedelta(minutes=20))
    both = ["MRI1 DR_LEE 2026-02-09", "MRI1 DR_LEE 2026-02-11"]
    assert (rows(), queries.failing_sources(EVERYWHERE)) == (both, [])


def test_an_empty_calendar_does_not_empty_the_roster_by_itself(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True)
    turns = [f"Ann Lee - MRI1 202602{day:02}T080000 PT8H" for day in range(9, 25)]
    host.answer = calendar(*turns)
    read_at()
    host.answer = calendar()
    read_at(MORNING + timedelta(hours=1))
    assert RosterAssignment.objects.count() == 1
    assert state(source).found["held_back"] == "It would take away 16 of 16 turns."


TEN = [f"Ann Lee - MRI1 202602{day}T080000 PT8H" for day in (10, 11, 12, 13, 16, 17, 18)]


@pytest.mark.parametrize(
    "cut",
    [
        pytest.param(lambda text: text.removesuffix(b"END:VCALENDAR\r\n"), id="no end"),
        pytest.param(lambda text: text[: text.index(b"UID:3") + 4], id="inside an event"),
        pytest.param(lambda text: text[: text.index(b"BEGIN:VEVENT")], id="before the events"),
    ],
)
def test_a_feed_that_is_cut_off_changes_nothing_and_says_so(
    host: Host, cut: Callable[[bytes], bytes]
) -> None:
    source = FeedFactory.create(applies_itself=True)
    host.answer = calendar(*TEN)
    read_at()
    before = rows()
    host.answer = cut(calendar(*TEN))
    read_at(MORNING + timedelta(hours=1))
    assert (rows(), plan_of(source, EVERYWHERE, at=MORNING).removed) == (before, 0)
    assert "cut off" in state(source).error


@pytest.mark.parametrize("left", [0, 1, 3], ids=["none", "one", "most gone"])
def test_a_feed_that_gives_up_most_of_its_turns_waits_for_a_look(host: Host, left: int) -> None:
    source = FeedFactory.create(applies_itself=True)
    host.answer = calendar(*TEN)
    read_at()
    before = rows()
    host.answer = calendar(*TEN[:left])
    read_at(MORNING + timedelta(hours=1))
    assert rows() == before
    assert state(source).found["held_back"] == f"It would take away {7 - left} of 7 turns."


def test_a_feed_that_leaves_a_turn_to_nobody_waits_for_a_look(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True)
    host.answer = calendar(*TEN)
    read_at()
    host.answer = calendar(*TEN[:-1])
    read_at(MORNING + timedelta(hours=1))
    assert rows()[-1] == "MRI1 DR_LEE 2026-02-16"
    assert RosterAssignment.objects.get(start_date="2026-02-16").end_date == date(2026, 2, 18)
    held = "1 turn would be left without a reader: MRI1 (1); the first on"
    assert state(source).found["held_back"].startswith(held)
    # Once somebody else is there too, nobody needs to look.
    host.answer = calendar(*TEN[:-1], "Bo Wu - MRI1 20260218T080000 PT8H")
    read_at(MORNING + timedelta(hours=2))
    assert "MRI1 DR_WU 2026-02-18" in rows()
    assert not state(source).found.get("held_back")


def test_a_feed_that_had_to_be_ended_waits_longer_each_time_and_others_go_on(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ical, "_LONGEST_SECONDS", 0.2)
    source, other = FeedFactory.create(every_minutes=60), FeedFactory.create()
    refreshing.ask(other, at=MORNING + timedelta(days=1))
    never = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\r\nEND:VEVENT"
    one = calendar("Ann Lee - MRI1 20260209T080000 PT8H")
    host.answer = one.replace(b"END:VEVENT", never.encode())
    read_at(MORNING)
    assert state(source).due_at == MORNING + timedelta(hours=2)
    read_at(MORNING + timedelta(hours=2))
    assert state(source).due_at == MORNING + timedelta(hours=6)
    assert state(source).error == "Working out what repeats takes more than a minute."
    host.answer = one
    assert read_at(MORNING + timedelta(days=1)) == 1
    assert read_at(MORNING + timedelta(days=1)) == 1
    found = state(source), state(other)
    assert [(one.error, "over_time" in one.found) for one in found] == [("", False)] * 2


def test_what_was_taken_back_is_not_done_again_without_a_look(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True)
    host.answer = calendar("Ann Lee - MRI1 20260209T080000 PT8H")
    read_at()
    RosterAssignment.objects.all().delete()
    read_at(MORNING + timedelta(hours=1))
    assert rows() == []
    assert state(source).found["held_back"] == "It was applied before, and taken back."


def test_a_feed_of_one_site_writes_no_other_sites_shifts(host: Host) -> None:
    source = FeedFactory.create(applies_itself=True, site=SiteFactory.create())
    host.answer = calendar("DR_LEE - MRI1 20260209T080000 PT8H")
    read_at()
    assert rows() == []
    assert state(source).found["unknown"] == 1


def test_a_switched_off_feed_is_not_read(host: Host) -> None:
    FeedFactory.create(is_enabled=False)
    assert (read_at(), host.asked) == (0, [])


def test_what_was_tried_is_written_down_before_the_network_is_touched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = FeedFactory.create()

    def die(*_args: object, **_more: object) -> Fetched:
        assert state(source).due_at == MORNING + timedelta(hours=1)
        raise ValueError("made up")

    monkeypatch.setattr(refreshing, "fetch", die)
    with pytest.raises(ValueError, match="made up"):
        read_at()
    assert state(source).error == "It cannot be read (ValueError)."


def test_somebody_stops_the_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    source = FeedFactory.create()

    def slow(_asked: Asked, *, progress: refreshing._Progress) -> Fetched:
        refreshing.cancel(source, at=MORNING)
        progress("half of it")
        raise AssertionError("it went on")

    monkeypatch.setattr(refreshing, "fetch", slow)
    read_at()
    assert (state(source).error, state(source).progress) == ("", "")


def test_asking_for_it_makes_it_due_at_once(host: Host) -> None:
    source = FeedFactory.create()
    read_at()
    assert queries.due_since(MORNING) is None
    refreshing.ask(source, at=MORNING)
    assert queries.due_since(MORNING) == MORNING
    assert (read_at(), len(host.asked)) == (1, 2)
