"""What the sender of a merge hears, over the wire and from a real decider that may die."""

from __future__ import annotations

import time
from collections.abc import Iterator
from threading import Barrier, Thread

import pytest

from tests.intake.listener.samples import fields, message
from tests.wire.client import Sender, codes
from tests.wire.decider import deciding
from tests.wire.stack import ListenerProcess, Stack

pytestmark = [pytest.mark.wire, pytest.mark.fault]

HOLD_SECONDS = 3.0


@pytest.fixture(scope="module", autouse=True)
def nothing_waits(stack: Stack) -> None:
    """A merge waits its turn behind whatever other tests left in the database."""
    with deciding(stack):
        deadline = time.monotonic() + 60
        while stack.rows("SELECT 1 FROM intake_inboundmessage WHERE state = 'waiting' LIMIT 1"):
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture
def decider(stack: Stack) -> Iterator[None]:
    with deciding(stack):
        yield


def merge(control_id: str, kept: str, dead: str, *, facility: str) -> bytes:
    return message(
        control_id,
        kind="ADT^A40",
        facility=facility,
        segments=(f"PID|1||{kept}^^^{facility}^MR", f"MRG|{dead}^^^{facility}^MR"),
    )


def wait_for(stack: Stack, facility: str, expected: list[tuple[str, str, str]]) -> None:
    deadline = time.monotonic() + 10
    while stack.stored(facility) != expected:
        assert time.monotonic() < deadline, stack.stored(facility)
        time.sleep(0.02)


def merged(stack: Stack, facility: str) -> list[tuple[str, str]]:
    return stack.rows(
        "SELECT dead.mrn, kept.mrn FROM orders_patient AS dead"
        " JOIN orders_patient AS kept ON kept.id = dead.merged_into_id"
        " WHERE dead.authority = %s ORDER BY dead.id",
        [facility],
    )


def test_a_patient_merged_into_itself_is_refused_at_the_door_with_nobody_behind_it(
    stack: Stack, listener: ListenerProcess
) -> None:
    began = time.monotonic()
    with Sender(listener.port) as sender:
        answers = [sender.exchange(merge("1", "M1", "M1", facility="SELF")) for _ in range(2)]

    assert time.monotonic() - began < HOLD_SECONDS / 2
    assert answers[0] == answers[1]
    assert codes(answers) == [("AE", "1"), ("AE", "1")]
    assert fields(answers[0], b"ERR")[2:4] == ["MRG^1^1", "205^Duplicate key identifier^HL70357"]
    assert stack.stored("SELF") == [("1", "refused", "AE")]


@pytest.mark.usefixtures("decider")
def test_a_circle_is_answered_with_err_and_its_resend_with_the_same_bytes(
    stack: Stack, listener: ListenerProcess
) -> None:
    circle = merge("2", "M1", "M2", facility="CIRCLE")
    with Sender(listener.port) as sender:
        began = time.monotonic()
        answers = [
            sender.exchange(raw)
            for raw in (merge("1", "M2", "M1", facility="CIRCLE"), circle, circle)
        ]
        took = time.monotonic() - began

    assert codes(answers) == [("AA", "1"), ("AE", "2"), ("AE", "2")]
    assert answers[1] == answers[2]
    assert fields(answers[1], b"ERR")[2] == "MRG^1^1"
    assert took < HOLD_SECONDS
    assert stack.stored("CIRCLE") == [("1", "processed", "AA"), ("2", "refused", "AE")]
    assert merged(stack, "CIRCLE") == [("M1", "M2")]


@pytest.mark.usefixtures("decider")
def test_answers_keep_the_order_of_the_frames_also_behind_a_merge(
    listener: ListenerProcess,
) -> None:
    frames = [
        message("1", facility="BEHIND"),
        merge("2", "M2", "M1", facility="BEHIND"),
        message("3", facility="BEHIND"),
        merge("4", "M1", "M2", facility="BEHIND") + message("5", facility="BEHIND"),
        message("6", facility="BEHIND"),
    ]
    with Sender(listener.port) as sender:
        sender.send(*frames)
        answers = sender.answers(6)

    assert codes(answers) == [
        *(("AA", "1"), ("AA", "2"), ("AA", "3")),
        *(("AE", "4"), ("AA", "5"), ("AA", "6")),
    ]


@pytest.mark.usefixtures("decider")
def test_of_two_merges_in_opposite_directions_at_once_one_is_refused(
    stack: Stack, listener: ListenerProcess
) -> None:
    for number in range(10):
        one, other = f"A{number}", f"B{number}"
        start, heard = Barrier(2), dict[str, str]()

        def ask(
            kept: str, dead: str, start: Barrier = start, heard: dict[str, str] = heard
        ) -> None:
            with Sender(listener.port) as sender:
                start.wait()
                raw = merge(f"{kept}{dead}", kept, dead, facility="RACE")
                heard[dead] = codes([sender.exchange(raw)])[0][0]

        threads = [Thread(target=ask, args=pair) for pair in ((one, other), (other, one))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)

        assert sorted(heard.values()) == ["AA", "AE"]
        gone = next(dead for dead, code in heard.items() if code == "AA")
        kept = other if gone == one else one
        assert (gone, kept) in merged(stack, "RACE")
        assert (kept, gone) not in merged(stack, "RACE")


def test_without_a_decider_a_merge_is_accepted_late_and_delays_nobody_else(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port) as slow, Sender(listener.port) as quick:
        began = time.monotonic()
        slow.send(merge("1", "M2", "M1", facility="LATE"))
        for number in range(20):
            assert codes([quick.exchange(message(f"Q{number}", facility="QUICK"))])[0][0] == "AA"
        others_took = time.monotonic() - began
        answer = slow.answer()
        took = time.monotonic() - began

    assert codes([answer]) == [("AA", "1")]
    assert others_took < HOLD_SECONDS / 2
    assert HOLD_SECONDS - 0.5 < took < HOLD_SECONDS + 2
    with deciding(stack):
        wait_for(stack, "LATE", [("1", "processed", "AA")])


def test_a_merge_that_was_accepted_while_the_decider_was_dead_is_never_refused_behind_it(
    stack: Stack, listener: ListenerProcess
) -> None:
    circle = merge("2", "M1", "M2", facility="KILLED")
    with Sender(listener.port) as sender:
        with deciding(stack):
            first = sender.exchange(merge("1", "M2", "M1", facility="KILLED"))
        second = sender.exchange(circle)

        assert codes([first, second]) == [("AA", "1"), ("AA", "2")]
        with deciding(stack):
            wait_for(stack, "KILLED", [("1", "processed", "AA"), ("2", "quarantined", "AA")])
            assert sender.exchange(circle) == second
    assert merged(stack, "KILLED") == [("M1", "M2")]


def test_a_database_that_goes_while_a_merge_waits_costs_no_answer_and_is_told_later(
    stack: Stack, listener: ListenerProcess
) -> None:
    with Sender(listener.port, timeout_seconds=40) as sender:
        with deciding(stack):
            sender.exchange(merge("1", "M2", "M1", facility="LOST"))
        sender.send(merge("2", "M1", "M2", facility="LOST"))
        deadline = time.monotonic() + 5
        while len(stack.stored("LOST")) < 2:
            assert time.monotonic() < deadline
        stack.stop_postgres()
        answer = sender.answer()
        stack.start_postgres()

        assert codes([answer]) == [("AA", "2")]
        marked = "SELECT flags FROM intake_inboundmessage WHERE sender = 'PACS|LOST' AND control_id = '2'"
        deadline = time.monotonic() + 10
        while stack.rows(marked) != [(["answered_before_effect"],)]:
            assert time.monotonic() < deadline, stack.rows(marked)
            time.sleep(0.05)
    with deciding(stack):
        wait_for(stack, "LOST", [("1", "processed", "AA"), ("2", "quarantined", "AA")])
