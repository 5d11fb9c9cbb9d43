"""When senders were last heard, as the running listener notes it beside its work."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.intake.listener.samples import message
from tests.wire.client import Sender, codes
from tests.wire.stack import ListenerProcess, Stack

pytestmark = pytest.mark.wire

DUE = "SELECT due_at FROM core_duetime WHERE kind = 'sender_silence' AND subject = 'all'"


def contacts(stack: Stack, facility: str) -> list[tuple[str, str, datetime, datetime | None]]:
    return stack.rows(
        "SELECT application, facility, last_at, silent_since FROM intake_sendercontact"
        " WHERE facility = %s ORDER BY application",
        [facility],
    )


def wait_for(what: Callable[[], bool], seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_sender_is_noted_within_seconds_and_again_when_it_speaks_again(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port) as sender:
        sender.exchange(message("1", facility="HEARD"))
        wait_for(lambda: len(contacts(stack, "HEARD")) == 1)
        [(application, _, first_at, _)] = contacts(stack, "HEARD")
        sender.exchange(message("2", facility="HEARD"))
        wait_for(lambda: contacts(stack, "HEARD")[0][2] > first_at)

    assert application == "PACS"
    assert abs(first_at - datetime.now(UTC)) < timedelta(seconds=20)


def test_whoever_was_thought_silent_and_speaks_is_looked_at_at_once(
    stack: Stack, listener: ListenerProcess
) -> None:
    stack.rows(
        "INSERT INTO intake_sendercontact (application, facility, last_at, silent_since)"
        " VALUES ('PACS', 'MISSED', now() - interval '1 day', now() - interval '1 day')"
    )
    wait_for(lambda: bool(stack.rows(DUE)))
    stack.rows("UPDATE core_duetime SET due_at = now() + interval '1 hour'")

    with Sender(listener.port) as sender:
        sender.exchange(message("1", facility="MISSED"))
        wait_for(lambda: stack.rows(DUE)[0][0] < datetime.now(UTC))

    assert contacts(stack, "MISSED")[0][2] > datetime.now(UTC) - timedelta(seconds=20)


def test_a_flood_of_made_up_senders_is_answered_and_noted_up_to_a_number(
    stack: Stack, listener: ListenerProcess
) -> None:
    raw = message("{}", facility="MADEUP").replace(b"PACS", b"X{}", 1)
    with Sender(listener.port) as sender:
        for start in range(0, 3000, 100):
            sent = [raw.replace(b"{}", b"%d" % n) for n in range(start, start + 100)]
            sender.send(*sent)
            assert {code for code, _ in codes(sender.answers(100))} == {"AA"}
        sender.exchange(message("last", facility="AFTER"))
        wait_for(lambda: len(contacts(stack, "MADEUP")) > 1900)
        time.sleep(2.5)

    assert 1900 < len(contacts(stack, "MADEUP")) <= 2000
    stack.rows("DELETE FROM intake_sendercontact WHERE facility = 'MADEUP'")


def test_contacts_outlive_an_absence_of_the_database(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port) as sender:
        sender.exchange(message("1", facility="OUTAGE"))
        stack.stop_postgres()
        stack.start_postgres()
        wait_for(lambda: len(contacts(stack, "OUTAGE")) == 1, seconds=15)
