"""The fuzz's own judge: it knows what must come back, and notices when something else does."""

from __future__ import annotations

from random import Random

import pytest

from tests.wire.fuzz import mutations, oracle
from tests.wire.fuzz.oracle import Answer, WrongAnswerError
from tests.wire.fuzz.seeds import load_seeds

ORDER = b"MSH|^~\\&|A|B|C|D|2026||ORM^O01|7|P|2.5.1\rORC|NW|P1\rOBR|1|P1\r"
BOTH = ORDER.replace(b"|P|2.5.1", b"|P|2.5.1|||AL|AL")
ACK = b"MSH|^~\\&|A|B|C|D|2026||ACK|7|P|2.5.1\rMSA|AA|1\r"
AA = Answer("AA", b"7")


@pytest.mark.parametrize(
    ("content", "heard"),
    [
        (ORDER, [AA]),
        (BOTH, [Answer("CA", b"7"), AA]),
        (ACK, []),
        (ORDER.replace(b"P1", b""), [Answer("AE", b"7")]),
        (ORDER + ORDER, [AA, AA]),
        (b"no message", [Answer("AE", b"")]),
    ],
    ids=["an order", "both modes", "an answer", "no number", "two in one frame", "no HL7"],
)
def test_what_must_come_back_is_accepted_and_nothing_else(
    content: bytes, heard: list[Answer]
) -> None:
    oracle.check(content, heard)
    wrong = [[*heard, AA], heard[1:] or [AA], [Answer("AR", one.control_id) for one in heard]]
    for other in [*wrong, [Answer(one.code, b"8") for one in heard]]:
        if other != heard:
            with pytest.raises(WrongAnswerError):
                oracle.check(content, other)


@pytest.mark.parametrize(
    "block",
    [
        b"MSH|^~\\&|A|B|||2026||ACK|1|P|2.5.1\rMSA|AA|7|x",
        b"MSH|^~\\&|A|B|||2026||ACK|1|P|2.5.1\rMSA|AA|7|x\rORC|CA|P1\r",
        b"MSH|^~\\&|A|B|||2026||ACK|1|P|2.5.1\rMSA|AA|7|x|y\r",
        b"MSH|^~\\&|A|B|||2026||ACK|1|P|2.5.1\r\x0bMSA|AA|7|x\r",
        b"MSA|AA|7|x\r",
    ],
    ids=["cut off", "a segment too many", "a field too many", "framing", "no header"],
)
def test_answer_that_is_none_of_ours_is_noticed(block: bytes) -> None:
    with pytest.raises(WrongAnswerError):
        oracle.read_answers(block)


def test_blocks_are_found_as_a_peer_would() -> None:
    stream = b"x\x0bcut\x0bone\x1c\r\x1c\r\x0b\x1c\r\x0btwo\x1cx\r\x1c\r\x0bopen\x1c"
    assert oracle.blocks(stream) == [b"one", b"", b"two\x1cx\r"]


def test_same_seed_gives_the_same_bytes() -> None:
    def made(seed: int) -> list[bytes]:
        rng, seeds = Random(seed), load_seeds("")  # noqa: S311 -- to be repeated, not to be secret
        contents = [mutations.bend(rng, seeds, number) for number in range(300)]
        return [mutations.on_the_wire(rng, content, b"") for content in contents]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_good_message_behind_any_wire_is_well_framed() -> None:
    rng, seeds = Random(3), load_seeds("")  # noqa: S311 -- as above
    for number in range(1000):
        wire = mutations.on_the_wire(rng, mutations.bend(rng, seeds, number), b"")
        assert oracle.blocks(wire + mutations.START + ORDER + mutations.END)[-1] == ORDER
