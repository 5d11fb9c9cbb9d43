"""The page of a message: nothing of a patient is shown until somebody who may opens one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError
from django.test import Client

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.core import clock
from tests.factories import (
    OrderFactory,
    OutboundMessageFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.intake.messages import VENDOR, set_aside, shown, stored
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

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
        "4433221 Müller Jürgen rgen 19550909 09.09.1955",
    ),
}
PERSONAL = ["MRN123", "Doe", "John", "19800115", "knee pain"]


@pytest.mark.parametrize("shape", SHAPES)
def test_nothing_of_the_patient_is_on_the_page(administrator: Client, shape: str) -> None:
    raw, personal = SHAPES[shape]
    received = stored(raw=raw, ack=b"MSH|^~\\&|A|B\rMSA|AA|1|for Doe^John Novak\r")
    sent = OutboundMessageFactory.create(payload=raw)
    for path in (f"/messages/in/{received.pk}/", f"/messages/out/{sent.pk}/"):
        answer = administrator.get(path)
        page = answer.content.decode()
        assert [word for word in personal.split() if word in page] == []
        assert "••" in page
        assert "no-store" in answer["Cache-Control"]


def test_of_a_long_trail_the_newest_lines_are_shown_and_it_is_said(administrator: Client) -> None:
    message = stored()
    path = f"/messages/in/{message.pk}/"
    told = {"entity": "intake_inboundmessage", "entity_id": str(message.pk), "actor": "user:ada"}
    AuditEvent.objects.create(at=clock.now(), action="oldest", **told)
    for _ in range(49):
        AuditEvent.objects.create(at=clock.now(), action="open", **told)
    said = words_of(administrator, path)
    assert ("Oldest" in said, "And older ones" in said) == (True, False)
    AuditEvent.objects.create(at=clock.now(), action="newest", **told)
    said = words_of(administrator, path)
    assert ("Newest" in said, "Oldest" in said, "And older ones" in said) == (True, False, True)


@pytest.mark.parametrize("way", ["in", "out"])
def test_opening_shows_it_once_and_is_kept_in_the_trail(administrator: Client, way: str) -> None:
    message: Any = (
        stored(raw=VENDOR) if way == "in" else OutboundMessageFactory.create(payload=VENDOR)
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
        stored(raw=VENDOR) if way == "in" else OutboundMessageFactory.create(payload=VENDOR)
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
    message = stored(raw=VENDOR)
    page = manager.get(f"/messages/in/{message.pk}/").content.decode()
    assert "Show patient data" not in page
    assert manager.post(f"/messages/in/{message.pk}/open/").status_code == 403
    assert not AuditEvent.objects.filter(action="open").exists()


def test_a_hostile_message_is_harmless_text_and_cut_when_long(administrator: Client) -> None:
    raw = b"MSH|^~\\&|<script>alert(1)</script>|B||||||1\rOBX|1|\x00\xff|" + b"x" * 70_000
    page = administrator.get(f"/messages/in/{stored(raw=raw).pk}/").content.decode()
    assert "<script>alert" not in page
    assert "the first 16 KB are shown" in page
    for odd in (b"", b"MSH", b"\x0b\x1c", b"no header at all"):
        answer = administrator.get(f"/messages/in/{stored(raw=odd).pk}/")
        assert answer.status_code == 200


# -- what it did -----------------------------------------------------------------------------


def test_the_page_tells_what_the_message_did() -> None:
    order = OrderFactory.create(status="unassigned", accession="ACC-77")
    UnassignedFactory.create(order=order, reason="no_roster")
    message = stored(order_ids=[order.pk], flags=["bad_time"])
    mine = OutboundMessageFactory.create(order=order, created_at=message.processed_at)
    OutboundMessageFactory.create(order=order, control_id="LATER1", created_at=clock.now())
    said = words_of(signed_in(Role.MANAGER), f"/messages/in/{message.pk}/")
    assert "ACC-77" in said
    assert "Nobody is on the shift" in said
    assert "a date or time in it cannot be one" in said
    assert mine.control_id in said
    assert "LATER1" not in said


@pytest.mark.parametrize("state", ["refused", "quarantined", "waiting", "ignored"])
def test_what_went_wrong_is_said(manager: Client, state: str) -> None:
    is_done = state in ("quarantined", "ignored")
    message = stored(
        state=state, processed_at=clock.now() if is_done else None, error="OBR-4: missing"
    )
    said = words_of(manager, f"/messages/in/{message.pk}/")
    assert "OBR-4: missing" in said
    assert "It changed no study." in said


# -- scope -----------------------------------------------------------------------------------


def test_a_site_sees_the_messages_of_its_own_orders_alone() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, foreign, unplaced = (OrderFactory.create(site=site) for site in (here, there, None))
    seen = stored(order_ids=[own.pk], raw=VENDOR)
    hidden = [
        stored(order_ids=[own.pk, foreign.pk], raw=VENDOR),
        stored(order_ids=[foreign.pk], raw=VENDOR),
        stored(order_ids=[own.pk, unplaced.pk], raw=VENDOR),
        stored(raw=VENDOR),
        set_aside(raw=VENDOR),
    ]
    manager, administrator = (
        signed_in(role, site=here) for role in (Role.MANAGER, Role.ADMINISTRATOR)
    )
    assert shown(manager) == [seen.pk]
    assert shown(manager, f"q={foreign.accession}") == []
    assert shown(manager, "state=quarantined") == []
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
    client, message = signed_in(role), stored(raw=VENDOR)
    paths = ("/messages/", "/messages/out/", f"/messages/in/{message.pk}/")
    assert [client.get(path).status_code for path in paths] == [403, 403, 403]
    assert Client().get("/messages/").status_code == 302
