"""The lists of messages and how messages are found in them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core import clock
from apps.core.ascending import first_id_since
from apps.intake.models import InboundMessage
from apps.orders.models import Patient
from tests.factories import (
    DestinationFactory,
    OrderFactory,
    OrderIdentifierFactory,
    OutboundMessageFactory,
    PatientFactory,
    SiteFactory,
)
from tests.factories.times import NOON
from tests.intake.messages import set_aside, shown, stored
from tests.support.pages import words_of
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db


def test_received_messages_are_found(manager: Client) -> None:
    now = clock.now()
    order, other = OrderFactory.create(accession="ACC-1"), OrderFactory.create()
    OrderIdentifierFactory.create(order=order, kind="placer", value="PL-9")
    old = stored(received_at=now - timedelta(days=30), control_id="OLD", order_ids=[order.pk])
    both = stored(sender="PACS|Robina", order_ids=[other.pk, order.pk])
    fresh = stored(sender="HIS|Bondi", received_at=now - timedelta(minutes=30))
    hours = stored(sender="HIS|Bondi", received_at=now - timedelta(hours=5))
    bad = set_aside(received_at=now - timedelta(days=60))
    assert shown(manager) == [hours.pk, fresh.pk, both.pk]
    assert shown(manager, "period=hour") == [fresh.pk, both.pk]
    assert shown(manager, "sender=bondi") == [hours.pk, fresh.pk]
    assert shown(manager, "q=OLD") == [old.pk]
    assert shown(manager, "q=old") == []
    assert shown(manager, "q=ACC-1") == [both.pk, old.pk]
    assert shown(manager, "q=PL-9") == [both.pk, old.pk]
    assert shown(manager, "state=quarantined") == [bad.pk]
    assert shown(manager, "state=processed&sender=Robina") == [both.pk]
    assert shown(manager, "state=nonsense&period=x&since=y&until=0001-01-01T00:00&before=z") == [
        hours.pk,
        fresh.pk,
        both.pk,
    ]


def test_a_time_is_typed_to_the_minute_on_the_viewers_own_clock() -> None:
    sydney = client_of(person(Role.MANAGER, time_zone="Australia/Sydney"))
    late = stored(received_at=datetime.fromisoformat("2026-03-01T23:59:00+11:00"))
    early = stored(received_at=datetime.fromisoformat("2026-03-02T00:00:00+11:00"))
    assert shown(sydney, "since=2026-03-01T00:00&until=2026-03-02T00:00") == [late.pk]
    assert shown(sydney, "since=2026-03-01T23:59&until=2026-03-02T00:01") == [early.pk, late.pk]
    assert shown(sydney, "since=2026-03-02T00:00") == [early.pk]
    assert shown(sydney, "until=2026-03-02T00:00") == [late.pk]
    assert shown(sydney, "since=9999-12-31T23:59") == []


def test_of_a_longer_time_than_a_month_the_end_is_looked_at(manager: Client) -> None:
    now = clock.now()
    stored(received_at=now - timedelta(days=40))
    inside = stored(received_at=now - timedelta(days=20))
    since, until = (timezone.localtime(now - timedelta(days=n)) for n in (60, 0))
    query = f"since={since:%Y-%m-%dT%H:%M}&until={until:%Y-%m-%dT%H:%M}"
    assert shown(manager, query) == [inside.pk]


def test_types_and_control_codes_narrow_the_list(manager: Client) -> None:
    order = stored(message_type="ORM^O01", order_control="NW")
    cancel = stored(message_type="ORM^O01", order_control="CA")
    merge = stored(message_type="ADT^A40")
    assert shown(manager, "type=orm") == [cancel.pk, order.pk]
    assert shown(manager, "type=ADT^A40") == [merge.pk]
    assert shown(manager, "type=OR") == []
    assert shown(manager, "control=ca") == [cancel.pk]


def test_sent_messages_are_found(manager: Client) -> None:
    now = clock.now()
    one, other = DestinationFactory.create(), DestinationFactory.create()
    old = OutboundMessageFactory.create(destination=one, created_at=now - timedelta(days=9))
    dead = OutboundMessageFactory.create(
        destination=one, created_at=now - timedelta(days=8), state="dead"
    )
    fresh = OutboundMessageFactory.create(destination=other, created_at=now)

    def found(query: str) -> list[int]:
        return [row.pk for row in manager.get(f"/messages/out/?{query}").context["part"].rows]

    assert found("") == [fresh.pk]
    assert found(f"q={old.control_id}") == [old.pk]
    assert found(f"q={old.order.accession}") == [old.pk]
    assert found("state=dead") == [dead.pk]
    assert found(f"destination={one.pk}&state=queued") == [old.pk]
    assert found(f"destination={one.pk}") == []
    assert found("destination=999") == [fresh.pk]


def test_older_ones_follow_by_key_without_gap_or_repeat(manager: Client) -> None:
    keys = [stored().pk for _ in range(53)]
    first = manager.get("/messages/").context["part"]
    rest = manager.get(f"/messages/?before={first.before}").context["part"]
    shown = [row.message.pk for row in (*first.rows, *rest.rows)]
    assert (shown, rest.before) == (sorted(keys, reverse=True), None)
    assert manager.get(f"/messages/?before={'9' * 40}").status_code == 200


@pytest.mark.parametrize("path", ["/messages/", "/messages/out/"])
def test_a_hundred_rows_cost_what_one_does(path: str) -> None:
    site = SiteFactory.create()
    for client in (signed_in(Role.MANAGER), signed_in(Role.MANAGER, site=site)):
        _some(site, 1)
        client.get(path)
        with CaptureQueriesContext(connection) as one:
            client.get(path)
        _some(site, 60)
        with CaptureQueriesContext(connection) as many:
            part = client.get(path).context["part"]
        assert (len(many), len(part.rows)) == (len(one), 50)
        assert len(one) <= 15
        OutboundMessageFactory._meta.model.objects.all().delete()
        InboundMessage.objects.all().delete()


def _some(site: Site, count: int) -> None:
    for _ in range(count):
        order = OrderFactory.create(site=site)
        stored(order_ids=[order.pk])
        OutboundMessageFactory.create(order=order, created_at=clock.now())


def test_empty_lists_say_what_to_do(manager: Client) -> None:
    assert "Have the RIS send to the HL7 port" in words_of(manager, "/messages/")
    assert "Nobody was told of anything" in words_of(manager, "/messages/out/")
    assert "No message is known like that." in words_of(manager, "/messages/?q=nothing")
    assert "No message is like that." in words_of(manager, "/messages/?state=refused")


def test_the_first_key_of_a_time_is_found_by_halving() -> None:
    at = NOON
    assert first_id_since(InboundMessage, "received_at", at) == 1
    keys = [stored(received_at=at + timedelta(minutes=n)).pk for n in range(40)]
    InboundMessage.objects.filter(pk__in=keys[5:20]).delete()  # gaps
    assert first_id_since(InboundMessage, "received_at", at - timedelta(days=1)) <= keys[0]
    middle = first_id_since(InboundMessage, "received_at", at + timedelta(minutes=25))
    assert middle == keys[25]
    after = first_id_since(InboundMessage, "received_at", at + timedelta(days=1))
    assert after == keys[-1] + 1


# -- a patient's messages --------------------------------------------------------------------


def _about(client: Client, mrn: str, authority: str = "", way: str = "") -> list[int]:
    answer = client.post(f"/messages/{way}find/", {"mrn": mrn, "authority": authority})
    assert answer.status_code == 200
    return [getattr(row, "message", row).pk for row in answer.context["part"].rows]


def test_a_patients_messages_are_found_by_number(manager: Client) -> None:
    patient = PatientFactory.create(mrn="M-7", authority="ROBINA")
    namesake = PatientFactory.create(mrn="M-7", authority="BONDI")
    own, other = (OrderFactory.create(patient=one) for one in (patient, namesake))
    old = stored(order_ids=[own.pk], received_at=clock.now() - timedelta(days=90))
    both = stored(order_ids=[other.pk, own.pk])
    theirs = stored(order_ids=[other.pk])
    sent = OutboundMessageFactory.create(order=own)
    assert _about(manager, "M-7") == [theirs.pk, both.pk, old.pk]
    assert _about(manager, " M-7 ", "ROBINA") == [both.pk, old.pk]
    assert _about(manager, "M-7", "ROBINA", "out/") == [sent.pk]
    assert _about(manager, "M-") == []


def test_a_number_that_was_merged_away_finds_the_survivors(manager: Client) -> None:
    kept = PatientFactory.create(mrn="M-1")
    PatientFactory.create(mrn="M-0", merged_into=kept)
    message = stored(order_ids=[OrderFactory.create(patient=kept).pk])
    assert _about(manager, "M-0") == [message.pk]


@pytest.mark.parametrize("way", ["", "out/"])
def test_looking_for_a_patient_is_in_the_trail_without_the_number(way: str) -> None:
    client = signed_in(Role.MANAGER, username="ada")
    kept = PatientFactory.create(mrn="M-41")
    dead = PatientFactory.create(mrn="M-40", merged_into=kept)
    for mrn in ("M-40", "M-99"):
        client.post(f"/messages/{way}find/", {"mrn": mrn})
    events = AuditEvent.objects.filter(action="find").order_by("pk")
    assert [(row.entity, row.entity_id, row.actor) for row in events] == [
        ("orders_patient", str(kept.pk), "user:ada"),
        ("orders_patient", str(dead.pk), "user:ada"),
        ("orders_patient", "", "user:ada"),
    ]
    assert not any(row.old_values or row.new_values for row in events)


def test_a_failing_trail_finds_nobody(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    message = stored(order_ids=[OrderFactory.create(patient=PatientFactory.create(mrn="M-7")).pk])

    def fail(*_args: object, **_values: object) -> None:
        raise DatabaseError("the trail is full")

    monkeypatch.setattr(AuditEvent.objects, "bulk_create", fail)
    manager.raise_request_exception = False
    answer = manager.post("/messages/find/", {"mrn": "M-7"})
    assert (answer.status_code, f"/messages/in/{message.pk}/" in answer.text) == (500, False)


def test_a_number_is_found_by_its_own_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert "patient_by_number" in Patient.objects.filter(mrn="M-7").explain()


def test_no_number_of_a_patient_stands_in_an_address(manager: Client) -> None:
    PatientFactory.create(mrn="M-77")
    answer = manager.post("/messages/find/", {"mrn": "M-77"})
    page = answer.content.decode()
    assert re.findall(r'(?:href|action|hx-get)="[^"]*M-77', page) == []
    assert "no-store" in answer["Cache-Control"]
    assert manager.get("/messages/find/").status_code == 405


def test_patients_are_found_where_somebody_may_know_them_and_nowhere_else() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    patient = PatientFactory.create(mrn="M-7")
    own, foreign = (OrderFactory.create(patient=patient, site=site) for site in (here, there))
    seen = stored(order_ids=[own.pk])
    stored(order_ids=[foreign.pk])
    stored(order_ids=[own.pk, foreign.pk])
    OutboundMessageFactory.create(order=foreign)
    for role in (Role.MANAGER, Role.ADMINISTRATOR):
        client = signed_in(role, site=here)
        assert (_about(client, "M-7"), _about(client, "M-7", way="out/")) == ([seen.pk], [])
    auditor = signed_in(Role.AUDITOR)
    assert "Find a patient" not in words_of(auditor, "/messages/")
    for path in ("/messages/find/", "/messages/out/find/"):
        assert auditor.post(path, {"mrn": "M-7"}).status_code == 302
