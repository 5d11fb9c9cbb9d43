"""Messages that were set aside, and running them again."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.assignment.models import Unassigned
from apps.audit.models import AuditEvent
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.orders.models import Order, OrderSegments
from tests.factories import (
    OrderFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.times import NOON
from tests.intake.messages import VENDOR, set_aside, stored
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


def test_one_in_quarantine_is_run_again_once(manager: Client) -> None:
    message = set_aside()
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
    message = stored(order_ids=[order.pk], raw=VENDOR)
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
    auditor, message = signed_in(Role.AUDITOR), set_aside()
    assert "Run again" not in words_of(auditor, f"/messages/in/{message.pk}/")
    assert auditor.post(f"/messages/in/{message.pk}/run/").status_code == 403


# -- quarantine ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("no order with a number in it", "No order with a number in it"),
        ("its worker died on each try", "Its worker died on each try"),
        ("DataError SQLSTATE 22P05 table x at a.py:1 f", "A value in it cannot be stored"),
        ("ValueError at batch.py:120 _rows, session.py:3 flush", "failed on our side"),
    ],
)
def test_why_a_message_was_set_aside_is_said_in_words(
    manager: Client, error: str, words: str
) -> None:
    message = stored(state=InboundState.QUARANTINED, attempts=3, error=error)
    for path in ("/messages/?state=quarantined", f"/messages/in/{message.pk}/"):
        assert words in words_of(manager, path)


def test_several_are_run_again_at_once_after_a_look(manager: Client) -> None:
    first, second, left = (set_aside() for _ in range(3))
    done = stored()
    ids = [first.pk, second.pk, done.pk]
    query = "&".join(f"id={one}" for one in [*ids, "x", "9" * 40])
    said = words_of(manager, f"/messages/run/?{query}")
    assert "2 messages wait to take effect once more" in said
    assert "1 of those that you chose is no longer in quarantine" in said
    answer = manager.post("/messages/run/", {"id": ids})
    assert answer["Location"] == "/messages/?state=quarantined"
    states = dict(InboundMessage.objects.values_list("pk", "state"))
    assert states == {
        first.pk: "waiting",
        second.pk: "waiting",
        left.pk: "quarantined",
        done.pk: "processed",
    }
    assert AuditEvent.objects.filter(action="run_again").count() == 2
    assert "None of these is in quarantine" in words_of(manager, f"/messages/run/?{query}")
    manager.post("/messages/run/", {"id": ids})
    assert AuditEvent.objects.filter(action="run_again").count() == 2


def test_only_ones_own_sites_messages_are_run_together() -> None:
    here, there = SiteFactory.create(), SiteFactory.create()
    own, foreign = (
        set_aside(order_ids=[OrderFactory.create(site=site).pk]) for site in (here, there)
    )
    client = signed_in(Role.MANAGER, site=here)
    ids = [own.pk, foreign.pk]
    said = words_of(client, f"/messages/run/?id={own.pk}&id={foreign.pk}")
    assert "1 message waits" in said
    client.post("/messages/run/", {"id": ids})
    states = dict(InboundMessage.objects.values_list("pk", "state"))
    assert states == {own.pk: "waiting", foreign.pk: "quarantined"}
    auditor = signed_in(Role.AUDITOR)
    assert auditor.post("/messages/run/", {"id": ids}).status_code == 403
    assert "Run the chosen" not in words_of(auditor, "/messages/?state=quarantined")


def test_an_empty_quarantine_says_so(manager: Client) -> None:
    assert "Nothing is in quarantine." in words_of(manager, "/messages/?state=quarantined")
