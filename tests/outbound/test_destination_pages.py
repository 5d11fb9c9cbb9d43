"""The pages of destinations: how reaching them goes, dead letters resent in order, scope."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core import clock
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from apps.outbound.queries.pages import LOOK_BACK
from tests.factories import DestinationFactory, OrderFactory, OutboundMessageFactory, SiteFactory
from tests.factories.times import NOON
from tests.support.pages import sent_form, words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def administrator() -> Client:
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def _letter(destination: Destination, state: str = "dead", **values: Any) -> OutboundMessage:
    answered = {"answered_at": NOON} if state == "delivered" else {}
    return OutboundMessageFactory.create(
        destination=destination, state=state, **answered, **values
    )


def _failing(destination: Destination, address: str = "") -> None:
    DestinationLink.objects.create(
        destination=destination,
        address=address or f"{destination.host}:{destination.port}",
        failing_since=clock.now() - timedelta(minutes=7),
        failures=9,
        last_error="connection refused",
    )


def _states(manager: Client, query: str = "") -> dict[str, str]:
    rows = manager.get(f"/destinations/?{query}").context["page"].rows
    return {row.destination.name: row.state.value for row in rows}


# -- how reaching them goes ------------------------------------------------------------------


def test_the_state_of_each_is_said_and_can_be_asked_for(manager: Client) -> None:
    taking, failing, moved = (DestinationFactory.create(name=n) for n in ("A", "B", "C"))
    DestinationFactory.create(name="D", is_enabled=False)
    _letter(taking, "delivered")
    _failing(failing)
    _failing(moved, "10.0.0.9:1")  # it has another address by now
    states = {"A": "connected", "B": "failing", "C": "untried", "D": "paused"}
    assert _states(manager) == states
    assert _states(manager, "state=failing") == {"B": "failing"}
    assert _states(manager, "state=paused") == {"D": "paused"}
    assert _states(manager, "state=connected") == {"A": "connected", "C": "untried"}
    assert _states(manager, "q=b") == {"B": "failing"}
    assert "Failing for 7 min" in words_of(manager, "/destinations/")
    said = words_of(manager, f"/destinations/{failing.pk}/")
    assert "connection refused; 9 times since" in said


def test_queue_and_dead_letters_are_counted(manager: Client) -> None:
    one = DestinationFactory.create()
    DestinationFactory.create()
    oldest = _letter(one, "queued", created_at=NOON - timedelta(hours=1))
    _letter(one, "queued")
    _letter(one)
    rows = manager.get("/destinations/").context["page"].rows
    told = [(row.traffic.queued, row.traffic.dead, row.traffic.oldest_at) for row in rows]
    assert told == [(2, 1, oldest.created_at), (0, 0, None)]


@pytest.mark.parametrize("state", ["queued", "dead"])
def test_when_it_last_took_one_is_found_behind_what_waits_or_died(
    manager: Client, state: str
) -> None:
    one, other = DestinationFactory.create(), DestinationFactory.create()
    _letter(one, "delivered")
    _letter(other)
    for _ in range(LOOK_BACK + 5):
        _letter(one, state)
    rows = manager.get("/destinations/").context["page"].rows
    assert [row.traffic.delivered_at for row in rows] == [NOON, None]


def test_a_poll_is_answered_only_when_something_changed(manager: Client) -> None:
    one = DestinationFactory.create()
    for path in ("/destinations/", f"/destinations/{one.pk}/"):
        token = manager.get(path).context["token"]
        assert manager.get(f"{path}?seen={token}", headers=HTMX).status_code == 204
        _letter(one)
        answer = manager.get(f"{path}?seen={token}", headers=HTMX)
        assert (answer.status_code, "<html" in answer.content.decode()) == (200, False)


def test_nobody_is_told_yet(manager: Client) -> None:
    assert "Nobody is told of assignments yet." in words_of(manager, "/destinations/")


def test_a_hundred_rows_cost_what_one_does(manager: Client) -> None:
    site = SiteFactory.create()
    first = DestinationFactory.create()
    first.sites.add(site)
    _letter(first)
    for path in ("/destinations/", f"/destinations/{first.pk}/"):
        manager.get(path)
        with CaptureQueriesContext(connection) as one:
            manager.get(path)
        for _ in range(60):
            DestinationFactory.create().sites.add(site)
            _letter(first)
            _letter(first, "queued")
        with CaptureQueriesContext(connection) as many:
            page = manager.get(path).context["page"]
        assert (len(many), len(page.rows), page.has_next) == (len(one), 50, True)
        assert len(one) <= 15


# -- sending again and skipping --------------------------------------------------------------


def test_dead_letters_go_again_in_their_order_under_their_own_ids(manager: Client) -> None:
    one = DestinationFactory.create()
    order = OrderFactory.create()
    letters = [_letter(one, order=order, control_id=f"KEEP{n}") for n in (1, 2)]
    outdated = _letter(one)
    _letter(one, "delivered", order=outdated.order)
    path = f"/destinations/{one.pk}/resend/"
    said = words_of(manager, path)
    assert "2 messages of 1 study go again in the order of their decisions" in said
    assert said.index("KEEP1") < said.index("KEEP2")
    assert "1 is left: the destination has taken a later message" in said

    assert manager.post(path, {"number": "2"}).status_code == 302

    queued = OutboundMessage.objects.filter(state="queued").order_by("pk")
    told = list(queued.values_list("pk", "control_id"))
    assert told == [(letter.pk, letter.control_id) for letter in letters]
    assert AuditEvent.objects.filter(action="resend").count() == 2
    outdated.refresh_from_db()
    assert outdated.state == "dead"


def test_other_dead_letters_than_were_shown_are_not_sent(manager: Client) -> None:
    one = DestinationFactory.create()
    _letter(one)
    path = f"/destinations/{one.pk}/resend/"
    manager.get(path)
    _letter(one)
    answer = manager.post(path, {"number": "1"})
    assert answer.status_code == 409
    assert "They have changed since you looked." in answer.content.decode()
    assert OutboundMessage.objects.filter(state="dead").count() == 2


def test_one_is_resent_with_its_control_id_and_bytes(manager: Client) -> None:
    letter = _letter(DestinationFactory.create(), attempts=4, error="no answer")
    before = (letter.control_id, bytes(letter.payload))
    manager.post(f"/messages/out/{letter.pk}/resend/")
    letter.refresh_from_db()
    assert (letter.control_id, bytes(letter.payload)) == before
    assert (letter.state, letter.attempts) == ("queued", 0)
    answer = manager.post(f"/messages/out/{letter.pk}/resend/", follow=True)
    assert "Somebody was quicker: the message is queued by now." in answer.content.decode()


def test_skipping_needs_a_reason_and_keeps_it(manager: Client) -> None:
    letter = _letter(DestinationFactory.create())
    path = f"/messages/out/{letter.pk}/skip/"
    assert manager.post(path, {"reason": ""}).status_code == 422
    assert manager.post(path, {"reason": "told them by phone"}).status_code == 302
    letter.refresh_from_db()
    assert letter.state == "cancelled"
    event = AuditEvent.objects.get(action="withdraw")
    assert event.new_values == {"state": "cancelled", "reason": "told them by phone"}
    assert "Skipped: “told them by phone”" in words_of(manager, f"/messages/out/{letter.pk}/")
    assert manager.post(path, {"reason": "told them twice"}).status_code == 409


def test_a_failing_one_is_tried_at_once(manager: Client) -> None:
    one = DestinationFactory.create()
    _failing(one)
    DestinationLink.objects.update(next_attempt_at=clock.now() + timedelta(hours=1))
    manager.post(f"/destinations/{one.pk}/try/")
    assert DestinationLink.objects.get().next_attempt_at is None


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RADIOLOGIST])
def test_who_may_not_run_messages_is_not_offered_it(role: Role) -> None:
    client, letter = signed_in(role), _letter(DestinationFactory.create())
    paths = [f"/destinations/{letter.destination_id}/resend/", f"/messages/out/{letter.pk}/skip/"]
    assert [client.post(path).status_code for path in paths] == [403, 403]
    if role is Role.AUDITOR:
        page = client.get(f"/destinations/{letter.destination_id}/").content.decode()
        assert "Resend" not in page
        assert "/skip/" not in page


# -- scope -----------------------------------------------------------------------------------


def _at(*sites: Site) -> Destination:
    found: Destination = DestinationFactory.create()
    found.sites.add(*sites)
    return found


def test_a_site_sees_its_own_and_those_of_every_site_and_only_its_own_studies() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, both, other, all_ = _at(here), _at(here, there), _at(there), _at()
    own_letter = _letter(all_, order=OrderFactory.create(site=here))
    _letter(all_, order=OrderFactory.create(site=there), control_id="NOTYOURS")
    client = signed_in(Role.MANAGER, site=here)

    rows = client.get("/destinations/").context["page"].rows
    assert [row.destination.pk for row in rows] == [own.pk, both.pk, all_.pk]
    assert [row.traffic.dead for row in rows] == [0, 0, 1]
    assert rows[1].site_codes == [here.code]
    assert client.get(f"/destinations/{other.pk}/").status_code == 404
    assert "NOTYOURS" not in words_of(client, f"/destinations/{all_.pk}/")

    client.post(f"/destinations/{all_.pk}/resend/", {"number": "1"})
    queued = OutboundMessage.objects.filter(state="queued")
    assert list(queued.values_list("pk", flat=True)) == [own_letter.pk]
    foreign = OutboundMessage.objects.get(control_id="NOTYOURS")
    assert client.post(f"/messages/out/{foreign.pk}/resend/").status_code == 404
    assert client.get(f"/messages/out/{foreign.pk}/skip/").status_code == 404


def test_an_administrator_of_a_site_changes_only_what_serves_no_other() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, both, all_ = _at(here), _at(here, there), _at()
    client = signed_in(Role.ADMINISTRATOR, site=here)
    found = [client.get(f"/destinations/{one.pk}/edit/").status_code for one in (own, both, all_)]
    assert found == [200, 404, 404]
    sent = sent_form(client, f"/destinations/{own.pk}/edit/", sites=None)
    answer = client.post(f"/destinations/{own.pk}/edit/", sent)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["sites"]
    answer = client.post(f"/destinations/{own.pk}/edit/", {**sent, "sites": str(there.pk)})
    assert list(answer.context["form"].errors) == ["sites"]


# -- setting one up --------------------------------------------------------------------------


def test_one_is_added_edited_previewed_and_taken_back(administrator: Client) -> None:
    site = SiteFactory.create()
    sent = sent_form(
        administrator,
        "/destinations/new/",
        name="PACS",
        host="pacs.example",
        port="2575",
        senders="Robina\n\nHIS^Bondi\nRobina",
        sites=str(site.pk),
    )
    assert administrator.post("/destinations/new/", sent)["Location"] == "/destinations/"
    one = Destination.objects.get()
    assert (one.senders, list(one.sites.all())) == (["Robina", "HIS^Bondi"], [site])
    _letter(one, "queued")
    path = f"/destinations/{one.pk}/edit/"
    edited = sent_form(administrator, path, port="2600", is_enabled=None, sites=str(site.pk))
    said = words_of(administrator, path, {**edited, "preview": "1"})
    assert "1 message waits and will go to pacs.example:2600." in said
    assert "nothing goes out until it is switched on" in said
    answer = administrator.post(path, edited)
    one.refresh_from_db()
    assert (one.port, one.is_enabled, one.senders) == (2600, False, ["Robina", "HIS^Bondi"])
    administrator.post(f"/undo/{answer['X-Request-ID']}/")
    one.refresh_from_db()
    assert (one.port, one.is_enabled) == (2575, True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "pacs.example:2575 x"),
        ("host", "http://pacs"),
        ("port", "70000"),
        ("answer_timeout_seconds", "0"),
        ("give_up_hours", "9999"),
    ],
)
def test_what_cannot_be_is_refused(administrator: Client, field: str, value: str) -> None:
    sent = sent_form(administrator, "/destinations/new/", name="X", host="h", port="1")
    answer = administrator.post("/destinations/new/", {**sent, field: value})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_a_stale_form_changes_nothing(administrator: Client) -> None:
    one = DestinationFactory.create()
    path = f"/destinations/{one.pk}/edit/"
    sent = sent_form(administrator, path, name="Mine")
    Destination.objects.update(name="Theirs")
    assert administrator.post(path, sent).status_code == 409
    one.refresh_from_db()
    assert one.name == "Theirs"


def test_one_that_was_told_of_studies_is_switched_off_not_deleted(administrator: Client) -> None:
    one, unused = DestinationFactory.create(), DestinationFactory.create()
    _letter(one, "delivered")
    _failing(unused)
    assert administrator.post(f"/destinations/{one.pk}/delete/").status_code == 409
    assert "Switch it off instead" in words_of(administrator, f"/destinations/{one.pk}/delete/")
    administrator.post(f"/destinations/{unused.pk}/delete/")
    assert list(Destination.objects.all()) == [one]
    answer = administrator.post(f"/destinations/{one.pk}/switch/", {"to": "off"})
    one.refresh_from_db()
    assert one.is_enabled is False
    administrator.post(f"/undo/{answer['X-Request-ID']}/")
    one.refresh_from_db()
    assert one.is_enabled is True


def test_a_manager_sees_and_does_not_set_up(manager: Client) -> None:
    one = DestinationFactory.create()
    page = manager.get(f"/destinations/{one.pk}/").content.decode()
    assert re.search(r"Switch off|/edit/|/delete/", page) is None
    for rest in ("new/", f"{one.pk}/edit/", f"{one.pk}/delete/", f"{one.pk}/switch/"):
        assert manager.post(f"/destinations/{rest}").status_code == 403


@pytest.mark.parametrize("rest", ["switch/", "try/"])
def test_nothing_is_done_by_looking(administrator: Client, rest: str) -> None:
    one = DestinationFactory.create()
    assert administrator.get(f"/destinations/{one.pk}/{rest}").status_code == 405
