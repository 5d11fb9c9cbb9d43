"""PostgreSQL and the listener die under load: what got AA is in the table, exactly once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest

from tests.intake.listener.samples import fields, message
from tests.wire.client import (
    Sender,
    codes,
    finish_senders,
    start_senders,
    wait_until_more,
)
from tests.wire.stack import ListenerProcess, Stack

pytestmark = [pytest.mark.wire, pytest.mark.fault]


@pytest.fixture(autouse=True)
def database_is_back(stack: Stack) -> Iterator[None]:
    """Leave the next test a running database, whatever became of this one."""
    yield
    stack.start_postgres()


def stored_once(stack: Stack, facility: str) -> list[str]:
    """Return the stored control ids, sorted; a row too many shows as a repeated id."""
    return sorted(row[0] for row in stack.stored(facility))


def test_postgres_killed_under_load_loses_nothing_that_was_accepted(
    stack: Stack, listener: ListenerProcess
) -> None:
    senders = start_senders(listener.port, "PGKILL", 8)
    for _ in range(3):
        wait_until_more(senders, 20)
        stack.kill_postgres()
        stack.start_postgres()
    wait_until_more(senders, 20)
    accepted = finish_senders(senders)

    stored = stored_once(stack, "PGKILL")
    assert len(stored) == len(set(stored))
    assert set(accepted) <= set(stored)
    assert listener.process.poll() is None


def test_the_listener_killed_under_load_loses_nothing_that_was_accepted(
    stack: Stack, listener: ListenerProcess
) -> None:
    senders = start_senders(listener.port, "KILL", 8)
    for _ in range(3):
        wait_until_more(senders, 20)
        listener.kill()
        listener.start()
    wait_until_more(senders, 20)
    accepted = finish_senders(senders)

    stored = stored_once(stack, "KILL")
    assert len(stored) == len(set(stored))
    assert set(accepted) <= set(stored)


def test_sigterm_under_load_ends_cleanly_and_answers_what_it_stored(
    stack: Stack, listener: ListenerProcess
) -> None:
    senders = start_senders(listener.port, "TERM", 8)
    wait_until_more(senders, 50)

    began = time.monotonic()
    assert listener.end() == 0
    assert time.monotonic() - began < 5
    accepted = finish_senders(senders)

    # Not only is what was accepted stored: what was stored was also answered.
    assert stored_once(stack, "TERM") == accepted
    listener.start()


def test_while_the_database_is_away_messages_are_refused_and_connections_stay(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port) as sender:
        assert codes([sender.exchange(message("1", facility="AWAY"))]) == [("AA", "1")]
        stack.stop_postgres()

        refused = [sender.exchange(message(str(n), facility="AWAY")) for n in (2, 3)]
        assert codes(refused) == [("AR", "2"), ("AR", "3")]
        assert fields(refused[0], b"MSA")[3].startswith("not now")

        stack.start_postgres()
        deadline = time.monotonic() + 10
        while codes([sender.exchange(message("2", facility="AWAY"))]) != [("AA", "2")]:
            assert time.monotonic() < deadline
    assert stored_once(stack, "AWAY") == ["1", "2"]


def test_a_restart_of_the_database_between_two_messages_goes_unnoticed(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port) as sender:
        sender.exchange(message("1", facility="IDLE"))
        stack.stop_postgres()
        stack.start_postgres()
        time.sleep(1.2)

        assert codes([sender.exchange(message("2", facility="IDLE"))]) == [("AA", "2")]


def test_a_listener_that_starts_without_a_database_refuses_until_it_is_there(
    stack: Stack,
) -> None:
    stack.stop_postgres()
    with stack.listener() as listener, Sender(listener.port) as sender:
        assert codes([sender.exchange(message("1", facility="EARLY"))]) == [("AR", "1")]

        stack.start_postgres()
        deadline = time.monotonic() + 10
        while codes([sender.exchange(message("1", facility="EARLY"))]) != [("AA", "1")]:
            assert time.monotonic() < deadline


def test_a_database_that_says_nothing_any_more_closes_without_an_answer(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port, timeout_seconds=40) as sender:
        sender.exchange(message("1", facility="MUTE"))
        backends = [
            row[0]
            for row in stack.rows(
                "SELECT pid FROM pg_stat_activity WHERE application_name = 'radassign-listener'"
            )
        ]
        for pid in backends:
            os.kill(pid, signal.SIGSTOP)
        try:
            sender.send(message("2", facility="MUTE"))
            assert sender.is_closed()
        finally:
            for pid in backends:
                os.kill(pid, signal.SIGCONT)

    with Sender(listener.port) as sender:
        assert codes([sender.exchange(message("2", facility="MUTE"))]) == [("AA", "2")]
    assert stored_once(stack, "MUTE") == ["1", "2"]


def test_a_row_that_the_database_refuses_fails_alone(
    stack: Stack, listener: ListenerProcess
) -> None:
    stack.rows_as_owner(
        "ALTER TABLE intake_inboundmessage ADD CONSTRAINT no_bad_row"
        " CHECK (control_id <> 'BAD') NOT VALID"
    )
    names = ["1", "BAD", "3", "4"]
    try:
        with Sender(listener.port) as sender:
            sender.send(*[message(name, facility="ROW") for name in names])
            answers = sender.answers(4)
    finally:
        stack.rows_as_owner("ALTER TABLE intake_inboundmessage DROP CONSTRAINT no_bad_row")

    assert codes(answers) == [("AA", "1"), ("AE", "BAD"), ("AA", "3"), ("AA", "4")]
    assert stored_once(stack, "ROW") == ["1", "3", "4"]
    kept = stack.rows(
        "SELECT raw, state FROM intake_inboundmessage WHERE error LIKE '%%SQLSTATE 23514'"
    )
    assert kept == [(message("BAD", facility="ROW"), "refused")]
