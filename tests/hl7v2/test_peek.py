from __future__ import annotations

import pytest

from apps.hl7v2.errors import ErrorCode, FieldError
from apps.hl7v2.peek import Identity, Peek, glance, needs_answer, peek
from apps.hl7v2.separators import Separators
from tests.hl7v2.samples import VENDOR, order, segment

MSH = rb"MSH|^~\&|RIS|SITE|||20260310||"


def test_vendor_message_is_read_whole() -> None:
    assert peek(VENDOR) == Peek(
        separators=Separators(),
        msh=(
            b"MSH", b"|", rb"^~\&", b"PACS", b"Robina", b"ASSIGNMENT_ENGINE", b"ENTERPRISE",
            b"20260204120530", b"", b"ORM^O01", b"", b"", b"2.5.1",
        ),
        sending_application="PACS",
        sending_facility="Robina",
        sent="20260204120530",
        message_code="ORM",
        trigger="O01",
        version="2.5.1",
        is_order=True,
        identities=(Identity("placer", "STUDY_ID_123"), Identity("filler", "ACCESSION_456")),
        is_stat=True,
    )  # fmt: skip


def test_header_fields_keep_their_bytes_and_give_their_first_component() -> None:
    msh = (
        rb"MSH|^~\&|RIS^1.2^ISO|^DOSC|ENG|ENT|20260310||ADT^A08^ADT_A01| id\T\7 |T^A|2.3.1^AUS"
        rb"||seq|AL|ER|AUS|8859/1~ISO IR87"
    )
    seen = peek(msh + b"\rEVN|A08\r")
    assert (seen.field(3), seen.sending_application) == (b"RIS^1.2^ISO", "RIS")
    assert (seen.field(4), seen.sending_facility) == (b"^DOSC", "DOSC")
    assert seen.control_id == rb" id\T\7 "
    assert (seen.processing_id, seen.version) == ("T", "2.3.1")
    assert (seen.accept_mode, seen.application_mode) == ("AL", "ER")
    assert (seen.character_set, seen.field(18), seen.field(99)) == (
        b"8859/1~ISO IR87", b"8859/1~ISO IR87", b"",
    )  # fmt: skip
    assert (seen.message_code, seen.trigger, seen.is_order) == ("ADT", "A08", False)


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"], ids=["CR", "LF", "CRLF"])
@pytest.mark.parametrize("start", [b"", b"\r\n", b" \t", b"\xef\xbb\xbf", b"\n\xef\xbb\xbf\n"])
def test_segment_ends_and_what_stands_before_msh_change_nothing(end: bytes, start: bytes) -> None:
    assert peek(start + VENDOR.replace(b"\r", end)) == peek(VENDOR)


@pytest.mark.parametrize(
    ("message_type", "is_order"),
    [
        (b"ORM", True),
        (b"ORM^O01", True),
        (b"ORM^O01^ORM_O01", True),
        (b"orm^o01", True),
        (b"OMI^O23", True),
        (b"OMG^O19^OMG_O19", True),
        (b"ORM^O02", False),
        (b"OML^O21", False),
        (b"ORU^R01", False),
    ],
)
def test_order_types_with_and_without_trigger(message_type: bytes, is_order: bool) -> None:
    assert peek(MSH + message_type + b"|1\rORC|NW|P-1\r").is_order is is_order


def test_identities_of_every_group_are_read_once_and_in_order() -> None:
    seen = peek(
        order(
            "ORC|XO|P-1^OE|F-1^RIS",
            'OBR|1|P-1^OE|""|CT^CT||||||||||||||A-1',
            "ORC|NW|P-2",
            "OBR|2|P-2",
            "IPC|A-2^X|RP|1.2.3^x",
            "ZDS|1.2.4^100^Application^DICOM",
        )
    )
    assert seen.order_control == "XO"
    assert seen.identities == (
        Identity("placer", "P-1"),
        Identity("filler", "F-1"),
        Identity("accession", "A-1"),
        Identity("placer", "P-2"),
        Identity("accession", "A-2"),
        Identity("study_uid", "1.2.3"),
        Identity("study_uid", "1.2.4"),
    )
    assert seen.order_keys == ("P-1", "F-1", "A-1", "P-2", "A-2", "1.2.3", "1.2.4")


def test_order_keys_join_equal_numbers_of_different_kinds() -> None:
    seen = peek(order("ORC|NW|7|7", segment("OBR", {18: "7"})))
    assert len(seen.identities) == 3
    assert seen.order_keys == ("7",)


@pytest.mark.parametrize(
    "urgency",
    [
        "ZRD|1|S|MR|stat^Urgency",
        "TQ1|1||||||||S^Stat",
        "ORC|NW|P-1|||||^^^^^ST",
        "OBR|1|P-1|||S",
        segment("OBR", {1: "1", 27: "^^^^^STAT"}),
    ],
)
def test_stat_is_seen_in_every_place_of_urgency(urgency: str) -> None:
    assert peek(order("ORC|NW|P-1", urgency)).is_stat


@pytest.mark.parametrize(
    "urgency", ["ZRD|1|S|MR|ROUTINE", "OBR|1|S|||R", "TQ1|1|S|||||||STATE", "ORC|NW|S|||||STAT"]
)
def test_stat_elsewhere_is_no_hint(urgency: str) -> None:
    assert not peek(order("ORC|NW|P-1", urgency)).is_stat


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", FieldError("MSH", 1, "the message does not begin with MSH", ErrorCode(100))),
        (b"\x00\x00", FieldError("MSH", 1, "the message does not begin with MSH", ErrorCode(100))),
        (b"PID|1\r", FieldError("MSH", 1, "the message does not begin with MSH", ErrorCode(100))),
        (b"FHS|^~\\&|A\rFTS|0\r", FieldError("MSH", 1, "the message does not begin with MSH", ErrorCode(100))),
        (b"MSH", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSHA^~\\&A", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSH1^~\\&1", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSH\r^~\\&\r", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSH\x00^~\\&\x00", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSH ^~\\& RIS", FieldError("MSH", 1, "field separator is not usable", ErrorCode(102))),
        (b"MSH|||A", FieldError("MSH", 2, "encoding characters are missing or too many", ErrorCode(102))),
        (b"MSH|^|A", FieldError("MSH", 2, "encoding characters are missing or too many", ErrorCode(102))),
        (b"MSH|^~\\&#%|A", FieldError("MSH", 2, "encoding characters are missing or too many", ErrorCode(102))),
        (b"MSH|^~y&|A", FieldError("MSH", 2, "encoding characters are not usable", ErrorCode(102))),
        (b"MSH|^~ &|A", FieldError("MSH", 2, "encoding characters are not usable", ErrorCode(102))),
        (b"MSH|^~\xe9&|A", FieldError("MSH", 2, "encoding characters are not usable", ErrorCode(102))),
        (b'MSH|^~\\"|A', FieldError("MSH", 2, "encoding characters are not usable", ErrorCode(102))),
        (b"MSH|&&&&|A", FieldError("MSH", 2, "a delimiter is used twice", ErrorCode(102))),
        (MSH + b"|1\rPID|1\r", FieldError("MSH", 9, "message type is missing", ErrorCode(101))),
        (MSH + b"^O01|1\rORC|NW|1\r", FieldError("MSH", 9, "message type is missing", ErrorCode(101))),
        (b"MSH|^~\\&", FieldError("MSH", 9, "message type is missing", ErrorCode(101))),
        (
            MSH + b"ORM^O01|1\rPID|1\r",
            FieldError("ORC", 1, "an order needs an ORC or OBR segment", ErrorCode(100)),
        ),
        (
            MSH + b'OMG^O19|1\rORC|NW||""\rOBR|1|^NS\r',
            FieldError(
                "ORC", 2, "an order needs a placer, filler or accession number or a study UID",
                ErrorCode(101),
            ),
        ),
    ],
)  # fmt: skip
def test_what_is_refused_names_segment_field_and_code(raw: bytes, error: FieldError) -> None:
    with pytest.raises(FieldError) as caught:
        peek(raw)
    assert caught.value == error
    assert len({caught.value, error}) == 1
    assert glance(raw).error == error


GROUPS = (
    # segments, the segment and its occurrence that are to blame, which group of how many
    ("ORC|NW|1", "OBR|1", "ORC|NW", "OBR|2", "ORC", 2, "2 of 2"),
    ("ORC|NW", "OBR|1", "ORC|NW|2", "OBR|2|2", "ORC", 1, "1 of 2"),
    ("ORC|NW|1", "OBR|1", 'ORC|NW|""|^NS| ', 'OBR|2|""', "ORC|NW|3", "ORC", 2, "2 of 3"),
    ("OBR|1|1", "OBR|2", "OBR|3|3", "OBR", 2, "2 of 3"),
    ("ORC|NW", "OBR|1|1", "OBR|2", "OBR", 2, "2 of 2"),
    ("ORC|NW|1", "OBR|1", "ZDS|1.2", "ORC|NW", "OBR|2", "ORC", 2, "2 of 2"),
    ("ORC|NW|~1", "ORC|NW", "ORC", 1, "1 of 2"),
)


@pytest.mark.parametrize("case", GROUPS, ids=lambda case: " ".join(case[:-3]))
def test_group_without_a_number_refuses_the_message_and_is_named(
    case: tuple[str | int, ...],
) -> None:
    *segments, name, occurrence, which = case
    raw = order(*map(str, segments))

    error = glance(raw).error

    assert error == FieldError(
        str(name),
        2,
        f"order group {which}: an order needs a placer, filler or accession number or a study UID",
        ErrorCode.REQUIRED_FIELD_MISSING,
        sequence=int(occurrence),
    )


@pytest.mark.parametrize(
    "segments",
    [
        ("ORC|NW|1", "OBR|1", "OBR|2", "OBR|3"),
        ("ORC|NW|1", "IPC|A", "OBR|1", "OBR|2"),
        ("ORC|NW", "OBR|1", "ORC|NW", "OBR|2", "ZDS|1.2.3"),
        ("ORC|NW", "OBR|1", "IPC|A", "ORC|NW", "OBR|2", "IPC|||1.2"),
        ("ZDS|1.2.3", "ORC|NW", "OBR|1", "ORC|NW", "OBR|2"),
        ("ORC|NW|||G1", "ORC|NW||2"),
        ("ORC|NW|1",),
    ],
    ids=" ".join,
)
def test_number_that_groups_share_is_each_ones_own(segments: tuple[str, ...]) -> None:
    assert glance(order(*segments)).error is None


def test_prior_results_need_no_number() -> None:
    prior = ("PID|1||MR-1", "OBR|1|||prior", "ORC|PR", "OBR|1")
    for kind, is_prior in (("OMG^O19", True), ("OMI^O23", True), ("ORM^O01", False)):
        msh = rf"MSH|^~\&|OE|SITE|||2026||{kind}|1|P|2.5"
        seen = glance(order("ORC|NW|1", "OBR|1", *prior[: 4 if is_prior else 2], msh=msh))
        assert (seen.error is None) is is_prior


def test_number_in_two_byte_characters_counts_in_each_group() -> None:
    name = "万"
    raw = (
        f"MSH|^~\\&|{name}|S|||2026||ORM^O01|1|P|2.5||||||~ISO IR87\rORC|NW|{name}\rORC|NW\r"
    ).encode("iso2022_jp")
    error = glance(raw).error
    assert error is not None
    assert (error.segment, error.sequence) == ("ORC", 2)


@pytest.mark.parametrize(
    ("obr_18", "found"),
    [
        ("MR^20061213-0007", ["20061213-0007"]),
        ("MR^20061213-0007^X", ["20061213-0007"]),
        ("A-1^B-2", ["A-1"]),
        ("MR", []),
        ("MR^see notes 1", []),
        ("MR^SCANNER", []),
    ],
)
def test_modality_in_obr_18_is_no_number_and_what_stands_beside_it_is(
    obr_18: str, found: list[str]
) -> None:
    seen = glance(order(segment("OBR", {18: obr_18})))
    assert [identity.value for identity in seen.identities] == found
    assert (seen.error is None) is bool(found)


def test_very_many_groups_are_left_to_who_takes_them() -> None:
    assert glance(order(*["ORC|NW|1", "ORC|NW"] * 5000)).error is None


@pytest.mark.parametrize(
    "raw",
    [
        MSH + b"ORM^O01|1|P|2.3\rORC|??|P-1\rOBR|1||||||99999999\r",
        order(segment("OBR", {18: "A-1"})),
        MSH + b"OMI^O23|1|P|2.5\rORC|NW\rIPC|A-1\r",
        MSH + b"ORM^O01|1|P|2.3\rORC|NW\rZDS|1.2.3\r",
        MSH + b"OMG^O19|1|P|2.5\rORC|SC|||GROUP&L^F\rOBR|1\r",
        MSH + b"ORM^O01|1|P|2.3||||||FOO\rORC|NW|\xff\xfe\r",
        MSH + b"ADT^A01|1\r",
        b"MSH|^~|A|B|C|D|2026||ADT^A01\r",
    ],
)
def test_nothing_else_is_refused(raw: bytes) -> None:
    assert peek(raw).error is None


def test_refused_message_still_says_who_sent_it() -> None:
    seen = glance(MSH + b"ORM^O01|ID-9|P|2.3\rPID|1\r")
    assert seen.error is not None
    assert (seen.sending_application, seen.control_id, seen.version) == ("RIS", b"ID-9", "2.3")
    broken = glance(b"MSH|^~y&|RIS|SITE|||2026||ORM^O01|ID-9|P|2.3\r")
    assert broken.error is not None
    assert (broken.separators, broken.control_id) == (Separators(), b"ID-9")
    clashing = glance(b"MSH^&&&&^RIS^SITE")
    assert (clashing.separators, clashing.msh) == (Separators(), ())


def test_several_messages_are_a_batch_and_read_by_their_first_header() -> None:
    batch = b"FHS|^~\\&|MSH\rBHS|^~\\&|A\r" + VENDOR + VENDOR + b"BTS|2\r"
    assert (peek(batch).is_batch, peek(batch).sending_application) == (True, "PACS")
    assert peek(VENDOR + VENDOR).is_batch
    assert not peek(VENDOR).is_batch
    # What is refused alone must not refuse the others.
    assert peek(MSH + b"ORM^O01|1\rPID|1\r" + VENDOR).is_batch


def test_two_byte_characters_that_look_like_delimiters_move_nothing() -> None:
    # The JIS code of this character has the bytes 0x4B 0x7C: the second looks like the separator.
    name = "万"
    assert b"|" in name.encode("iso2022_jp")
    raw = (
        f"MSH|^~\\&|{name}|SITE|||2026||ORM^O01|ID-1|P|2.5||||||~ISO IR87\r"
        f"PID|1||1||{name}\rORC|NW|P-{name}|F-1\r"
    ).encode("iso2022_jp")
    seen = peek(raw)
    assert seen.field(3).decode("iso2022_jp") == name
    assert (seen.message_code, seen.control_id) == ("ORM", b"ID-1")
    assert [kind for kind, _ in seen.identities] == ["placer", "filler"]
    assert seen.identities[1] == Identity("filler", "F-1")


@pytest.mark.parametrize(
    ("raw", "is_answered"),
    [
        (VENDOR, True),
        (MSH + b"ADT^A01|1\r", True),
        (MSH + b"ACK^O01|1\rMSA|AA|1\r", False),
        (MSH + b"ACK|1\r", False),
        (MSH + b"MCF|1\r", False),
        (MSH + b"ORR^O02|1\r", False),
        (MSH + b"ORI^O24|1\r", False),
        (MSH + b"ORG^O20|1\r", False),
        (MSH + b"ORU^R01|1\rMSA|AA|1\r", False),
        (b"junk", True),
    ],
)
def test_answers_are_never_answered(raw: bytes, is_answered: bool) -> None:
    assert needs_answer(glance(raw)) is is_answered


def test_nul_and_undecodable_bytes_leave_readable_text() -> None:
    raw = b"MSH|^~\\&|R\x00IS|M\xfcnchen|||2026||ORM^O01|1\rORC|NW|P\x001\r"
    seen = peek(raw)
    assert (seen.sending_application, seen.sending_facility) == ("RIS", "M\xfcnchen")
    assert seen.identities == (Identity("placer", "P1"),)
