"""Senders and their messages in the admin: safe to look at, and run again where set aside."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage, SenderProfile
from tests.factories.intake import InboundMessageFactory
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
    raw = b"MSH|^~\\&|PACS|Robina\rPID|1||1||<script>alert(1)</script>^\x0b\xe2\x80\xae\rOBX|\xff"
    message = InboundMessageFactory.create(raw=raw)
    page = client.get(admin_url("intake.inboundmessage", "change", message.pk)).content.decode()
    assert (
        '<pre class="raw">MSH|^~\\&amp;|PACS|Robina\n'
        "PID|1||1||&lt;script&gt;alert(1)&lt;/script&gt;^␋" in page
    )
    assert "<script>alert" not in page
    assert "\u202e" not in page


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
    assert profile.accession_places == ["IPC-1", "OBR-18", "filler", "placer"]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("urgency_words", '{"NOW": "SOON"}', "“SOON” is not one of ROUTINE, STAT, URGENT."),
        ("urgency_words", '["NOW"]', 'A JSON object, such as {"EMERGENCY": "STAT"}.'),
        ("modality_words", '{"MRI3T": "MRI"}', "“MRI” is not one of AR, "),
        ("accession_places", "OBR-18,OBR-18", "Each place is named once."),
        ("accession_places", "OBR-99", "Item 1 in the array did not validate"),
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
