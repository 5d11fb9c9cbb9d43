"""What a person does with messages, and what the trail says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.audit.models import AuditEvent
from apps.core.actor import Actor, acting_as
from apps.outbound.exceptions import MessageStateError
from apps.outbound.models import DestinationLink, OutboundMessage
from apps.outbound.policies import can_resend, can_withdraw
from apps.outbound.services.by_hand import resend, resend_dead, try_now, withdraw
from tests.factories import DestinationFactory, OrderFactory, OutboundMessageFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=2)
ANSWERED: dict[str, Any] = {"answered_at": NOON, "first_sent_at": NOON, "sent_at": NOON}


def trail() -> list[tuple[str, str, str, Any, Any]]:
    rows = AuditEvent.objects.filter(action__in=["resend", "withdraw", "try_now"]).order_by("id")
    fields = ("action", "entity_id", "actor", "old_values", "new_values")
    return list(rows.values_list(*fields))


@pytest.mark.parametrize("state", ["dead", "delivered", "cancelled"])
def test_resending_queues_the_same_message_anew(state: str) -> None:
    message = OutboundMessageFactory.create(state=state, attempts=9, error="no", **ANSWERED)
    before = (message.control_id, message.payload)

    with acting_as(Actor("user", "mia")):
        resend(message_id=message.pk, at=LATER)

    message.refresh_from_db()
    assert (message.control_id, bytes(message.payload)) == before
    assert (message.state, message.attempts, message.first_sent_at) == ("queued", 0, None)
    assert (message.next_attempt_at, message.error) == (LATER, "")
    assert trail() == [
        (
            "resend",
            str(message.pk),
            "user:mia",
            {"state": state, "attempts": 9},
            {"state": "queued"},
        )
    ]


def test_a_queued_message_is_not_queued_twice() -> None:
    message = OutboundMessageFactory.create()
    with pytest.raises(MessageStateError, match="is queued: it cannot be sent again"):
        resend(message_id=message.pk, at=LATER)
    assert trail() == []


def test_resending_dead_letters_leaves_what_a_later_message_has_overtaken() -> None:
    destination = DestinationFactory.create()
    order, other = OrderFactory.create_batch(2)
    stale = OutboundMessageFactory.create(destination=destination, order=order, state="dead")
    OutboundMessageFactory.create(
        destination=destination, order=order, state="delivered", **ANSWERED
    )
    fresh = OutboundMessageFactory.create(destination=destination, order=other, state="dead")
    elsewhere = OutboundMessageFactory.create(order=other, state="dead")

    assert resend_dead(destination_id=destination.pk, at=LATER) == 1

    found = OutboundMessage.objects.in_bulk([stale.pk, fresh.pk, elsewhere.pk])
    assert {key: row.state for key, row in found.items()} == {
        stale.pk: "dead",
        fresh.pk: "queued",
        elsewhere.pk: "dead",
    }
    assert [line[:2] for line in trail()] == [("resend", str(fresh.pk))]


@pytest.mark.parametrize("state", ["queued", "dead"])
def test_withdrawing_keeps_a_message_from_going_out(state: str) -> None:
    message = OutboundMessageFactory.create(state=state)
    withdraw(message_id=message.pk, at=LATER)
    message.refresh_from_db()
    assert message.state == "cancelled"
    assert [line[:3] for line in trail()] == [("withdraw", str(message.pk), "system:outbound")]


def test_what_was_delivered_cannot_be_withdrawn() -> None:
    message = OutboundMessageFactory.create(state="delivered", **ANSWERED)
    with pytest.raises(MessageStateError, match="is delivered: it cannot be withdrawn"):
        withdraw(message_id=message.pk, at=LATER)


@pytest.mark.parametrize(
    ("state", "resendable", "withdrawable"),
    [
        ("queued", False, True),
        ("delivered", True, False),
        ("dead", True, True),
        ("cancelled", True, False),
    ],
)
def test_pages_and_services_agree_on_what_may_be_done(
    state: str, *, resendable: bool, withdrawable: bool
) -> None:
    message = OutboundMessageFactory.build(state=state, destination=None, order=None)
    assert (can_resend(message), can_withdraw(message)) == (resendable, withdrawable)


def test_trying_now_ends_the_rest_and_keeps_the_history_of_the_trouble() -> None:
    link = DestinationLink.objects.create(
        destination=DestinationFactory.create(),
        failing_since=NOON,
        failures=4,
        next_attempt_at=datetime(2026, 2, 5, tzinfo=UTC),
    )
    try_now(destination_id=link.destination_id, at=LATER)
    link.refresh_from_db()
    assert (link.next_attempt_at, link.failures, link.failing_since) == (None, 4, NOON)
    assert [line[:2] for line in trail()] == [("try_now", str(link.destination_id))]


def test_a_failing_audit_undoes_the_change(monkeypatch: pytest.MonkeyPatch) -> None:
    message = OutboundMessageFactory.create(state="dead")

    def fail(*_args: object, **_options: object) -> None:
        raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr(AuditEvent.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError, match="trail"):
        resend(message_id=message.pk, at=LATER)
    message.refresh_from_db()
    assert message.state == "dead"
