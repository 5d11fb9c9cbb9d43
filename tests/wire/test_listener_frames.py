"""A real listener process over a real PostgreSQL: whatever the frames come in as."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import pytest

from apps.core.triggers import DECIDE_CHANNEL
from apps.hl7v2.mllp import frame
from tests.intake.listener.samples import VENDOR, fields, message
from tests.wire.client import Sender, codes
from tests.wire.stack import ROOT, ListenerProcess, Stack

pytestmark = pytest.mark.wire


def test_the_vendor_message_is_accepted_and_waits(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    raw = VENDOR.replace(b"Robina", b"VENDOR")

    with Sender(shared_listener.port) as sender:
        answer = sender.exchange(raw)

    assert fields(answer, b"MSA") == ["MSA", "AA", "", "Message received"]
    assert stack.rows(
        "SELECT raw, state, is_urgent, order_keys, peer LIKE '127.0.0.1:%%', ack,"
        " attempts, flags, order_ids, processed_at"
        " FROM intake_inboundmessage WHERE sender = 'PACS|VENDOR'"
    ) == [
        (
            raw,
            "waiting",
            True,
            [
                "VENDOR|placer|STUDY_ID_123",
                "VENDOR|accession|STUDY_ID_123",
                "VENDOR|filler|ACCESSION_456",
                "VENDOR|accession|ACCESSION_456",
            ],
            True,
            answer,
            0,
            [],
            [],
            None,
        )
    ]


def test_frames_are_found_byte_by_byte(shared_listener: ListenerProcess) -> None:
    wire = frame(message("1", facility="BYTES")) + frame(message("2", facility="BYTES"))

    with Sender(shared_listener.port) as sender:
        for position in range(len(wire)):
            sender.wire.sendall(wire[position : position + 1])

        assert codes(sender.answers(2)) == [("AA", "1"), ("AA", "2")]


def test_glued_frames_get_their_answers_in_their_order(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    sent = [message(str(number), facility="GLUED") for number in range(200)]

    with Sender(shared_listener.port) as sender:
        sender.send(*sent)
        answers = sender.answers(200)

    assert codes(answers) == [("AA", str(number)) for number in range(200)]
    assert [row[0] for row in stack.stored("GLUED")] == [str(number) for number in range(200)]


def test_answers_keep_the_order_of_frames_of_every_kind(shared_listener: ListenerProcess) -> None:
    with Sender(shared_listener.port) as sender:
        sender.send(
            message("1", facility="MIXED"),
            b"no HL7 at all",
            message("3", facility="MIXED", kind="SIU^S12"),
            message("4", facility="MIXED", kind="ACK", segments=("MSA|AA|1",)),
            message("5", facility="MIXED", segments=("ORC|NW",)),
            message("6", facility="MIXED", modes=("AL", "AL")),
        )

        assert codes(sender.answers(6)) == [
            ("AA", "1"), ("AE", ""), ("AA", "3"), ("AE", "5"), ("CA", "6"), ("AA", "6"),
        ]  # fmt: skip


def test_noise_between_frames_is_skipped(shared_listener: ListenerProcess) -> None:
    with Sender(shared_listener.port) as sender:
        sender.wire.sendall(
            b"2026-02-04 log line\n" + frame(message("1", facility="NOISE")) + b"\x00\r\n\x00"
            + frame(message("2", facility="NOISE")) + b"\x1c\x0d\x1c"
            + frame(message("3", facility="NOISE"))
        )  # fmt: skip

        assert codes(sender.answers(3)) == [("AA", "1"), ("AA", "2"), ("AA", "3")]


def test_a_cut_frame_is_not_answered_and_the_next_one_is(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    with Sender(shared_listener.port) as sender:
        sender.wire.sendall(b"\x0b" + message("1", facility="CUT")[:60])
        sender.send(message("2", facility="CUT"))

        assert codes([sender.answer()]) == [("AA", "2")]
    assert [row[0] for row in stack.stored("CUT")] == ["2"]


def test_the_same_bytes_five_times_are_one_row_and_five_equal_answers(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    raw = message("77", facility="FIVE")

    with Sender(shared_listener.port) as first, Sender(shared_listener.port) as second:
        answers = [first.exchange(raw)]
        first.send(raw, raw)
        second.send(raw, raw)
        answers += first.answers(2) + second.answers(2)

    assert len(set(answers)) == 1
    assert stack.stored("FIVE") == [("77", "waiting", "AA")]


def test_the_same_control_id_with_other_content_is_a_message_of_its_own(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    with Sender(shared_listener.port) as sender:
        for accession in ("A", "B"):
            sender.exchange(message("7", facility="REUSED", accession=accession))

    assert [row[0] for row in stack.stored("REUSED")] == ["7", "7"]


def test_a_refused_message_is_committed_and_refused_again_alike(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    raw = message("9", facility="REFUSED", segments=("OBR|1",))

    with Sender(shared_listener.port) as sender:
        answers = [sender.exchange(raw), sender.exchange(raw)]

    assert answers[0] == answers[1]
    assert fields(answers[0], b"ERR")[2] == "OBR^1^2"
    assert stack.stored("REFUSED") == [("9", "refused", "AE")]


def test_a_strict_profile_binds_within_a_second_of_its_edit(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    def send(control_id: str) -> tuple[str, str]:
        with Sender(shared_listener.port) as sender:
            return codes([sender.exchange(message(control_id, facility="STRICT"))])[0]

    assert send("1") == ("AA", "1")
    stack.manage(
        "shell", "-v", "0", "-c",
        "from apps.intake.models import SenderProfile as P; P.objects.create("
        "name='strict', facility='STRICT', is_strict=True, accepted_versions=['2.3'])",
    )  # fmt: skip
    time.sleep(1)
    assert [send("2"), send("2")] == [("AR", "2")] * 2
    stack.rows("UPDATE intake_senderprofile SET is_strict = false WHERE facility = 'STRICT'")
    time.sleep(1)
    assert send("2") == ("AA", "2")
    assert stack.stored("STRICT") == [
        ("1", "waiting", "AA"),
        ("2", "refused", "AR"),
        ("2", "refused", "AR"),
        ("2", "waiting", "AA"),
    ]


def test_a_batch_is_stored_message_by_message_and_answered_by_a_batch(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    sent = [message(str(number), facility="BATCH") for number in range(50)]
    batch = b"FHS|^~\\&|PACS|BATCH\rBHS|^~\\&|PACS|BATCH\r" + b"".join(sent) + b"BTS|50\rFTS|1\r"

    with Sender(shared_listener.port) as sender:
        answer = sender.exchange(batch)

    assert answer.count(b"\rMSA|AA|") == 50
    assert answer.endswith(b"BTS|50\rFTS|1\r")
    assert [row[0] for row in stack.stored("BATCH")] == [str(number) for number in range(50)]


def test_a_peer_that_has_finished_sending_still_gets_its_answers(
    shared_listener: ListenerProcess,
) -> None:
    with Sender(shared_listener.port) as sender:
        sender.send(*[message(str(number), facility="HALF") for number in range(20)])
        sender.wire.shutdown(socket.SHUT_WR)

        assert len(sender.answers(20)) == 20
        assert sender.is_closed()


def test_a_peer_that_vanishes_leaves_its_message_stored(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    raw = message("1", facility="GONE")
    with Sender(shared_listener.port) as sender:
        sender.send(raw)

    with Sender(shared_listener.port) as sender:
        assert codes([sender.exchange(raw)]) == [("AA", "1")]
    assert stack.stored("GONE") == [("1", "waiting", "AA")]


def test_nul_and_invalid_bytes_are_stored_as_they_came(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    raw = message("N\x00\x07", facility="NUL").replace(b"MRI", b"\xff\xfe\x00'); DROP--")

    with Sender(shared_listener.port) as sender:
        answer = sender.exchange(raw)

    assert answer.split(b"\r")[1].startswith(b"MSA|AA|N\x00\x07|")
    assert stack.rows(
        "SELECT raw, control_id FROM intake_inboundmessage WHERE sender = 'PACS|NUL'"
    ) == [(raw, "N\x07")]


def test_a_message_of_nearly_the_cap_is_taken_and_one_above_is_refused(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    head = message("1", facility="HUGE")
    fits = head + b"NTE|1||" + b"x" * (10 * 1024 * 1024 - len(head) - 8) + b"\r"

    with Sender(shared_listener.port) as sender:
        assert codes([sender.exchange(fits)]) == [("AA", "1")]
        sender.wire.sendall(frame(fits.replace(b"|1|P|", b"|2|P|", 1) + b"NTE\r"))
        assert codes([sender.answer()]) == [("AE", "2")]
        assert codes([sender.exchange(message("3", facility="HUGE"))]) == [("AA", "3")]
    assert stack.rows(
        "SELECT control_id, state, length(raw) FROM intake_inboundmessage"
        " WHERE sender = 'PACS|HUGE' ORDER BY arrival_seq"
    ) == [("1", "waiting", len(fits)), ("2", "refused", 4096),
          ("3", "waiting", len(message("3", facility="HUGE")))]  # fmt: skip


def test_a_thousand_connections_are_all_served_within_the_memory_of_a_small_process(
    shared_listener: ListenerProcess,
) -> None:
    senders = [Sender(shared_listener.port) for _ in range(1000)]
    try:
        for turn in range(2):
            for number, sender in enumerate(senders):
                sender.send(message(f"{turn}-{number}", facility="MANY"))
            answers = [sender.answer() for sender in senders]
            assert codes(answers) == [("AA", f"{turn}-{number}") for number in range(1000)]
        assert _resident_bytes(shared_listener.process.pid) < 150 * 1024 * 1024
    finally:
        for sender in senders:
            sender.wire.close()


def test_the_decider_is_woken_after_the_commit_once_for_many(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    with stack.connect() as waiting, Sender(shared_listener.port) as sender:
        waiting.execute(f"LISTEN {DECIDE_CHANNEL}")
        sender.exchange(message("0", facility="WAKE"))
        assert len(list(waiting.notifies(timeout=2, stop_after=1))) == 1

        sender.send(*[message(str(number), facility="WAKE") for number in range(1, 501)])
        sender.answers(500)
        woken = list(waiting.notifies(timeout=0.5))
    assert 1 <= len(woken) < 100


def test_nothing_to_decide_wakes_nobody(stack: Stack, shared_listener: ListenerProcess) -> None:
    with stack.connect() as waiting, Sender(shared_listener.port) as sender:
        waiting.execute(f"LISTEN {DECIDE_CHANNEL}")
        sender.exchange(message("1", facility="QUIET", kind="SIU^S12"))

        assert list(waiting.notifies(timeout=0.3)) == []


def test_a_sign_of_life_says_that_a_listener_is_there(
    stack: Stack, shared_listener: ListenerProcess
) -> None:
    found = stack.rows(
        "SELECT details->>'port', clock_timestamp() - at < interval '5 seconds'"
        " FROM core_heartbeat WHERE role = 'listener' AND name LIKE %s",
        [f"%:{shared_listener.process.pid}"],
    )

    assert found == [(str(shared_listener.port), True)]


def test_a_port_in_use_is_named(stack: Stack, shared_listener: ListenerProcess) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "hl7_listener", "--port", str(shared_listener.port)],
        cwd=ROOT, env=stack.environment(), capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip

    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{shared_listener.port}" in second.stderr


def _resident_bytes(pid: int) -> int:
    with open(f"/proc/{pid}/statm", encoding="ascii") as file:  # noqa: PTH123 -- not a real file
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
