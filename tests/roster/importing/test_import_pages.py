"""The pages of rosters from elsewhere: who may, what is shown, what is written, what is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.audit.models import AuditEvent
from apps.audit.queries.history import history
from apps.catalog.models import Site
from apps.core.actor import Actor, acting_as
from apps.roster.importing import refreshing
from apps.roster.importing.fetching import Fetched
from apps.roster.models import (
    CalendarFeed,
    RosterAssignment,
    RosterName,
    RosterSource,
    RosterSourceState,
)
from apps.roster.queries.sources import subject_of
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory, SiteFactory
from tests.factories.people import UserFactory
from tests.factories.sources import MORNING, FeedFactory, RosterSourceFactory

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("day_shift", "night", "lee", "wu")]

HOME = "/roster/import/"
Response = Any
"""What the test client answers; its own type is private."""


@pytest.fixture(autouse=True)
def morning() -> Iterator[None]:
    with time_machine.travel(MORNING, tick=False):
        yield


def signed_in(role: Role, site: Site | None = None) -> Client:
    user = UserFactory.create()
    RoleGrant.objects.create(user=user, role=role, site=site)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def send(client: Client, *rows: str, **more: str) -> Response:
    text = "\r\n".join(["person,shift,date,end date", *rows])
    file = SimpleUploadedFile("February.csv", text.encode())
    values = {"file": file, "time_zone": "Australia/Brisbane", **more}
    return client.post(HOME, values)


def page_of(client: Client, source: RosterSource, **query: str) -> str:
    return client.get(reverse("roster-source", args=[source.pk]), query).content.decode()


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="(\w+)"', page)
    assert found is not None, "there is nothing to apply"
    return found[1]


def apply(client: Client, source: RosterSource, digest: str | None = None) -> Response:
    sent = digest_in(page_of(client, source)) if digest is None else digest
    address = reverse("roster-source", args=[source.pk])
    return client.post(address, {"apply": "1", "digest": sent})


def test_a_file_is_sent_looked_at_applied_and_taken_back_as_a_whole(manager: Client) -> None:
    answer = send(manager, "Ann Lee,MRI1,2026-02-09,2026-02-13", "Bo Wu,NIGHT,2026-02-09,")
    source = RosterSource.objects.get()
    assert answer.headers["Location"] == reverse("roster-source", args=[source.pk])
    page = page_of(manager, source)
    assert "9 Feb 2026 to 13 Feb 2026" in page
    assert "Turns: 6 come." in page
    assert not RosterAssignment.objects.exists(), "nothing is written until it is confirmed"
    apply(manager, source)
    assert RosterAssignment.objects.filter(source=source).count() == 2
    undo = re.search(r'action="(/undo/[^"]+)"', page_of(manager, source))
    assert undo is not None
    manager.post(undo[1])
    assert not RosterAssignment.objects.exists()
    assert {"insert", "delete"} <= set(
        AuditEvent.objects.filter(entity="roster_rosterassignment").values_list(
            "action", flat=True
        )
    )


def test_a_manager_of_a_site_takes_back_what_they_imported(site: Site) -> None:
    client = signed_in(Role.MANAGER, site)
    shift = ShiftFactory.create(code="OWN", all_sites=False)
    shift.site_rows.create(site=site)
    send(client, "DR_LEE,OWN,2026-02-09,", site=str(site.pk))
    source = RosterSource.objects.get()
    apply(client, source)
    assert RosterAssignment.objects.count() == 1
    undo = re.search(r'action="(/undo/[^"]+)"', page_of(client, source))
    assert undo is not None
    client.post(undo[1])
    assert not RosterAssignment.objects.exists()


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="ROBINA")


def test_unknown_names_are_matched_and_remembered(manager: Client) -> None:
    send(manager, "Lee,MRI1,2026-02-09,", "OFF,MRI1,2026-02-10,", "Ann Lee,Day MR,2026-02-11,")
    source = RosterSource.objects.get()
    page = page_of(manager, source)
    assert "3 names are not known" in page
    assert "DR Ann Lee (DR_LEE)" in page
    answer = manager.post(
        reverse("roster-source-names", args=[source.pk]),
        {
            "n0-kind": "person", "n0-text": "Lee", "n0-means": "is:DR_LEE",
            "n1-kind": "person", "n1-text": "OFF", "n1-means": "ignore",
            "n2-kind": "shift", "n2-text": "Day MR", "n2-means": "other", "n2-other": "mri1",
        },
    )  # fmt: skip
    assert answer.status_code == 302
    assert sorted(RosterName.objects.values_list("text", "is_ignored")) == [
        ("Day MR", False),
        ("Lee", False),
        ("OFF", True),
    ]
    assert "Turns: 2 come." in page_of(manager, source)
    name = RosterName.objects.get(text="OFF")
    manager.post(reverse("roster-source-forget", args=[source.pk, name.pk]))
    assert "1 name is not known" in page_of(manager, source)


def test_a_name_that_nobody_has_is_told(manager: Client) -> None:
    send(manager, "Lee,MRI1,2026-02-09,")
    source = RosterSource.objects.get()
    answer = manager.post(
        reverse("roster-source-names", args=[source.pk]),
        {"n0-kind": "person", "n0-text": "Lee", "n0-means": "other", "n0-other": "nobody"},
    )
    assert answer.status_code == 422
    assert "Choose one from the list." in answer.content.decode()
    assert not RosterName.objects.exists()


def test_somebody_else_was_quicker_so_it_is_shown_anew(manager: Client) -> None:
    send(manager, "Ann Lee,MRI1,2026-02-09,", "Bo Wu,MRI1,2026-02-09,")
    source = RosterSource.objects.get()
    shown = digest_in(page_of(manager, source))
    send(manager, "Ann Lee,MRI1,2026-02-10,", source=str(source.pk))
    answer = apply(manager, source, shown)
    assert answer.status_code == 409
    assert "Nothing was written: look again." in answer.content.decode()
    assert not RosterAssignment.objects.exists()


def test_dates_that_two_orders_read_are_asked_for_and_then_read(manager: Client) -> None:
    send(manager, "Ann Lee,MRI1,03/04/2026,")
    source = RosterSource.objects.get()
    assert "Which comes first in its dates" in page_of(manager, source)
    address = reverse("roster-source-reading", args=[source.pk])
    values = {"shape": "lines", "head": "0", "order": "month", "tolerance": "60"}
    columns = {"column_person": "0", "column_shift": "1", "column_date": "2"}
    manager.post(address, {**values, **columns, "save": "1"})
    assert "4 Mar 2026" in page_of(manager, source)


def test_a_discarded_file_leaves_nothing(manager: Client) -> None:
    send(manager, "Ann Lee,MRI1,2026-02-09,")
    source = RosterSource.objects.get()
    manager.post(reverse("roster-source", args=[source.pk]), {"drop": "1"})
    assert not RosterSource.objects.exists()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("a.xlsx", b"PK\x03\x04 and no more", "not an Excel workbook"),
        ("a.csv", b'person,"shift', "not well formed"),
        ("a.csv", b"\r\n", "empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_makes_no_source(
    manager: Client, name: str, content: bytes, why: str
) -> None:
    values = {"file": SimpleUploadedFile(name, content), "time_zone": "Australia/Brisbane"}
    answer = manager.post(HOME, values)
    assert answer.status_code == 422
    assert re.search(why, answer.content.decode())
    assert not RosterSource.objects.exists()


def test_another_sites_source_does_not_exist(site: Site) -> None:
    client, foreign = signed_in(Role.MANAGER, site), FeedFactory.create(site=SiteFactory.create())
    ours = FeedFactory.create(site=site)
    everywhere = FeedFactory.create()
    for source, expected in ((ours, 200), (foreign, 404), (everywhere, 404)):
        answer = client.get(reverse("roster-source", args=[source.pk]))
        assert answer.status_code == expected
    listed = client.get(HOME).content.decode()
    assert (ours.name in listed, foreign.name in listed) == (True, False)


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.TECHNICIAN, Role.AUDITOR])
def test_who_changes_no_roster_imports_none(role: Role) -> None:
    assert signed_in(role).get(HOME).status_code == 403


def test_the_list_costs_the_same_for_one_source_and_a_hundred(manager: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            manager.get(HOME)
        return len(found)

    RosterSourceFactory.create()
    few = queries()
    for source in FeedFactory.create_batch(100):
        RosterSourceState.objects.create(source=source, error="x")
    assert queries() == few <= 15


def test_the_page_costs_the_same_for_one_turn_and_a_thousand(manager: Client) -> None:
    send(manager, "Ann Lee,MRI1,2026-02-09,")
    source = RosterSource.objects.get()

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            page_of(manager, source)
        return len(found)

    few = queries()
    rows = []
    for number in range(100):
        RadiologistFactory.create(id=f"R{number}")
        start = MORNING.date() + timedelta(days=number)
        rows.append(f"R{number},MRI1,{start},{start + timedelta(days=9)}")
    send(manager, *rows, source=str(source.pk))
    assert queries() == few <= 15


def test_a_feed_is_added_read_on_demand_stopped_and_says_why_it_failed(
    manager: Client,
) -> None:
    values = {
        "name": "QGenda", "url": "webcal://calendar.example/a.ics", "every_minutes": "60",
        "time_zone": "Australia/Brisbane", "days_ahead": "90", "removes_gone": "on",
        "is_enabled": "on",
    }  # fmt: skip
    assert manager.post(reverse("roster-feed-add"), {**values, "save": "1"}).status_code == 302
    source = RosterSource.objects.get()
    assert (source.kind, source.url) == ("ical", "https://calendar.example/a.ics")
    state = RosterSourceState.objects.get()
    assert (state.due_at, state.progress) == (MORNING, "Waits for its turn")
    progress = reverse("roster-source-progress", args=[source.pk])
    assert "HX-Refresh" not in manager.get(progress).headers
    manager.post(reverse("roster-source-cancel", args=[source.pk]))
    assert manager.get(progress).headers["HX-Refresh"] == "true"
    manager.post(reverse("roster-source-refresh", args=[source.pk]))
    RosterSourceState.objects.update(error="The host did not answer in time.", tried_at=MORNING)
    assert "The host did not answer in time." in page_of(manager, source)
    assert refreshing.due_since() == MORNING


@pytest.mark.parametrize("url", ["file:///etc/passwd", "https://a:b@x.org/", "x"])
def test_an_address_that_will_not_be_fetched_is_refused(manager: Client, url: str) -> None:
    values = {"name": "A", "url": url, "every_minutes": "60", "days_ahead": "90"}
    zone = {"time_zone": "Australia/Brisbane", "save": "1"}
    assert manager.post(reverse("roster-feed-add"), {**values, **zone}).status_code == 422
    assert not RosterSource.objects.exists()


def test_deleting_a_source_leaves_its_rows(manager: Client) -> None:
    send(manager, "Ann Lee,MRI1,2026-02-09,")
    source = RosterSource.objects.get()
    apply(manager, source)
    manager.post(reverse("roster-source-delete", args=[source.pk]))
    assert RosterAssignment.objects.get().source is None


def test_an_address_is_shown_once_and_only_to_whom_it_was_made_for(
    manager: Client, site: Site
) -> None:
    shift = ShiftFactory.create(code="OTHER", all_sites=False)
    shift.site_rows.create(site=SiteFactory.create())
    page = manager.post("/roster/calendars/", {"shift": shift.pk}).content.decode()
    found = re.search(r"http://testserver(/calendars/[\w-]{43}\.ics)", page)
    assert found is not None
    assert Client().get(found[1]).status_code == 200
    assert found[1] not in manager.get("/roster/calendars/").content.decode()
    foreign = signed_in(Role.MANAGER, site)
    feed = CalendarFeed.objects.get()
    revoke = reverse("roster-calendar-revoke", args=[feed.pk])
    assert foreign.post(revoke).status_code == 404
    assert foreign.post("/roster/calendars/", {"shift": shift.pk}).status_code == 422
    manager.post(revoke)
    assert Client().get(found[1]).status_code == 404


def test_a_reader_publishes_their_own_turns_alone() -> None:
    user = UserFactory.create()
    RoleGrant.objects.create(user=user, role=Role.RADIOLOGIST)
    reader = RadiologistFactory.create(id="DR_ME", user=user)
    RosterAssignmentFactory.create(radiologist=reader)
    client = Client()
    client.force_login(user)
    page = client.post("/my-calendars/").content.decode()
    found = re.search(r"/calendars/[\w-]{43}\.ics", page)
    assert found is not None
    assert b"X-RADASSIGN-PERSON:DR_ME" in Client().get(found[0]).content
    assert CalendarFeed.objects.get().radiologist == reader
    assert client.get("/roster/calendars/").status_code == 403


def feed_of(*days: int) -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{day}\r\nSUMMARY:Ann Lee - MRI1\r\n"
        f"DTSTART:202602{day:02}T080000\r\nDURATION:PT8H\r\nEND:VEVENT\r\n"
        for day in days
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{events}END:VCALENDAR\r\n".encode()


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> RosterSource:
    """Return a feed that made itself the roster just now."""
    monkeypatch.setattr(refreshing, "fetch", lambda _asked, **_more: Fetched(feed_of(9, 10)))
    feed = FeedFactory.create(applies_itself=True)
    assert refreshing.refresh_next() == 1
    assert RosterAssignment.objects.filter(source=feed).count() == 1
    return feed


def test_whoever_looks_after_a_feed_takes_back_what_it_did(
    manager: Client, applied: RosterSource
) -> None:
    with time_machine.travel(MORNING + timedelta(hours=2), tick=False):
        assert refreshing.refresh_next() == 1, "reading it again changes nothing"
        address = reverse("roster-source-undo", args=[applied.pk])
        assert address in page_of(manager, applied)
        page = manager.post(address, follow=True).content.decode()
        assert "1 change of the feed taken back" in page
        assert not RosterAssignment.objects.exists()
        assert address not in page, "it is done once"
        assert "It was applied before, and taken back." in page
    with time_machine.travel(MORNING + timedelta(hours=4), tick=False):
        refreshing.refresh_next()
    assert not RosterAssignment.objects.exists(), "it is not done again without a look"


def test_what_somebody_changed_since_is_not_taken_back(
    manager: Client, applied: RosterSource
) -> None:
    with acting_as(Actor("user", "bob"), "request-7"):
        RosterAssignment.objects.update(start_date="2026-02-10")
    answer = manager.post(reverse("roster-source-undo", args=[applied.pk]), follow=True)
    assert "nothing was taken back" in answer.content.decode()
    assert RosterAssignment.objects.count() == 1


def test_what_a_feed_did_is_taken_back_by_its_own_managers_alone(
    applied: RosterSource, site: Site
) -> None:
    address = reverse("roster-source-undo", args=[applied.pk])
    assert signed_in(Role.MANAGER, site).post(address).status_code == 404
    assert signed_in(Role.AUDITOR).post(address).status_code == 403
    assert signed_in(Role.MANAGER).get(address).status_code == 405
    assert RosterAssignment.objects.count() == 1


def test_turns_that_a_file_leaves_to_nobody_are_said_in_alarm(manager: Client) -> None:
    send(manager, "DR_LEE,MRI1,2026-02-09,2026-02-13")
    source = RosterSource.objects.get()
    apply(manager, source)
    send(
        manager,
        "DR_LEE,MRI1,2026-02-09,2026-02-11",
        "DR_WU,MRI1,2026-02-13,",
        source=str(source.pk),
    )
    answer = manager.get(reverse("roster-source", args=[source.pk]))
    alarms = [one.words for one in answer.context["effects"] if one.tone == "alarm"]
    assert alarms == ["1 turn would be left without a reader: MRI1 (1); the first on 12 Feb 2026."]


def test_columns_headed_alike_are_told_on_the_page(manager: Client) -> None:
    text = b"person,shift,date,shift\r\nDR_LEE,MRI1,2026-02-09,NIGHT"
    file = SimpleUploadedFile("Twice.csv", text)
    manager.post(HOME, {"file": file, "time_zone": "Australia/Brisbane"})
    assert "Columns B and D are headed alike" in page_of(manager, RosterSource.objects.get())


def test_a_moment_at_the_end_of_time_is_no_fault_of_the_page(manager: Client) -> None:
    rows = "person,shift,start,end\r\nDR_LEE,MRI1,9999-12-31 08:00,9999-12-31 07:00"
    file = SimpleUploadedFile("End.csv", rows.encode())
    manager.post(HOME, {"file": file, "time_zone": "Australia/Brisbane"})
    answer = manager.get(reverse("roster-source", args=[RosterSource.objects.get().pk]))
    assert (answer.status_code, len(answer.context["plan"].problems)) == (200, 1)


def test_the_address_of_a_feed_stands_nowhere_in_the_trail_but_undo_keeps_it() -> None:
    feed = FeedFactory.create(url="https://cal.example.org/private-TOKEN/basic.ics")
    RosterSource.objects.filter(pk=feed.pk).update(url="https://cal.example.org/TOKEN2/x.ics")
    client = signed_in(Role.AUDITOR)
    User.objects.filter(pk=client.session["_auth_user_id"]).update(is_staff=True)
    events = AuditEvent.objects.filter(entity="roster_rostersource")
    assert "TOKEN2" in events.latest("id").new_values["url"]
    for event in events:
        page = client.get(reverse("admin:audit_auditevent_change", args=[event.pk]))
        assert page.status_code == 200
        assert "TOKEN" not in page.content.decode()
    record = client.get(reverse("admin:roster_rostersource_change", args=[feed.pk]))
    assert "TOKEN" not in record.content.decode()
    told = [change for row in history(subject_of(feed)) for change in row.changes]
    assert {change.new for change in told if change.column == "url"} == {"(not shown)"}


def test_a_file_of_turns_that_are_over_is_not_said_to_be_on_the_roster_already(
    manager: Client,
) -> None:
    send(manager, "DR_LEE,MRI1,2022-11-30,2022-12-01")
    page = page_of(manager, RosterSource.objects.get())
    assert "None of its turns is written." in page
    assert "says all of this already" not in page
