from __future__ import annotations

import pytest

from apps.hl7v2.batches import read_batch
from tests.hl7v2.samples import VENDOR

FHS = rb"FHS|^~\&|A|B|C|D|2026"
BHS = rb"BHS|^~\&|A|B|C|D|2026"
ACK = b"MSH|^~\\&|X\rMSA|AA|1|\r"


def lines(*parts: bytes) -> bytes:
    return b"".join(part if part.endswith(b"\r") else part + b"\r" for part in parts)


def answered(raw: bytes, *answers: list[bytes]) -> list[bytes]:
    messages, envelope = read_batch(raw)
    assert len(messages) == len(answers)
    return envelope.wrap(answers).split(b"\r")[:-1]


ANSWERED_FHS, ANSWERED_BHS = rb"FHS|^~\&|C|D|A|B", rb"BHS|^~\&|C|D|A|B"
ONE = [b"MSH|^~\\&|X", b"MSA|AA|1|"]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ((BHS, VENDOR, b"BTS|1"), [ANSWERED_BHS, *ONE, b"BTS|1"]),
        ((BHS, VENDOR), [ANSWERED_BHS, *ONE, b"BTS|1"]),
        ((FHS, VENDOR, b"FTS|1"), [ANSWERED_FHS, *ONE, b"FTS|1"]),
        (
            (FHS, BHS, VENDOR, b"BTS|1", BHS, VENDOR, VENDOR, b"BTS|2", b"FTS|2"),
            [ANSWERED_FHS, ANSWERED_BHS, *ONE, b"BTS|1", ANSWERED_BHS, *ONE, *ONE, b"BTS|2",
             b"FTS|2"],
        ),
        (
            (FHS, BHS, VENDOR, BHS, VENDOR),
            [ANSWERED_FHS, ANSWERED_BHS, *ONE, b"BTS|1", ANSWERED_BHS, *ONE, b"BTS|1", b"FTS|2"],
        ),
        (
            (FHS, BHS, VENDOR, b"BTS|1", b"FTS|1", FHS, BHS, VENDOR, b"BTS|1", b"FTS|1"),
            [ANSWERED_FHS, ANSWERED_BHS, *ONE, b"BTS|1", b"FTS|1"] * 2,
        ),
        ((BHS, b"BTS|0"), [ANSWERED_BHS, b"BTS|0"]),
        ((FHS, b"FTS|0"), [ANSWERED_FHS, b"FTS|0"]),
        ((FHS, BHS, b"BTS|0", b"FTS|1"), [ANSWERED_FHS, ANSWERED_BHS, b"BTS|0", b"FTS|1"]),
        ((rb"BHS@^~\&@A@B@C@D", VENDOR), [rb"BHS@^~\&@C@D@A@B", *ONE, b"BTS@1"]),
        ((b"BHS|^~\\&", VENDOR), [b"BHS|^~\\&||||", *ONE, b"BTS|1"]),
        (
            (rb"BHS|^~\&|A|B|C|D|2026||||B-7", VENDOR),
            [rb"BHS|^~\&|C|D|A|B||||||B-7", *ONE, b"BTS|1"],
        ),
    ],
    ids=[
        "batch", "no trailer", "file alone", "two batches", "two without trailers", "two files",
        "empty batch", "empty file", "file of an empty batch", "own separators", "no names",
        "batch control id",
    ],
)  # fmt: skip
def test_answer_has_the_files_and_batches_of_the_sender(
    raw: tuple[bytes, ...], expected: list[bytes]
) -> None:
    count = len(read_batch(lines(*raw))[0])
    assert answered(lines(*raw), *[[ACK]] * count) == expected


def test_answers_are_counted_and_not_the_messages() -> None:
    raw = lines(BHS, VENDOR, VENDOR, VENDOR, b"BTS|3")
    expected = [ANSWERED_BHS, *ONE, *ONE, *ONE, b"BTS|3"]
    assert answered(raw, [ACK, ACK], [], [ACK]) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ((BHS, VENDOR, b"BTS|1"), [False]),
        ((BHS, VENDOR, b"BTS"), [False]),
        ((BHS, VENDOR, b"BTS|"), [False]),
        ((BHS, VENDOR, b"BTS|2"), [True]),
        ((BHS, VENDOR, b"BTS|many"), [True]),
        ((BHS, VENDOR, b"BTS|99999999999999999999"), [True]),
        ((FHS, BHS, VENDOR, b"BTS|1", BHS, VENDOR, b"BTS|7", b"FTS|2"), [False, True]),
        ((FHS, BHS, VENDOR, b"BTS|1", BHS, VENDOR, b"BTS|1", b"FTS|1"), [True, True]),
        ((VENDOR, b"BTS|9", b"BTS|8", b"FTS|9", b"FTS|9"), [True]),
    ],
)
def test_counts_that_disagree_are_noticed_and_nothing_is_lost(
    raw: tuple[bytes, ...], expected: list[bool]
) -> None:
    messages, envelope = read_batch(lines(*raw))
    assert messages == [VENDOR] * len(expected)
    assert envelope.miscounted() == expected


@pytest.mark.parametrize("header", [b"BHS", b"FHS", b"BHSX", b"BHS1A"])
def test_header_without_a_separator_is_none(header: bytes) -> None:
    messages, envelope = read_batch(lines(header, VENDOR))
    assert (messages, envelope.is_there) == ([VENDOR], False)


def test_messages_without_a_batch_have_no_envelope() -> None:
    messages, envelope = read_batch(VENDOR + VENDOR)
    assert (messages, envelope.is_there) == ([VENDOR] * 2, False)


def test_answer_cannot_end_the_block_of_its_frame() -> None:
    raw = lines(b"BHS|^~\\&|A|B|C|D\x1c", VENDOR)
    assert b"\x1c\r" not in read_batch(raw)[1].wrap([[ACK]])


def test_file_of_ten_thousand_messages_is_read_in_one_pass() -> None:
    messages, envelope = read_batch(lines(BHS, VENDOR * 10_000, b"BTS|10000"))
    assert len(messages) == 10_000
    assert envelope.miscounted() == [False] * 10_000
