"""A sender that falls silent in its usual hours: when, who is told, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from apps.audit.models import AuditEvent
from apps.core import due
from apps.core.models import DueTime
from apps.intake.models import SenderContact, SenderProfile, SenderProfileVersion
from apps.intake.queries.silence import hours_in_words, silent_senders
from apps.intake.services.silence import on_due
from apps.intake.silence import ALL, KIND, UsualHours, silence_begins, silent_from
from tests.factories.catalog import SiteFactory
from tests.factories.intake import SenderProfileFactory

OFFICE = UsualHours("Australia/Brisbane", frozenset({1, 2, 3, 4, 5}), time(7), time(19))
NIGHT = UsualHours("Australia/Brisbane", frozenset({5}), time(22), time(6))
BERLIN = UsualHours("Europe/Berlin", frozenset(), time(22), time(6))
BERLIN_EARLY = UsualHours("Europe/Berlin", frozenset(), time(1), time(4))
BERLIN_ALL_DAY = UsualHours("Europe/Berlin", frozenset({6, 7}))


def at(text: str, offset: str = "+10:00") -> datetime:
    """Return a moment of 2026: ``02-06 18:30``, on Brisbane's clock."""
    return datetime.fromisoformat(f"2026-{text}{offset}")


@pytest.mark.parametrize(
    ("hours", "last", "minutes", "silent"),
    [
        # 2 February 2026 is a Monday.
        (OFFICE, at("02-02 10:02"), 60, at("02-02 11:02")),
        (OFFICE, at("02-02 03:00"), 60, at("02-02 08:00")),
        (OFFICE, at("02-02 18:30"), 30, at("02-02 19:00")),
        (OFFICE, at("02-02 18:30"), 31, at("02-03 07:01")),
        (OFFICE, at("02-06 18:30"), 60, at("02-09 07:30")),
        (OFFICE, at("02-07 12:00"), 60, at("02-09 08:00")),
        (OFFICE, at("02-02 07:00"), 60 * 24, at("02-03 19:00")),
        # A night belongs to the day on which it begins.
        (NIGHT, at("02-06 23:00"), 120, at("02-07 01:00")),
        (NIGHT, at("02-07 05:00"), 120, at("02-13 23:00")),
        (NIGHT, at("02-07 06:00"), 60, at("02-13 23:00")),
        # 29 March 2026, 02:00 becomes 03:00: the night is an hour shorter.
        (BERLIN, at("03-28 22:00", "+01:00"), 7 * 60, at("03-29 06:00", "+02:00")),
        (BERLIN, at("03-28 22:00", "+01:00"), 7 * 60 + 1, at("03-29 22:01", "+02:00")),
        (BERLIN_EARLY, at("03-29 00:00", "+01:00"), 120, at("03-29 04:00", "+02:00")),
        # 25 October 2026, 03:00 becomes 02:00 again: it is an hour longer.
        (BERLIN, at("10-24 22:00", "+02:00"), 9 * 60, at("10-25 06:00", "+01:00")),
        (BERLIN_EARLY, at("10-25 00:30", "+02:00"), 240, at("10-25 04:00", "+01:00")),
        (BERLIN_ALL_DAY, at("03-28 00:00", "+01:00"), 47 * 60, at("03-30 00:00", "+02:00")),
        (BERLIN_ALL_DAY, at("10-24 00:00", "+02:00"), 49 * 60, at("10-26 00:00", "+01:00")),
        (UsualHours("UTC"), at("02-06 18:30", "+00:00"), 60, at("02-06 19:30", "+00:00")),
        (
            UsualHours("UTC", frozenset(), time(8), time(8)),
            at("02-06 07:30", "+00:00"),
            60,
            at("02-06 08:30", "+00:00"),
        ),
        (UsualHours("UTC", frozenset({2}), time(8)), at("02-02 09:00", "+00:00"), 60,
         at("02-03 09:00", "+00:00")),
        (UsualHours("UTC", frozenset(), None, time(8)), at("02-02 09:00", "+00:00"), 60,
         at("02-03 01:00", "+00:00")),
        (NIGHT, at("02-07 05:00"), 60 * 24 * 365, None),
    ],
)  # fmt: skip
def test_only_usual_time_counts(
    hours: UsualHours, last: datetime, minutes: int, silent: datetime | None
) -> None:
    assert silent_from(hours, last, timedelta(minutes=minutes)) == silent


@pytest.mark.parametrize(
    ("hours", "last", "begins"),
    [
        (OFFICE, at("02-02 10:02"), at("02-02 10:02")),
        (OFFICE, at("02-02 03:00"), at("02-02 07:00")),
        (OFFICE, at("02-06 19:00"), at("02-09 07:00")),
        (NIGHT, at("02-07 03:00"), at("02-07 03:00")),
        (UsualHours("UTC"), at("02-07 03:00"), at("02-07 03:00")),
    ],
)
def test_a_silence_begins_with_the_last_message_or_the_first_usual_moment_after_it(
    hours: UsualHours, last: datetime, begins: datetime
) -> None:
    assert silence_begins(hours, last) == begins


@pytest.mark.parametrize(
    ("hours", "words"),
    [
        (OFFICE, "Mon to Fri 07:00 to 19:00"),
        (NIGHT, "Fri 22:00 to 06:00"),
        (BERLIN, "every day 22:00 to 06:00"),
        (BERLIN_ALL_DAY, "Sat, Sun, all day"),
        (UsualHours("UTC"), "at any time"),
    ],
)
def test_usual_hours_in_words(hours: UsualHours, words: str) -> None:
    assert hours_in_words(hours) == words


LAST = at("02-02 10:02")


def watched(**values: Any) -> SenderProfile:
    site = SiteFactory.create(time_zone="Australia/Brisbane")
    return SenderProfileFactory.create(
        **{
            "name": "PACS at Robina",
            "application": "PACS",
            "facility": "Robina",
            "default_site": site,
            "usual_weekdays": [1, 2, 3, 4, 5],
            "usual_from_local": time(7),
            "usual_until_local": time(19),
            "silent_after_minutes": 60,
            **values,
        }
    )


def heard(last_at: datetime = LAST, **names: str) -> SenderContact:
    names = {"application": "PACS", "facility": "Robina", **names}
    return SenderContact.objects.create(last_at=last_at, **names)


def look(moment: datetime) -> list[tuple[str, datetime | None]]:
    """Look at a moment; return who is silent since when."""
    on_due(due.Due(KIND, ALL, moment), moment)
    return [(sender.name, sender.silent_since) for sender in silent_senders()]


def next_look() -> datetime:
    return DueTime.objects.get(kind=KIND, subject=ALL).due_at


def trail() -> Sequence[tuple[str, str]]:
    rows = AuditEvent.objects.filter(entity="intake_sendercontact").order_by("id")
    return list(rows.values_list("action", "actor"))


@pytest.mark.db
def test_an_alert_is_raised_once_and_ends_when_the_sender_speaks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watched()
    contact = heard()

    assert look(at("02-02 11:01")) == []
    assert next_look() == at("02-02 11:02")
    assert look(at("02-02 11:02")) == [("PACS at Robina", LAST)]
    assert look(at("02-02 12:00")) == [("PACS at Robina", LAST)]
    assert next_look() == at("02-02 12:01")
    SenderContact.objects.filter(pk=contact.pk).update(last_at=at("02-02 12:00"))
    assert look(at("02-02 12:01")) == []

    assert trail() == [
        ("silent", "system:silence-watch"),
        ("silence_ended", "system:silence-watch"),
    ]
    [warning] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert warning.getMessage().startswith("nothing comes from sender PACS at Robina since")


@pytest.mark.db
def test_a_weekend_is_no_silence() -> None:
    watched()
    heard(at("02-06 18:30"))

    assert look(at("02-08 23:00")) == []
    assert look(at("02-09 07:29")) == []
    assert look(at("02-09 07:30")) == [("PACS at Robina", at("02-06 18:30"))]


@pytest.mark.db
def test_a_sender_that_never_spoke_is_missed_from_the_edit_of_its_profile_on() -> None:
    profile = watched(usual_weekdays=[], usual_from_local=None, usual_until_local=None)
    edited_at = SenderProfileVersion.objects.get(profile_id=profile.pk).at

    assert look(edited_at + timedelta(minutes=59)) == []
    assert look(edited_at + timedelta(minutes=60)) == [("PACS at Robina", edited_at)]


@pytest.mark.db
def test_whoever_is_not_watched_is_never_silent_and_an_alert_ends_with_the_watch() -> None:
    profile = watched()
    SenderProfileFactory.create(facility="Tweed")
    heard()
    heard(application="", facility="Tweed")
    assert look(at("02-02 12:00")) == [("PACS at Robina", LAST)]

    profile.silent_after_minutes = None
    profile.save()

    DueTime.objects.all().delete()  # as whoever runs what is due takes it
    assert look(at("02-02 12:01")) == []
    assert not DueTime.objects.exists()
    assert SenderContact.objects.filter(silent_since__isnull=False).count() == 0
    assert [action for action, _ in trail()] == ["silent", "silence_ended"]


@pytest.mark.db
def test_an_edit_that_asks_for_less_ends_the_alert_too() -> None:
    profile = watched()
    heard()
    assert look(at("02-02 12:00")) != []

    profile.silent_after_minutes = 600
    profile.save()

    assert look(at("02-02 12:01")) == []


@pytest.mark.db
def test_a_message_that_comes_while_we_look_is_not_overlooked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched()
    heard()
    real = SenderContact.objects.get_or_create

    def late(**values: Any) -> tuple[SenderContact, bool]:
        SenderContact.objects.update(last_at=at("02-02 12:00"))
        return real(**values)

    monkeypatch.setattr(SenderContact.objects, "get_or_create", late)

    assert look(at("02-02 12:00")) == []
    assert trail() == []


@pytest.mark.db
def test_the_sites_of_the_viewer_say_whose_silence_they_see() -> None:
    site = SiteFactory.create()
    own = watched(default_site=site, name="own")
    watched(name="other", application="RIS")
    nobodys = watched(name="at no site", application="", default_site=None)
    heard()
    heard(application="RIS")
    heard(application="")
    look(at("02-02 18:00"))

    seen = [sender.profile_id for sender in silent_senders() if sender.concerns({site.pk})]

    assert seen == [own.pk, nobodys.pk]


@pytest.mark.db
def test_a_zone_that_is_unknown_stops_the_watch_of_nobody() -> None:
    watched()
    SenderProfile.objects.filter().update(time_zone="Mars/Olympus")
    heard()

    assert look(at("02-03 23:00")) == [("PACS at Robina", at("02-02 07:00", "+00:00"))]


@pytest.mark.db
def test_words_name_the_sender_and_its_own_clock() -> None:
    watched()
    heard()
    look(at("02-02 12:00").astimezone(UTC))

    [sender] = silent_senders()

    assert (sender.since_words, sender.usually) == ("Mon 2 Feb 10:02", "Mon to Fri 07:00 to 19:00")
