"""The whole answer matrix: MSH-15 by MSH-16 by what becomes of the message by version."""

from __future__ import annotations

import itertools

import pytest

from apps.hl7v2.ack import Outcome, build_answers
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.message import Message
from tests.hl7v2 import ack_oracle as oracle
from tests.hl7v2.samples import NOW

ERROR = FieldError("ORC", 2, "no number", ErrorCode.REQUIRED_FIELD_MISSING, sequence=2)
FATES = {
    Outcome.ACCEPTED: oracle.GOOD,
    Outcome.ERROR: oracle.BAD,
    Outcome.REJECTED: oracle.AWAY,
}
DIALECTS = {
    "usual": r"|^~\&",
    "at": r"@^~\&",
    "hash": r"#!*%$",
    "two": "|^~",
    "five": r"|^~\&#",
}
CONTROL_IDS = [b"", b"7", b"x" * 300, "Zoë".encode(), "Zoë".encode("latin-1"), b'""', b" a b "]


def raw(separators: str, version: str, control_id: bytes = b"7", *more: str) -> bytes:
    field, component = separators[0], separators[1]
    head = ["MSH", separators[1:], "HIS", "Robina", "ENG", "ENT", "2026", "", f"ORM{component}O01"]
    tail = ["P", version, "", "", *more]
    return b"".join(
        (field.join(head).encode(), field.encode(), control_id, field.encode(),
         field.join(tail).encode(), b"\rORC", field.encode(), b"NW\r")
    )  # fmt: skip


@pytest.mark.parametrize("version", oracle.VERSIONS)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_pair_of_modes(outcome: Outcome, version: str) -> None:
    for accept, application in itertools.product(oracle.MODES, repeat=2):
        source = raw(DIALECTS["usual"], version, b"7", accept, application)
        error = None if outcome is Outcome.ACCEPTED else ERROR

        answers = [
            Message(answer)
            for answer in build_answers(source, outcome, control_id="1", at=NOW, error=error)
        ]

        assert [answer.get("MSA-1") for answer in answers] == oracle.codes(
            accept, application, FATES[outcome]
        ), (accept, application)
        for answer in answers:
            assert answer.header.text(12) == version
            assert answer.header.text(9) == oracle.message_type(version)
            assert _err(answer) == ("" if error is None else _expected_err(version))


def _err(answer: Message) -> str:
    segment = answer.first("ERR")
    return segment.raw.decode() if segment else ""


def _expected_err(version: str) -> str:
    if oracle.has_old_err(version):
        return "ERR|ORC^2^2^101&Required field missing&HL70357"
    return "ERR||ORC^2^2|101^Required field missing^HL70357|E|||no number"


@pytest.mark.parametrize("control_id", CONTROL_IDS, ids=repr)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_answer_echoes_the_control_id_in_the_senders_delimiters(
    dialect: str, control_id: bytes
) -> None:
    separators = DIALECTS[dialect]
    field = separators[0].encode()
    for outcome in Outcome:
        error = None if outcome is Outcome.ACCEPTED else ERROR
        [answer] = build_answers(
            raw(separators, "2.5.1", control_id), outcome, control_id="1", at=NOW, error=error
        )
        msh, msa, *_ = answer.split(b"\r")
        assert msh.startswith(b"MSH" + separators.encode() + field + b"ENG" + field + b"ENT")
        assert msa.split(field)[:3] == [b"MSA", b"A" + FATES[outcome].letter.encode(), control_id]
        read = Message(answer)
        assert read.get("MSA-1") == f"A{FATES[outcome].letter}"
        assert (error is None) is (read.first("ERR") is None)


@pytest.mark.parametrize(
    ("msh_18", "codec"),
    [
        ("8859/1", "latin-1"),
        ("8859/15", "iso8859_15"),
        ("UNICODE UTF-8", "utf-8"),
        ("~ISO IR87", "iso2022_jp"),
        ("8859/1~UNICODE UTF-8", "latin-1"),
        ("UNICODE UTF-8~8859/1", "utf-8"),
    ],
)
def test_answer_is_written_in_the_senders_character_set(msh_18: str, codec: str) -> None:
    name = "万" if codec == "iso2022_jp" else "Zoë"
    source = (
        rf"MSH|^~\&|{name}|Robina|ENG|ENT|2026||ORM^O01|7|P|2.5.1||||||{msh_18}" "\rORC|NW\r"
    ).encode(codec)
    error = FieldError("PID", 5, f"{name} is not known", ErrorCode.TABLE_VALUE)

    [answer] = build_answers(source, Outcome.ERROR, control_id="1", at=NOW, error=error)

    text = answer.decode(codec)
    assert text.split("\r")[0].split("|")[4:6] == [name, "Robina"]
    assert text.split("\r")[0].split("|")[17] == msh_18
    assert f"PID-5: {name} is not known" in text
