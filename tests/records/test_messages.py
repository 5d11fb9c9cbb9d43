"""What the tables of messages and of the queue refuse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from apps.core.models import DueTime, QueueTask
from apps.intake.models import InboundMessage, MessageKey
from apps.outbound.models import DestinationLink, OutboundMessage
from tests.factories.outbound import DestinationFactory, OutboundMessageFactory
from tests.factories.times import NOON
from tests.records.refusals import changed, refusal

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=1)
DAY = date(2026, 2, 4)


@pytest.mark.parametrize(
    ("state", "has_time", "refused"),
    [
        ("waiting", False, False),
        ("waiting", True, True),
        ("refused", False, False),
        ("refused", True, True),
        ("processed", True, False),
        ("processed", False, True),
        ("ignored", False, True),
        ("quarantined", False, True),
        ("quarantined", True, False),
    ],
)
def test_received_message_has_a_time_once_it_is_done_with(
    state: str, *, has_time: bool, refused: bool
) -> None:
    found = refusal(
        lambda: InboundMessage.objects.create(
            arrival_seq=1,
            received_at=NOON,
            digest=b"d" * 16,
            raw=b"MSH",
            state=state,
            processed_at=NOON if has_time else None,
        )
    )
    assert found == ("processed_with_its_time" if refused else "")


def test_same_bytes_of_the_same_sender_have_one_key() -> None:
    MessageKey.objects.create(key=b"k" * 16, message_id=1)
    again = refusal(lambda: MessageKey.objects.create(key=b"k" * 16, message_id=2))
    assert again == "intake_messagekey_pkey"


def test_delivered_message_was_answered() -> None:
    message = OutboundMessageFactory.create()
    assert changed(message, state="delivered") == "delivered_means_answered"
    assert changed(message, state="delivered", answered_at=NOON) == ""


def test_control_id_is_used_once_per_destination() -> None:
    message = OutboundMessageFactory.create(control_id="1")
    other = DestinationFactory.create()
    assert refusal(lambda: OutboundMessageFactory.create(control_id="1", destination=other)) == ""
    again = refusal(
        lambda: OutboundMessageFactory.create(control_id="1", destination=message.destination)
    )
    assert again == "one_message_per_control_id"
    assert OutboundMessage.objects.filter(destination=message.destination).count() == 1


def test_destination_fails_since_its_first_failure() -> None:
    link = DestinationLink.objects.create(destination=DestinationFactory.create())
    assert changed(link, failures=1) == "failing_since_its_first_failure"
    assert changed(link, failures=1, failing_since=NOON) == ""
    assert changed(link, failures=0) == "failing_since_its_first_failure"


def test_due_time_is_one_per_subject_and_nudge_one_per_kind_until_claimed() -> None:
    def due() -> DueTime:
        return DueTime.objects.create(kind="sla", subject="1", due_at=NOON)

    def nudge() -> QueueTask:
        return QueueTask.objects.create(cluster="decide", dedupe_key="look", payload="")

    assert [refusal(due), refusal(due)] == ["", "one_due_time_per_subject"]
    assert [refusal(nudge), refusal(nudge)] == ["", "one_waiting_nudge_per_kind"]
    QueueTask.objects.update(claimed_until=NOON)
    assert refusal(nudge) == ""
