"""Other work that is logged: by readers for themselves, by managers for anybody, by being busy."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.roster.choices import PresenceChoices
from apps.roster.models import Radiologist, RadiologistSite, WorkCredit
from apps.roster.services.presence import set_presence
from tests.factories import RadiologistFactory, SiteFactory
from tests.support.people import client_of, person, signed_in

_CLOCK = ZoneInfo("Australia/Brisbane")
"""On which people without another zone look."""


@pytest.fixture
def reader(db: None) -> Radiologist:  # noqa: ARG001 -- a fixture for its effect
    made: Radiologist = RadiologistFactory.create(user=person(Role.RADIOLOGIST))
    return made


def browser_of(reader: Radiologist) -> Client:
    assert reader.user is not None
    return client_of(reader.user)


def said(start: datetime, end: datetime, **changes: str) -> dict[str, str]:
    local = [f"{moment.astimezone(_CLOCK):%Y-%m-%dT%H:%M}" for moment in (start, end)]
    return {"kind": "board", "start_at": local[0], "end_at": local[1], "note": ""} | changes


def hours_ago(hours: float) -> datetime:
    return clock.now().replace(second=0, microsecond=0) - timedelta(hours=hours)


def spans() -> list[tuple[str, timedelta]]:
    return [(row.kind, row.end_at - row.start_at) for row in WorkCredit.objects.order_by("pk")]


@pytest.mark.db
def test_a_reader_logs_changes_and_deletes_their_own(reader: Radiologist) -> None:
    browser = browser_of(reader)

    browser.post(reverse("my-credit-add"), said(hours_ago(3), hours_ago(2)))
    (credit,) = WorkCredit.objects.all()
    assert credit.radiologist_id == reader.pk
    browser.post(reverse("my-credit", args=[credit.pk]), said(hours_ago(3), hours_ago(1)))
    assert spans() == [("board", timedelta(hours=2))]
    page = browser.get(reverse("my-share")).content.decode()
    assert "Tumour board or meeting" in page
    assert "Undo" not in page

    browser.post(reverse("my-credit-delete", args=[credit.pk]))
    assert spans() == []


@pytest.mark.db
@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (24 * 8, 24 * 8 - 1, "ask a manager"),
        (2, 3, "before the start"),
        (30, 2, "longer than 24 hours"),
        (-20, -30, "more than a day ahead"),
    ],
    ids=["long ago", "upside down", "too long", "far ahead"],
)
def test_what_cannot_be_logged_is_said(
    reader: Radiologist, start: float, end: float, words: str
) -> None:
    answer = browser_of(reader).post(
        reverse("my-credit-add"), said(hours_ago(start), hours_ago(end))
    )

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert spans() == []


@pytest.mark.db
def test_nobody_reaches_anothers_and_old_ones_stay(reader: Radiologist) -> None:
    other = RadiologistFactory.create()
    rows = [
        WorkCredit.objects.create(
            radiologist=who, kind="call", start_at=hours_ago(ago), end_at=hours_ago(ago - 1)
        )
        for who, ago in ((other, 2), (reader, 24 * 9))
    ]
    browser = browser_of(reader)

    for row in rows:
        assert browser.get(reverse("my-credit", args=[row.pk])).status_code == 404
        assert browser.post(reverse("my-credit-delete", args=[row.pk])).status_code == 404
    assert len(spans()) == 2


@pytest.mark.db
def test_a_manager_logs_for_their_own_site_with_history_and_undo(reader: Radiologist) -> None:
    site = SiteFactory.create()
    RadiologistSite.objects.create(radiologist=reader, site=site)
    manager = signed_in(Role.MANAGER, site=site)
    foreign = signed_in(Role.MANAGER, site=SiteFactory.create())
    address = reverse("credit-add", args=[reader.pk])
    lines = said(hours_ago(24 * 10), hours_ago(24 * 10 - 1))

    assert foreign.post(address, lines).status_code == 404
    assert manager.post(address, lines).status_code == 302

    (credit,) = WorkCredit.objects.all()
    page = manager.get(reverse("credit", args=[reader.pk, credit.pk])).content.decode()
    assert "History" in page
    changed_in = AuditEvent.objects.get(entity="roster_workcredit", action="insert").request_id
    manager.post(reverse("undo", args=[changed_in]))
    assert spans() == []


@pytest.mark.db
def test_what_is_logged_twice_is_said_to_count_once(reader: Radiologist) -> None:
    browser = browser_of(reader)
    browser.post(reverse("my-credit-add"), said(hours_ago(3), hours_ago(2)))

    page = browser.post(
        reverse("my-credit-add"), said(hours_ago(2.5), hours_ago(1)) | {"preview": "1"}
    ).content.decode()

    assert "1 h come out of the hours that count" in page
    assert "30 min of it are logged already and count once." in page


@pytest.mark.db
def test_being_busy_is_logged_until_it_ends(reader: Radiologist) -> None:
    at = clock.now()

    def say(presence: PresenceChoices, after: int, minutes: int = 20) -> None:
        set_presence(
            radiologist_id=reader.pk,
            presence=presence,
            at=at + timedelta(minutes=after),
            busy_minutes=minutes,
        )

    say(PresenceChoices.BUSY, 0)
    assert spans() == [("busy", timedelta(minutes=20))]
    say(PresenceChoices.BUSY, 5, minutes=40)
    say(PresenceChoices.ONLINE, 15)

    assert spans() == [("busy", timedelta(minutes=5)), ("busy", timedelta(minutes=10))]
