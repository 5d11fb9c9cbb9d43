from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.hl7v2.ack import AckCode, Outcome, answer_codes, build_ack, build_answers
from apps.hl7v2.answers import Answer, parse_ack
from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.message import Message
from apps.hl7v2.mllp import Frame, Framer, frame
from apps.hl7v2.peek import glance
from tests.hl7v2.samples import NOW, VENDOR

NO_TYPE = FieldError("MSH", 9, "message type is missing", ErrorCode.REQUIRED_FIELD_MISSING)
OUTCOMES = (Outcome.ACCEPTED, Outcome.ERROR, Outcome.REJECTED)


def message(version: str = "2.5.1", *, accept: str = "", application: str = "") -> bytes:
    return (
        rf"MSH|^~\&|RIS|SITE|ENG|ENT|20260310||ORM^O01|ID-1|T|{version}|||{accept}|{application}"
        "\rPID|1\rORC|NW|P-1\r"
    ).encode()


def ack(source: bytes, code: str = "AA", **more: object) -> bytes | None:
    return build_ack(source, code, control_id="A-1", at=NOW, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("accept", "application", "expected"),
    [
        ("", "", ["AA", "AE", "AR"]),
        ("AL", "", ["CA", "CE", "CR"]),
        ("AL", "NE", ["CA", "CE", "CR"]),
        ("AL", "AL", ["CA AA", "CE AE", "CR AR"]),
        ("AL", "ER", ["CA", "CE AE", "CR AR"]),
        ("AL", "SU", ["CA AA", "CE", "CR"]),
        ("NE", "", ["", "", ""]),
        ("NE", "NE", ["", "", ""]),
        ("NE", "AL", ["AA", "AE", "AR"]),
        ("", "AL", ["AA", "AE", "AR"]),
        ("ER", "NE", ["", "CE", "CR"]),
        ("ER", "ER", ["", "CE AE", "CR AR"]),
        ("ER", "SU", ["AA", "CE", "CR"]),
        ("ER", "AL", ["AA", "CE AE", "CR AR"]),
        ("SU", "NE", ["CA", "", ""]),
        ("SU", "ER", ["CA", "AE", "AR"]),
        ("SU", "SU", ["CA AA", "", ""]),
        ("SU", "AL", ["CA AA", "AE", "AR"]),
        ("NE", "ER", ["", "AE", "AR"]),
        ("NE", "SU", ["AA", "", ""]),
        ("", "NE", ["", "", ""]),
        ("", "ER", ["", "AE", "AR"]),
        ("", "SU", ["AA", "", ""]),
        ("ER", "", ["", "CE", "CR"]),
        ("SU", "", ["CA", "", ""]),
        ("??", "NE", ["CA", "CE", "CR"]),
        ("al", "ne", ["CA", "CE", "CR"]),
    ],
)
def test_mode_matrix_says_which_answers_go_out(
    accept: str, application: str, expected: list[str]
) -> None:
    raw = message(accept=accept, application=application)
    seen = glance(raw)
    assert [" ".join(answer_codes(seen, outcome)) for outcome in OUTCOMES] == expected
    for outcome, codes in zip(OUTCOMES, expected, strict=True):
        answers = build_answers(raw, outcome, control_id="1" * 19, at=NOW)
        assert [parse_ack(answer).code for answer in answers] == codes.split()
        ids = [Message(answer).get("MSH-10") for answer in answers]
        assert len(set(ids)) == len(ids)
        assert all(len(own_id) <= 20 for own_id in ids)


@pytest.mark.parametrize(
    ("version", "message_type", "err"),
    [
        ("2.2", "ACK", "MSH^1^9^101&Required field missing&HL70357"),
        ("2.3", "ACK", "MSH^1^9^101&Required field missing&HL70357"),
        ("2.3.1", "ACK^O01", "MSH^1^9^101&Required field missing&HL70357"),
        ("2.4", "ACK^O01", "MSH^1^9^101&Required field missing&HL70357"),
        ("2.5", "ACK^O01^ACK", None),
        ("2.5.1", "ACK^O01^ACK", None),
        ("2.7.1", "ACK^O01^ACK", None),
        ("2.8^AUS", "ACK^O01^ACK", None),
        ("abc", "ACK^O01^ACK", None),
    ],
)
def test_answer_has_the_shape_of_the_senders_version(
    version: str, message_type: str, err: str | None
) -> None:
    newer = "|MSH^1^9|101^Required field missing^HL70357|E|||message type is missing"
    expected = (
        rf"MSH|^~\&|ENG|ENT|RIS|SITE|20260204120531+0000||{message_type}|A-1|T|{version}"
        f"\rMSA|AE|ID-1|MSH-9: message type is missing\rERR|{err or newer}\r"
    )
    assert ack(message(version), "AE", error=NO_TYPE) == expected.encode()


@pytest.mark.parametrize(
    ("version", "err"),
    [
        ("2.3.1", "ERR|ORC^3^2^101&Required field missing&HL70357"),
        ("2.5.1", "ERR||ORC^3^2|101^Required field missing^HL70357|E|||no number"),
    ],
)
def test_err_says_which_segment_of_the_name_it_is(version: str, err: str) -> None:
    error = FieldError("ORC", 2, "no number", ErrorCode.REQUIRED_FIELD_MISSING, sequence=3)
    answer = ack(message(version), "AE", error=error)
    assert answer is not None
    assert answer.split(b"\r")[1:3] == [b"MSA|AE|ID-1|ORC-2: no number", err.encode()]


def test_vendor_message_gets_an_empty_msa_2() -> None:
    assert ack(VENDOR, text="Message received") == (
        rb"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531+0000||ACK^O01^ACK"
        b"|A-1|P|2.5.1\rMSA|AA||Message received\r"
    )


@pytest.mark.parametrize(
    "control_id",
    [b" ID 1 ", rb"ID\T\1^x~y", b"\xff\xfe", b"M\xc3\xbc", b"x" * 500, b"-", b'""'],
    ids=repr,
)
def test_msh_10_comes_back_byte_for_byte(control_id: bytes) -> None:
    raw = b"MSH|^~\\&|R|S|||2026||ADT^A08|" + control_id + b"|P|2.3\r"
    answer = ack(raw)
    assert answer is not None
    assert answer.split(b"\r")[1] == b"MSA|AA|" + control_id + b"|"


def test_answer_speaks_with_the_senders_delimiters_and_character_set() -> None:
    raw = "MSH#!@%*#Zürich#S!1.2!ISO###2026##ADT!A08#7#P#2.4######8859/1\r".encode("latin-1")
    error = FieldError("PID", 3, "Zoë # and ! and | 山", ErrorCode.TABLE_VALUE)
    assert ack(raw, "AE", error=error) == (
        "MSH#!@%*###Zürich#S!1.2!ISO#20260204120531+0000##ACK!A08#A-1#P#2.4######8859/1"
        "\rMSA#AE#7#PID-3: Zoë %F% and %S% and | ?"
        "\rERR#PID!1!3!103*Table value not found*HL70357\r"
    ).encode("latin-1")


def test_two_byte_sender_is_echoed_as_it_came() -> None:
    name = "万".encode("iso2022_jp")
    raw = b"MSH|^~\\&|" + name + b"|S|||2026||ADT^A08|7|P|2.4||||||~ISO IR87\rPID|1\r"
    answer = ack(raw)
    assert answer is not None
    assert answer.startswith(b"MSH|^~\\&|||" + name + b"|S|2026")
    assert answer.endswith(b"||||||~ISO IR87\rMSA|AA|7|\r")


@pytest.mark.parametrize("raw", [b"", b"junk", b"PID|1\r", b"MSH1^~\\&1"])
def test_unreadable_frame_is_refused_with_the_usual_delimiters(raw: bytes) -> None:
    answer = ack(raw, "AE", error=glance(raw).error)
    assert answer is not None
    assert answer.startswith(
        rb"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|||20260204120531+0000||ACK|A-1|P|2.5.1"
        b"\rMSA|AE||MSH-1: "
    )
    assert b"\rERR||MSH^1^1|" in answer


def test_broken_encoding_characters_still_bring_the_control_id_back() -> None:
    raw = b"MSH|^~y&|RIS|SITE|||2026||ORM^O01|ID-9|P|2.3\r"
    answer = ack(raw, "AE", error=glance(raw).error)
    assert answer is not None
    assert parse_ack(answer) == Answer("AE", "ID-9", "MSH-2: encoding characters are not usable")


def test_what_we_write_is_escaped() -> None:
    answer = ack(VENDOR, text="a|b^c&d~e\\f\rORC|CA\n\x0b\x1c\r")
    assert answer is not None
    written = rb"a\F\b\S\c\T\d\R\e\E\f\X0D\ORC\F\CA\X0A\\X0B\\X1C\\X0D" + b"\\"
    assert answer.split(b"\r")[1:] == [b"MSA|AA||" + written, b""]
    assert parse_ack(answer).code == "AA"


def test_echoed_bytes_cannot_end_the_block() -> None:
    raw = b"MSH|^~\\&|R|S|||2026||ADT^A08|7\x1c|P|2.3\x1c\nEVN|A08\n"
    answer = ack(raw)
    assert answer is not None
    assert Framer().feed(frame(answer)) == [Frame(answer)]
    assert b"MSA|AA|7\x1c|" in answer


def test_refusal_without_a_place_names_none() -> None:
    busy = FieldError("", 0, "database is away", ErrorCode.INTERNAL)
    newer, older = ack(message(), "AR", error=busy), ack(message("2.3"), "AR", error=busy)
    assert newer is not None
    assert older is not None
    assert newer.endswith(
        b"\rMSA|AR|ID-1|database is away"
        b"\rERR|||207^Application internal error^HL70357|E|||database is away\r"
    )
    assert older.endswith(b"\rERR|^^^207&Application internal error&HL70357\r")


def test_sender_without_sub_components_gets_the_bare_code() -> None:
    raw = b"MSH|^~|R|S|||2026||ORM^O01|7|P|2.3\r"
    answer = ack(raw, "AE", error=FieldError("ORC", 1, "a|b", ErrorCode.SEGMENT_SEQUENCE))
    assert answer is not None
    assert answer.endswith(b"\rMSA|AE|7|ORC-1: a b\rERR|ORC^1^1^100\r")


def test_trigger_is_left_out_where_there_is_none() -> None:
    answer = ack(b"MSH|^~\\&|R|S|||2026||ORM|7|P|2.5\rORC|NW|1\r")
    assert answer is not None
    assert Message(answer).header.text(9) == "ACK"


@pytest.mark.parametrize("kind", ["ACK^O01", "MCF", "ORR^O02", "ORI^O24", "ORG^O20"])
def test_answers_are_not_answered(kind: str) -> None:
    raw = rf"MSH|^~\&|R|S|||2026||{kind}|7|P|2.5|||AL|AL".encode() + b"\rMSA|AA|1\r"
    assert ack(raw) is None
    assert answer_codes(glance(raw), Outcome.ACCEPTED) == ()
    assert build_answers(raw, Outcome.ACCEPTED, control_id="A-1", at=NOW) == []


def test_answer_to_the_commit_keeps_its_id_and_the_second_adds_a_letter() -> None:
    answers = build_answers(
        message(accept="AL", application="AL"), Outcome.ACCEPTED, control_id="77", at=NOW
    )
    assert [Message(answer).get("MSH-10") for answer in answers] == ["77", "77A"]


def test_own_control_id_has_at_most_twenty_characters() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        build_ack(VENDOR, "AA", control_id="x" * 21, at=NOW)


def test_time_of_the_answer_is_written_in_utc() -> None:
    at = datetime.fromisoformat("2026-02-05T01:00:00+10:00")
    answer = build_ack(VENDOR, AckCode.AA, control_id="1", at=at)
    assert answer is not None
    assert Message(answer).get("MSH-7") == at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"MSH|^~\\&|R|S|||2026||ACK|1|P|2.3\rMSA|AA|M-1|fine\r", Answer("AA", "M-1", "fine")),
        (b"MSH|^~\\&|R|S|||2026||ACK|1\nMSA|ca|M-1", Answer("CA", "M-1", "")),
        (b"MSH#^~\\&#R\r\nMSA#AE# M-1 \r\n", Answer("AE", "M-1", "")),
        (b"MSH|^~\\&|R|S|||2026||ACK|1\rMSA\r", Answer()),
        (b"MSA|AR|M-1|M\xfcde\r", Answer("AR", "M-1", "Müde")),
        (b"\x06", Answer()),
        (b"", Answer()),
    ],
)
def test_answers_are_read_leniently(raw: bytes, expected: Answer) -> None:
    assert parse_ack(raw) == expected


def test_answer_says_what_is_to_be_done() -> None:
    assert [Answer(code).is_accepted for code in AckCode] == [True, False, False] * 2
    assert [Answer(code).is_error for code in AckCode] == [False, True, False] * 2
