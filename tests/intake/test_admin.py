"""Senders and their messages in the admin: safe to look at, and run again where set aside."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.core.access import EVERYWHERE, Scope
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage, SenderProfile
from apps.intake.queries.inbound import wholly_within
from tests.factories.intake import InboundMessageFactory
from tests.factories.orders import OrderFactory
from tests.factories.people import UserFactory
from tests.factories.times import NOON
from tests.support.admin_forms import admin_url, errors_of, shown_form
from tests.support.people import client_of, person

pytestmark = pytest.mark.db


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(username="ada", is_staff=True, is_superuser=True))
    return signed_in


def test_raw_message_is_shown_as_harmless_text(client: Client) -> None:
    raw = b"MSH|^~\\&|PACS|<script>alert(1)</script>\x0b\xe2\x80\xae\rPID|1||1||Doe\rOBX|\xff"
    message = InboundMessageFactory.create(raw=raw)
    page = client.get(admin_url("intake.inboundmessage", "change", message.pk)).content.decode()
    assert (
        '<pre class="raw">MSH|^~\\&amp;|PACS|&lt;script&gt;alert(1)&lt;/script&gt;␋\\u202e\n'
        "PID|1||•||•••\nOBX|\\xff</pre>" in page
    )
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_messages_are_masked_and_lead_to_where_they_are_opened(client: Client) -> None:
    raw = b"MSH|^~\\&|PACS\rPID|1||SECRETNAME||SECRETNAME^Pat\rOBR|1|P1|||||||||||SECRETNAME"
    ack = b"MSH|^~\\&|ENGINE\rMSA|AE|1|SECRETNAME"
    message = InboundMessageFactory.create(raw=raw, ack=ack)
    page = client.get(admin_url("intake.inboundmessage", "change", message.pk)).content.decode()
    listed = client.get(admin_url("intake.inboundmessage", "changelist")).content.decode()
    assert "SECRETNAME" not in page + listed
    assert "OBR|1|P1|" in page
    assert "MSA|AE|1|••••••••••</pre>" in page
    assert f'href="{reverse("message-in", args=[message.pk])}"' in page


def test_an_auditor_opens_no_message_in_the_admin() -> None:
    message = InboundMessageFactory.create(raw=b"MSH|^~\\&|PACS\rPID|1||SECRETNAME")
    client = client_of(person(Role.AUDITOR))
    for page, key, status in (("change", [message.pk], 404), ("changelist", [], 403)):
        answer = client.get(admin_url("intake.inboundmessage", page, *key))
        assert (answer.status_code, b"SECRETNAME" in answer.content) == (status, False)


def test_a_message_of_another_sites_order_too_is_not_there_and_is_not_run_again() -> None:
    mine, other = OrderFactory.create(), OrderFactory.create()
    own = quarantined(order_ids=[mine.pk])
    mixed = quarantined(order_ids=[mine.pk, other.pk])
    client = client_of(person(Role.ADMINISTRATOR, site=mine.site))
    listed = client.get(admin_url("intake.inboundmessage", "changelist"))
    assert list(listed.context["cl"].queryset) == [own]
    for message, status in ((own, 200), (mixed, 404)):
        address = admin_url("intake.inboundmessage", "change", message.pk)
        assert client.get(address).status_code == status
    run_again(client, own, mixed)
    own.refresh_from_db()
    mixed.refresh_from_db()
    assert (own.state, mixed.state) == ("waiting", "quarantined")


def test_who_may_run_at_one_site_alone_runs_no_mixed_message_they_may_see() -> None:
    mine, other = OrderFactory.create(), OrderFactory.create()
    messages = InboundMessageFactory.create_batch(2, order_ids=[mine.pk, other.pk])
    assert set(wholly_within(InboundMessage.objects.all(), EVERYWHERE)) == set(messages)
    at_mine = Scope(site_ids=frozenset({int(mine.site_id or 0)}))
    at_both = Scope(site_ids=at_mine.site_ids | {int(other.site_id or 0)})
    seen_at_both = wholly_within(InboundMessage.objects.all(), at_both)
    assert set(seen_at_both) == set(messages)
    assert list(wholly_within(seen_at_both, at_mine)) == []


def quarantined(**values: object) -> InboundMessage:
    return InboundMessageFactory.create(
        state=InboundState.QUARANTINED, attempts=3, error="boom", processed_at=NOON, **values
    )


def run_again(client: Client, *messages: InboundMessage) -> int:
    data = {"action": "run_again", "_selected_action": [message.pk for message in messages]}
    return client.post(admin_url("intake.inboundmessage", "changelist"), data).status_code


def test_quarantined_messages_wait_again_and_others_are_left(client: Client) -> None:
    message = quarantined()
    done = InboundMessageFactory.create(state=InboundState.PROCESSED, processed_at=NOON)
    assert run_again(client, message, done) == 302
    message.refresh_from_db()
    done.refresh_from_db()
    assert (message.state, message.attempts, message.error, message.processed_at) == (
        "waiting",
        0,
        "",
        None,
    )
    assert (done.state, done.processed_at) == ("processed", NOON)
    event = AuditEvent.objects.get(entity="intake_inboundmessage")
    assert (event.entity_id, event.action, event.actor) == (
        str(message.pk),
        "run_again",
        "user:ada",
    )
    assert event.old_values == {"state": "quarantined", "attempts": 3, "error": "boom"}


def test_who_may_only_look_runs_nothing_again() -> None:
    client = client_of(person(Role.AUDITOR))
    message = quarantined()
    run_again(client, message)
    message.refresh_from_db()
    assert message.state == "quarantined"


def test_senders_words_are_kept_in_capitals(client: Client) -> None:
    address = admin_url("intake.senderprofile", "add")
    data = shown_form(client, address) | {
        "name": "PACS",
        "urgency_words": '{"emergency": "STAT"}',
        "modality_words": '{"mri3t": "MR"}',
    }
    assert errors_of(client.post(address, data)) == []
    profile = SenderProfile.objects.get()
    assert profile.urgency_words == {"EMERGENCY": "STAT"}
    assert profile.modality_words == {"MRI3T": "MR"}
    assert profile.places == {}


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("urgency_words", '{"NOW": "SOON"}', "“SOON” is not one of ROUTINE, STAT, URGENT."),
        ("urgency_words", '["NOW"]', 'A JSON object, such as {"EMERGENCY": "STAT"}.'),
        ("modality_words", '{"MRI3T": "MRI"}', "“MRI” is not one of AR, "),
        ("places", '{"accession": ["OBR"]}', "accession: 'OBR' is not a place such as"),
        ("places", '{"colour": ["OBR-4"]}', "colour: 'colour' is not a fact that is read"),
        ("places", '["OBR-4"]', "An object of lists, such as "),
        ("character_set", "EBCDIC", "“EBCDIC” is not a character set of MSH-18"),
        ("networks", "10.1.2.3,ten", "Item 2 in the array did not validate"),
        ("time_zone", "Brisbane", "Select a valid choice."),
    ],
)
def test_senders_words_that_mean_nothing_are_refused(
    client: Client, field: str, value: str, error: str
) -> None:
    address = admin_url("intake.senderprofile", "add")
    data = shown_form(client, address) | {"name": "PACS", field: value}
    (found,) = errors_of(client.post(address, data))
    assert found[: len(error)] == error
