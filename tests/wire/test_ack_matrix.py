"""Every pair of MSH-15 and MSH-16 in every version, to a real listener and a real database."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hl7v2 import ack_oracle as oracle
from tests.intake.listener.samples import fields, message
from tests.wire.client import Sender
from tests.wire.stack import ListenerProcess, Stack

pytestmark = pytest.mark.wire

CASES = list(itertools.product(oracle.MODES, oracle.MODES, oracle.VERSIONS))
STRICT = "ACKSTRICT"
Heard = dict[str, list[str]]


@pytest.fixture(scope="module")
def door(stack: Stack) -> Iterator[ListenerProcess]:
    """A listener that knows a strict sender, which sends ORM and nothing else."""
    stack.start_postgres()
    stack.manage("shell", "-v", "0", "-c", _ADD_STRICT)
    with stack.listener() as process:
        yield process


_ADD_STRICT = f"""
from apps.intake.models import SenderProfile
SenderProfile.objects.update_or_create(
    name="{STRICT}", facility="{STRICT}", application="",
    defaults={{"is_strict": True, "accepted_types": ["ORM^O01"], "accepted_processing_ids": ["D"]}},
)
"""


def played(door: ListenerProcess, prefix: str, **values: object) -> tuple[Heard, list[bytes]]:
    """Send every case on one connection, then a message that ends it.

    Returns:
        By control id the codes of its answers, in order; and every answer.
    """
    with Sender(door.port) as sender:
        sender.send(
            *(
                message(f"{prefix}{place}", version=version, modes=(accept, application), **values)  # type: ignore[arg-type] # of one message each
                for place, (accept, application, version) in enumerate(CASES)
            ),
            message(f"{prefix}end", facility="ACKEND"),
        )
        answers: list[bytes] = []
        while not answers or fields(answers[-1], b"MSA")[2] != f"{prefix}end":
            answers.append(sender.answer())
    del answers[-1]
    heard: Heard = {}
    for answer in answers:
        msa = fields(answer, b"MSA")
        heard.setdefault(msa[2], []).append(msa[1])
    # In the order of the messages, whatever a message is answered.
    assert list(heard) == sorted(heard, key=lambda name: int(name.removeprefix(prefix)))
    return heard, answers


def expected(prefix: str, fate: oracle.Fate) -> Heard:
    wanted = {
        f"{prefix}{place}": oracle.codes(accept, application, fate)
        for place, (accept, application, _) in enumerate(CASES)
    }
    return {control_id: codes for control_id, codes in wanted.items() if codes}


def check_shapes(answers: list[bytes], prefix: str, *, place: str, code: str) -> None:
    """Check version, type and ERR of every answer.

    Args:
        answers: every one of them.
        prefix: of the control ids.
        place: segment, occurrence and field that ERR names, empty for no ERR.
        code: of table 0357.
    """
    for answer in answers:
        case = CASES[int(fields(answer, b"MSA")[2].removeprefix(prefix))]
        version = case[2]
        msh = fields(answer, b"MSH")
        assert (msh[8], msh[11]) == (oracle.message_type(version), version)
        assert msh[2:6] == ["ASSIGNMENT_ENGINE", "ENTERPRISE", "PACS", msh[5]]
        if not code:
            assert b"\rERR" not in answer
            continue
        err = fields(answer, b"ERR")
        if oracle.has_old_err(version):
            assert err[1].startswith(f"{place or '^^'}^{code}&")
        else:
            assert (err[1], err[2], err[3].split("^")[0], err[4]) == ("", place, code, "E")


def test_good_messages(stack: Stack, door: ListenerProcess) -> None:
    heard, answers = played(door, "G", facility="ACKGOOD")

    assert heard == expected("G", oracle.GOOD)
    check_shapes(answers, "G", place="", code="")
    assert len(stack.stored("ACKGOOD")) == len(CASES)


def test_messages_whose_second_order_has_no_number(stack: Stack, door: ListenerProcess) -> None:
    groups = ("ORC|NW|P1", "OBR|1|P1", "ORC|NW", "OBR|2")

    heard, answers = played(door, "B", facility="ACKBAD", segments=groups)

    assert heard == expected("B", oracle.BAD)
    check_shapes(answers, "B", place="ORC^2^2", code="101")
    # What is refused is kept too.
    assert {row[1] for row in stack.stored("ACKBAD")} == {"refused"}


def test_messages_that_a_strict_profile_refuses(door: ListenerProcess) -> None:
    heard, answers = played(door, "S", facility=STRICT)

    assert heard == expected("S", oracle.STRICT)
    check_shapes(answers, "S", place="MSH^1^11", code="202")


def test_answers_are_never_answered(stack: Stack, door: ListenerProcess) -> None:
    kinds = ("ACK", "ACK^O01", "MCF", "ORR^O02", "ORI^O24", "ORG^O20", "ORM^O01", "ADT^A08")
    with Sender(door.port) as sender:
        sender.send(
            *(
                message(
                    f"N{place}", kind=kind, facility="ACKACK", modes=modes, segments=("MSA|AA|1",)
                )
                for place, (kind, modes) in enumerate(
                    itertools.product(kinds, [("", ""), ("AL", "AL"), ("??", "ER")])
                )
            )
        )
        assert fields(sender.exchange(message("Nend", facility="ACKEND")), b"MSA")[2] == "Nend"

    assert {row[1:] for row in stack.stored("ACKACK")} == {("ignored", "")}


@pytest.mark.parametrize("separators", [r"@^~\&", r"#!*%$", "|^~"])
@pytest.mark.parametrize("control_id", [b"", b"x" * 300, b"Zo\xeb", "Zoë".encode()], ids=repr)
def test_control_id_comes_back_byte_for_byte_in_the_senders_delimiters(
    door: ListenerProcess, separators: str, control_id: bytes
) -> None:
    field = separators[:1].encode()
    msh = [
        b"MSH", separators[1:].encode(), b"PACS", b"ACKECHO", b"ENG", b"ENT", b"2026", b"",
        b"ORM", control_id, b"P", b"2.4", b"", b"", b"", b"", b"", b"8859/1",
    ]  # fmt: skip
    raw = field.join(msh) + b"\rORC" + field + b"NW" + field + b"P1\r"

    with Sender(door.port) as sender:
        header, msa, *_ = sender.exchange(raw).split(b"\r")

    assert msa.split(field)[:3] == [b"MSA", b"AA", control_id]
    assert header.split(field)[1] == separators[1:].encode()
    assert header.split(field)[11:] == [b"2.4", b"", b"", b"", b"", b"", b"8859/1"]


def test_batch_has_its_answers_inside_and_one_bad_message_harms_no_other(
    stack: Stack, door: ListenerProcess
) -> None:
    good = [message(str(number), facility="ACKBATCH") for number in range(4)]
    bad = message("bad", facility="ACKBATCH", segments=("ORC|NW|P1", "ORC|NW"))
    batch = b"".join(
        (
            b"FHS|^~\\&|A|B|C|D\rBHS|^~\\&|A|B|C|D|||||B1\r", good[0], bad, good[1],
            b"BTS|3\rBHS|^~\\&|A|B|C|D\r", good[2], good[3], b"BTS|9\rFTS|2\r",
        )
    )  # fmt: skip

    with Sender(door.port) as sender:
        lines = sender.exchange(batch).split(b"\r")

    wanted = (b"FHS", b"BHS", b"MSA", b"BTS", b"FTS")
    assert [b"|".join(line.split(b"|")[:3]) for line in lines if line[:3] in wanted] == [
        b"FHS|^~\\&|C", b"BHS|^~\\&|C", b"MSA|AA|0", b"MSA|AE|bad", b"MSA|AA|1", b"BTS|3",
        b"BHS|^~\\&|C", b"MSA|AA|2", b"MSA|AA|3", b"BTS|2", b"FTS|2",
    ]  # fmt: skip
    assert stack.rows(
        "SELECT control_id, state, flags FROM intake_inboundmessage"
        " WHERE sender = 'PACS|ACKBATCH' ORDER BY arrival_seq"
    ) == [
        ("0", "waiting", []),
        ("bad", "refused", []),
        ("1", "waiting", []),
        ("2", "waiting", ["batch_count"]),
        ("3", "waiting", ["batch_count"]),
    ]


def test_ten_thousand_messages_in_one_frame_are_answered_in_one_and_memory_stays(
    stack: Stack, door: ListenerProcess
) -> None:
    count = 10_000
    batch = b"BHS|^~\\&|A|B|C|D\r" + b"".join(
        message(str(number), facility="ACKMANY") for number in range(count)
    )

    with Sender(door.port, timeout_seconds=60) as sender:
        sender.send(batch + b"BTS|%d\r" % count, message("behind", facility="ACKMANYEND"))
        answer, behind = sender.answers(2)
        before = resident_kib(door)
        answers = [sender.exchange(batch + b"BTS|%d\r" % count) for _ in range(3)]

    assert answer.count(b"\rMSA|AA|") == count
    assert answer.endswith(b"BTS|%d\r" % count)
    assert fields(behind, b"MSA")[1:3] == ["AA", "behind"]
    # Sent again, every message is the same one: the very same answers, and no more rows.
    assert set(answers) == {answer}
    assert len(stack.stored("ACKMANY")) == count
    assert resident_kib(door) - before < 50 * 1024


def resident_kib(door: ListenerProcess) -> int:
    status = Path(f"/proc/{door.process.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line[:6] == "VmRSS:")


def test_batch_of_nothing_gets_a_batch_of_nothing(door: ListenerProcess) -> None:
    with Sender(door.port) as sender:
        answer = sender.exchange(b"BHS|^~\\&|ACKNONE|B|C|D\rBTS|0\r")

    assert answer == b"BHS|^~\\&|C|D|ACKNONE|B\rBTS|0\r"


@pytest.mark.fault
def test_messages_while_the_database_is_away(stack: Stack, door: ListenerProcess) -> None:
    stack.stop_postgres()
    try:
        heard, answers = played(door, "R", facility="ACKAWAY")
    finally:
        stack.start_postgres()

    assert heard == expected("R", oracle.AWAY)
    check_shapes(answers, "R", place="", code="207")
    assert stack.stored("ACKAWAY") == []
