"""The pages of messages: nothing of a patient is shown until somebody who may opens one."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.choices import Role
from apps.assignment.models import Unassigned
from apps.audit.models import AuditEvent
from apps.catalog.models import Site
from apps.core import clock
from apps.core.ascending import first_id_since
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.orders.models import Order, OrderSegments
from tests.factories import (
    DestinationFactory,
    OrderFactory,
    OrderIdentifierFactory,
    OutboundMessageFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.intake import InboundMessageFactory
from tests.factories.times import NOON
from tests.support.pages import words_of
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

VENDOR = Path(settings.BASE_DIR, "fixtures/hl7/orm_vendor.hl7").read_bytes().replace(b"\n", b"\r")
NEXT_OF_KIN = (
    b"MSH|^~\\&|HIS|ROBINA|A|B|20260101||ORM^O01|1|P|2.3\r"
    b"PID|1|77001|77002^^^R||Novak^Evelina||19700203|F|||5 Creek Rd^^Bondi||0412555001\r"
    b"NK1|1|Novak^Januar|SPO|5 Creek Rd|0412555002\rGT1|1||Novak^Petrus\r"
    b"IN1|1|PLAN|POL5566|INSURER|||||||||||Novak^Evelina\r"
    b"PV1|1|I|W4^12^1|||||Brown^Dr\rORC|NW|P9||||||||||4711^Grey^Meredith\r"
    b"OBR|1|P9||CT HEAD^CT\rNTE|1||Evelina fell at 5 Creek Rd"
)
OTHER_SEPARATORS = (
    b"MSH#@~\\&#HIS#ROBINA#A#B#20260101##ORU@R01#2#P#2.3\r"
    b"PID#1##99123@@@H##Kowalski@Anastasia##19651231#F\r"
    b"OBR#1#P1##XR CHEST@Chest\rOBX#1#TX#R##Anastasia has a nodule"
)
LATIN_ONE = (
    "MSH|^~\\&|RIS|KLINIK|A|B|20260101||ORM^O01|3|P|2.5|||||DE|8859/1\n"
    "PID|1||4433221||Müller^Jürgen||19550909|M\nOBR|1|X1|F1|MR KNIE\n"
    "OBX|1|TX|I||Herr Müller,\ngeb. 09.09.1955\nZPX|Müller^Jürgen|4433221\n"
).encode("latin-1")
SHAPES = {
    "vendor": (VENDOR, "MRN123 Doe John 19800115 knee"),
    "next of kin": (
        NEXT_OF_KIN,
        "Novak Evelina Januar Petrus 77001 77002 19700203 Creek 0412555 POL5 Meredith",
    ),
    "other separators": (OTHER_SEPARATORS, "99123 Kowalski Anastasia 19651231 nodule"),
    "latin one, line feeds, own segment": (
        LATIN_ONE,
        "4433221 Müller Jürgen ller rgen 19550909 09.09.1955",
    ),
}
PERSONAL = ["MRN123", "Doe", "John", "19800115", "knee pain"]


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


@pytest.fixture
def administrator() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada")


def _message(**values: Any) -> InboundMessage:
    """Return a message that just came and took effect."""
    now = clock.now()
    done = {"state": InboundState.PROCESSED, "processed_at": now, "ack_code": "AA"}
    return InboundMessageFactory.create(**{"received_at": now, **done, **values})


def _shown(client: Client, query: str = "") -> list[int]:
    part = client.get(f"/messages/?{query}").context["part"]
    return [row.message.pk for row in part.rows]


# -- what a page says of people --------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_the_patient_is_on_the_page(administrator: Client, shape: str) -> None:
    raw, personal = SHAPES[shape]
    received = _message(raw=raw, ack=b"MSH|^~\\&|A|B\rMSA|AA|1|for Doe^John Novak\r")
    sent = OutboundMessageFactory.create(payload=raw)
    for path in (f"/messages/in/{received.pk}/", f"/messages/out/{sent.pk}/"):
        answer = administrator.get(path)
        page = answer.content.decode()
        assert [word for word in personal.split() if word in page] == []
        assert "••" in page
        assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("way", ["in", "out"])
def test_opening_shows_it_once_and_is_kept_in_the_trail(administrator: Client, way: str) -> None:
    message: Any = (
        _message(raw=VENDOR) if way == "in" else OutboundMessageFactory.create(payload=VENDOR)
    )
    path = f"/messages/{way}/{message.pk}/"
    answer = administrator.post(f"{path}open/")
    page = answer.content.decode()
    assert [word for word in PERSONAL if word not in page] == []
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(action="open")
    assert (event.entity, event.entity_id, event.actor, event.request_id) == (
        message._meta.db_table,
        str(message.pk),
        "user:ada",
        answer["X-Request-ID"],
    )
    assert "Doe" not in str([event.old_values, event.new_values])
    assert "Doe" not in administrator.get(path).content.decode()
    assert "ada Patient data was looked at" in words_of(administrator, path)
    assert administrator.get(f"{path}open/").status_code == 405


@pytest.mark.parametrize("way", ["in", "out"])
def test_a_failing_audit_shows_nothing(
    administrator: Client, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    message: Any = (
        _message(raw=VENDOR) if way == "in" else OutboundMessageFactory.create(payload=VENDOR)
    )

    def fail(*_args: object, **_values: object) -> None:
        raise DatabaseError("the trail is full")

    monkeypatch.setattr(AuditEvent.objects, "create", fail)
    administrator.raise_request_exception = False
    answer = administrator.post(f"/messages/{way}/{message.pk}/open/")
    assert answer.status_code == 500
    page = answer.content.decode()
    assert [word for word in PERSONAL if word in page] == []


def test_a_manager_sees_the_masked_one_and_may_not_open_it(manager: Client) -> None:
    message = _message(raw=VENDOR)
    page = manager.get(f"/messages/in/{message.pk}/").content.decode()
    assert "Show patient data" not in page
    assert manager.post(f"/messages/in/{message.pk}/open/").status_code == 403
    assert not AuditEvent.objects.filter(action="open").exists()


def test_a_hostile_message_is_harmless_text_and_cut_when_long(administrator: Client) -> None:
    raw = b"MSH|^~\\&|<script>alert(1)</script>|B||||||1\rOBX|1|\x00\xff|" + b"x" * 70_000
    page = administrator.get(f"/messages/in/{_message(raw=raw).pk}/").content.decode()
    assert "<script>alert" not in page
    assert "its first 64 KB are shown" in page
    for odd in (b"", b"MSH", b"\x0b\x1c", b"no header at all"):
        answer = administrator.get(f"/messages/in/{_message(raw=odd).pk}/")
        assert answer.status_code == 200


# -- what it did -----------------------------------------------------------------------------


def test_the_page_tells_what_the_message_did() -> None:
    order = OrderFactory.create(status="unassigned", accession="ACC-77")
    UnassignedFactory.create(order=order, reason="no_roster")
    message = _message(order_ids=[order.pk], flags=["bad_time"])
    mine = OutboundMessageFactory.create(order=order, created_at=message.processed_at)
    OutboundMessageFactory.create(order=order, control_id="LATER1", created_at=clock.now())
    said = words_of(signed_in(Role.MANAGER), f"/messages/in/{message.pk}/")
    assert "ACC-77" in said
    assert "Nobody is on the shift" in said
    assert "bad time" in said
    assert mine.control_id in said
    assert "LATER1" not in said


@pytest.mark.parametrize("state", ["refused", "quarantined", "waiting", "ignored"])
def test_what_went_wrong_is_said(manager: Client, state: str) -> None:
    is_done = state in ("quarantined", "ignored")
    message = _message(
        state=state, processed_at=clock.now() if is_done else None, error="OBR-4: missing"
    )
    said = words_of(manager, f"/messages/in/{message.pk}/")
    assert "OBR-4: missing" in said
    assert "It changed no study." in said


# -- running again ---------------------------------------------------------------------------


def _quarantined(**values: Any) -> InboundMessage:
    return _message(state=InboundState.QUARANTINED, attempts=3, error="boom", **values)


def test_one_in_quarantine_is_run_again_once(manager: Client) -> None:
    message = _quarantined()
    path = f"/messages/in/{message.pk}/run/"
    assert "goes before what came after it" in words_of(manager, path)
    assert manager.post(path)["Location"] == f"/messages/in/{message.pk}/"
    message.refresh_from_db()
    assert (message.state, message.attempts, message.error) == ("waiting", 0, "")
    InboundMessage.objects.update(state="processed", processed_at=NOON)
    assert manager.post(path).status_code == 409
    assert AuditEvent.objects.filter(action="run_again").count() == 1


def test_parked_studies_are_read_again_with_the_sites_as_they_are_now(manager: Client) -> None:
    order = OrderFactory.create(
        site=None, status="unassigned", modality="MR", issuer="Robina", accession="ACCESSION_456"
    )
    lines = VENDOR.strip(b"\r").split(b"\r")
    OrderSegments.objects.create(
        order=order,
        header=b"\r".join(lines[:2]) + b"\r",
        group=b"\r".join(lines[2:]) + b"\r",
    )
    UnassignedFactory.create(order=order, reason="unknown_site")
    message = _message(order_ids=[order.pk], raw=VENDOR)
    path = f"/messages/in/{message.pk}/run/"
    assert "ACCESSION_456 is parked: unknown site." in words_of(manager, path)
    answer = manager.post(path, follow=True)
    assert "It was read again: a study is still parked." in answer.content.decode()

    site = SiteFactory.create(code="ROBINA", name="Robina")
    manager.post(path)

    assert Order.objects.get().site == site
    assert Unassigned.objects.get().reason != "unknown_site"
    message.refresh_from_db()
    assert message.state == "processed"


def test_who_only_looks_cannot_run_anything() -> None:
    auditor, message = signed_in(Role.AUDITOR), _quarantined()
    assert "Run again" not in words_of(auditor, f"/messages/in/{message.pk}/")
    assert auditor.post(f"/messages/in/{message.pk}/run/").status_code == 403


# -- the lists -------------------------------------------------------------------------------


def test_received_messages_are_found(manager: Client) -> None:
    now = clock.now()
    order, other = OrderFactory.create(accession="ACC-1"), OrderFactory.create()
    OrderIdentifierFactory.create(order=order, kind="placer", value="PL-9")
    old = _message(received_at=now - timedelta(days=30), control_id="OLD", order_ids=[order.pk])
    both = _message(sender="PACS|Robina", order_ids=[other.pk, order.pk])
    fresh = _message(sender="HIS|Bondi", received_at=now - timedelta(minutes=30))
    hours = _message(sender="HIS|Bondi", received_at=now - timedelta(hours=5))
    bad = _quarantined(received_at=now - timedelta(days=60))
    assert _shown(manager) == [hours.pk, fresh.pk, both.pk]
    assert _shown(manager, "period=hour") == [fresh.pk, both.pk]
    assert _shown(manager, "sender=bondi") == [hours.pk, fresh.pk]
    assert _shown(manager, "q=OLD") == [old.pk]
    assert _shown(manager, "q=old") == []
    assert _shown(manager, "q=ACC-1") == [both.pk, old.pk]
    assert _shown(manager, "q=PL-9") == [both.pk, old.pk]
    assert _shown(manager, "state=quarantined") == [bad.pk]
    assert _shown(manager, "state=processed&sender=Robina") == [both.pk]
    day = timezone.localtime(old.received_at).date()
    assert _shown(manager, f"on={day - timedelta(days=1)}") in ([], [old.pk])
    assert _shown(manager, "state=nonsense&period=x&on=y&before=z") == [
        hours.pk,
        fresh.pk,
        both.pk,
    ]


def test_a_day_is_the_viewers_own() -> None:
    sydney = client_of(person(Role.MANAGER, time_zone="Australia/Sydney"))
    late = _message(received_at=datetime.fromisoformat("2026-03-01T23:59:00+11:00"))
    early = _message(received_at=datetime.fromisoformat("2026-03-02T00:00:00+11:00"))
    assert _shown(sydney, "on=2026-03-01") == [late.pk]
    assert _shown(sydney, "on=2026-03-02") == [early.pk]


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
    keys = [_message().pk for _ in range(53)]
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
        _message(order_ids=[order.pk])
        OutboundMessageFactory.create(order=order, created_at=clock.now())


def test_empty_lists_say_what_to_do(manager: Client) -> None:
    assert "Have the RIS send to the HL7 port" in words_of(manager, "/messages/")
    assert "Nobody was told of anything" in words_of(manager, "/messages/out/")
    assert "No message is known like that." in words_of(manager, "/messages/?q=nothing")
    assert "No message is like that." in words_of(manager, "/messages/?state=refused")


def test_the_first_key_of_a_time_is_found_by_halving() -> None:
    at = NOON
    assert first_id_since(InboundMessage, "received_at", at) == 1
    keys = [_message(received_at=at + timedelta(minutes=n)).pk for n in range(40)]
    InboundMessage.objects.filter(pk__in=keys[5:20]).delete()  # gaps
    assert first_id_since(InboundMessage, "received_at", at - timedelta(days=1)) <= keys[0]
    middle = first_id_since(InboundMessage, "received_at", at + timedelta(minutes=25))
    assert middle == keys[25]
    after = first_id_since(InboundMessage, "received_at", at + timedelta(days=1))
    assert after == keys[-1] + 1


# -- scope -----------------------------------------------------------------------------------


def test_a_site_sees_the_messages_of_its_own_orders_alone() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, foreign, unplaced = (OrderFactory.create(site=site) for site in (here, there, None))
    seen = _message(order_ids=[own.pk], raw=VENDOR)
    hidden = [
        _message(order_ids=[own.pk, foreign.pk], raw=VENDOR),
        _message(order_ids=[foreign.pk], raw=VENDOR),
        _message(order_ids=[own.pk, unplaced.pk], raw=VENDOR),
        _message(raw=VENDOR),
        _quarantined(raw=VENDOR),
    ]
    manager, administrator = (
        signed_in(role, site=here) for role in (Role.MANAGER, Role.ADMINISTRATOR)
    )
    assert _shown(manager) == [seen.pk]
    assert _shown(manager, f"q={foreign.accession}") == []
    assert _shown(manager, "state=quarantined") == []
    assert manager.get(f"/messages/in/{seen.pk}/").status_code == 200
    for message in hidden:
        path = f"/messages/in/{message.pk}/"
        assert manager.get(path).status_code == 404
        assert manager.post(f"{path}run/").status_code == 404
        assert administrator.post(f"{path}open/").status_code == 404
    sent = OutboundMessageFactory.create(order=foreign, payload=VENDOR, created_at=clock.now())
    assert manager.get(f"/messages/out/{sent.pk}/").status_code == 404
    assert administrator.post(f"/messages/out/{sent.pk}/open/").status_code == 404
    assert manager.get("/messages/out/").context["part"].rows == []
    assert not AuditEvent.objects.filter(action="open").exists()


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.TECHNICIAN, Role.REFERRING_PROVIDER])
def test_who_has_nothing_to_do_with_messages_sees_none(role: Role) -> None:
    client, message = signed_in(role), _message(raw=VENDOR)
    paths = ("/messages/", "/messages/out/", f"/messages/in/{message.pk}/")
    assert [client.get(path).status_code for path in paths] == [403, 403, 403]
    assert Client().get("/messages/").status_code == 302
