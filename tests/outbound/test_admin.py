"""Destinations and messages in the admin: sent again, withdrawn, and kept from being deleted."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.outbound.choices import OutboundState
from apps.outbound.models import Destination, DestinationLink, OutboundMessage
from tests.factories.outbound import DestinationFactory, OutboundMessageFactory
from tests.factories.people import UserFactory
from tests.factories.times import NOON
from tests.support.admin_forms import admin_url
from tests.support.people import client_of, person

pytestmark = pytest.mark.db


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(username="ada", is_staff=True, is_superuser=True))
    return signed_in


def test_messages_are_masked_and_lead_to_where_they_are_opened(client: Client) -> None:
    payload = b"MSH|^~\\&|ENGINE\rPID|1||SECRETNAME||SECRETNAME^Pat\rOBR|1|P1|||||||||||SECRETNAME"
    message = OutboundMessageFactory.create(payload=payload)
    address = admin_url("outbound.outboundmessage", "change", message.pk)
    page = client.get(address).content.decode()
    listed = client.get(admin_url("outbound.outboundmessage", "changelist")).content.decode()
    assert "SECRETNAME" not in page + listed
    assert "PID|1||••••••••••||••••••••••^•••\nOBR|1|P1|" in page
    assert f'href="{reverse("message-out", args=[message.pk])}"' in page
    assert client_of(person(Role.AUDITOR)).get(address).status_code == 404


def act(
    client: Client, label: str, action: str, *rows: OutboundMessage | Destination
) -> list[str]:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    response = client.post(admin_url(label, "changelist"), data, follow=True)
    return [str(message) for message in response.context["messages"]]


def states() -> list[str]:
    return list(OutboundMessage.objects.order_by("id").values_list("state", flat=True))


def test_dead_and_delivered_messages_are_sent_again_and_queued_ones_left(client: Client) -> None:
    dead = OutboundMessageFactory.create(state=OutboundState.DEAD, attempts=9, error="AE")
    delivered = OutboundMessageFactory.create(state=OutboundState.DELIVERED, answered_at=NOON)
    queued = OutboundMessageFactory.create(attempts=2)
    told = act(client, "outbound.outboundmessage", "send_again", dead, delivered, queued)
    assert told == ["2 of 3 messages queued again."]
    assert states() == ["queued", "queued", "queued"]
    kept = dead.control_id
    dead.refresh_from_db()
    queued.refresh_from_db()
    assert (dead.control_id, dead.attempts, dead.error, queued.attempts) == (kept, 0, "", 2)
    events = AuditEvent.objects.filter(entity="outbound_outboundmessage", actor="user:ada")
    assert events.count() == 2


def test_messages_on_their_way_are_withdrawn_and_delivered_ones_left(client: Client) -> None:
    queued = OutboundMessageFactory.create()
    delivered = OutboundMessageFactory.create(state=OutboundState.DELIVERED, answered_at=NOON)
    told = act(client, "outbound.outboundmessage", "withdraw", queued, delivered)
    assert told == ["1 of 2 messages withdrawn."]
    assert states() == ["cancelled", "delivered"]


def test_dead_letters_of_one_destination_are_queued_and_of_others_not(client: Client) -> None:
    mine, other = DestinationFactory.create(), DestinationFactory.create()
    for destination in (mine, other):
        OutboundMessageFactory.create(destination=destination, state=OutboundState.DEAD)
    told = act(client, "outbound.destination", "resend_dead", mine)
    assert told == ["1 dead letters queued again."]
    assert states() == ["queued", "dead"]


def test_destination_is_tried_at_once(client: Client) -> None:
    destination = DestinationFactory.create()
    link = DestinationLink.objects.create(destination=destination, next_attempt_at=NOON)
    act(client, "outbound.destination", "try_now", destination)
    link.refresh_from_db()
    assert link.next_attempt_at is None


def test_message_is_found_by_control_id_and_by_the_orders_accession(client: Client) -> None:
    message = OutboundMessageFactory.create(control_id="ONE")
    OutboundMessageFactory.create(control_id="TWO")
    address = admin_url("outbound.outboundmessage", "changelist")
    for term in ("ONE", message.order.accession):
        listed = client.get(address, {"q": term}).context["cl"].queryset
        assert list(listed.values_list("control_id", flat=True)) == ["ONE"]


def test_destination_with_messages_is_kept_and_one_without_goes_with_its_link(
    client: Client,
) -> None:
    kept = OutboundMessageFactory.create().destination
    gone = DestinationFactory.create()
    DestinationLink.objects.create(destination=gone)
    for destination, status in ((kept, 200), (gone, 302)):
        address = admin_url("outbound.destination", "delete", destination.pk)
        assert client.post(address, {"post": "yes"}).status_code == status
    assert list(Destination.objects.all()) == [kept]
    assert not DestinationLink.objects.exists()
