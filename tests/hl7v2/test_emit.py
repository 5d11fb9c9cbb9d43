from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.emit import OutHeader, enrich
from apps.hl7v2.errors import FieldError
from apps.hl7v2.message import Message
from apps.hl7v2.mllp import Frame, Framer, frame
from apps.hl7v2.separators import Separators
from apps.hl7v2.stored import keep_segments, load_segments
from apps.hl7v2.zra import Zra, parse_zra
from tests.hl7v2.samples import NOW, VENDOR, groups, order, segment

ZRA = Zra(
    radiologist_id="DR_SMITH_ID",
    family="Smith",
    given="John",
    shift_code="MRI_MSK_ROBINA",
    shift_name="MRI MSK Robina",
    code="LOAD_BALANCED",
    decided="20260204120531",
)
HEADER = OutHeader("M-1", NOW)
ODD = Separators("#", "!", "@", "%", "*")


def kept(raw: bytes, index: int = 0) -> bytes:
    return keep_segments(groups(raw)[index])


def test_vendor_order_goes_out_as_it_came_with_one_zra() -> None:
    assert enrich(kept(VENDOR), ZRA, HEADER) == (
        rb"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531||ORU^R01|M-1|P|2.5.1"
        b"\rPID|1||MRN123^^^Robina||Doe^John||19800115|M"
        b"\rOBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|"
        b"\rOBX|1|TX|Indication^Clinical Indication||Patient with knee pain"
        b"\rZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency"
        b"\rZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK_ROBINA^MRI MSK Robina"
        b"|LOAD_BALANCED^Assignment Strategy|20260204120531\r"
    )


def test_unassignment_says_null_and_the_reason() -> None:
    out = enrich(kept(VENDOR), Zra(code="cancelled", decided="20260204120531"), HEADER)
    zra = out.split(b"\r")[-2]
    assert zra == b'ZRA|1|""||cancelled^Unassignment Reason|20260204120531'
    found = parse_zra(out)
    assert found == Zra(title="", code="cancelled", decided="20260204120531")
    assert not found.is_assigned


def test_reader_without_a_shift_leaves_zra_3_empty() -> None:
    zra = replace(ZRA, shift_code="", shift_name="", code="MANUAL")
    out = enrich(kept(VENDOR), zra, HEADER)
    assert b"\rZRA|1|DR_SMITH_ID^Smith^John^DR||MANUAL^Assignment Strategy|2026" in out
    assert parse_zra(out) == zra


def test_only_patient_visit_and_own_group_are_kept() -> None:
    raw = order(
        "PV1|1|I", "AL1|1|x", "ORC|NW|1", "OBR|1|1", "NTE|1||n", "ORC|NW|2", "OBR|1|2", "ZZZ|z"
    )
    names = [[part.name for part in Message(kept(raw, index)).segments] for index in (0, 1)]
    assert names == [
        ["MSH", "PID", "PV1", "ORC", "OBR", "NTE"],
        ["MSH", "PID", "PV1", "ORC", "OBR", "ZZZ"],
    ]
    parts = load_segments(kept(raw))
    assert [part.name for part in parts.patient] == ["PID", "PV1"]
    assert [part.name for part in parts.own] == ["ORC", "OBR", "NTE"]


def test_zra_stands_after_zrd_and_replaces_an_echoed_one() -> None:
    raw = order("OBR|1|1", "ZRA|1|OLD", "ZRD|1|S", "ZZZ|1")
    names = [part.name for part in Message(enrich(kept(raw), ZRA, HEADER)).segments]
    assert names == ["MSH", "PID", "OBR", "ZRD", "ZRA", "ZZZ"]
    assert parse_zra(enrich(kept(raw), ZRA, HEADER)) == ZRA


def test_header_takes_receiver_and_processing_id_from_the_origin() -> None:
    msh = r"MSH|^~\&|RIS^1.2^ISO|SITE&x|E|F|2026||ORM^O01|1|T^A|2.3||||||8859/1"
    header = OutHeader(
        "M-2", NOW, zone=ZoneInfo("Australia/Brisbane"), with_offset=True, version="2.4"
    )
    out = enrich(kept(order("OBR|1|1", msh=msh)), ZRA, header)
    assert out.split(b"\r")[0] == (
        rb"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|RIS^1.2^ISO|SITE&x|20260204220531+1000"
        rb"||ORU^R01|M-2|T^A|2.4||||||8859/1"
    )


@pytest.mark.parametrize(
    ("msh_18", "encoding", "family"),
    [
        ("", "ascii", "Muller ?"),
        ("8859/1", "latin-1", "Müller ?"),
        ("UNICODE UTF-8", "utf-8", "Müller 山"),
        ("~ISO IR87", "iso2022_jp_2", "Müller 山"),
    ],
)
def test_names_are_written_in_the_orders_character_set(
    msh_18: str, encoding: str, family: str
) -> None:
    msh = f"MSH|^~\\&|RIS|SITE|||2026||ORM^O01|1|P|2.3||||||{msh_18}"
    out = enrich(kept(order("OBR|1|1", msh=msh)), replace(ZRA, family="Müller 山"), HEADER)
    assert family.encode(encoding) in out
    found = parse_zra(out)
    assert found is not None
    assert found.family == family


def test_undeclared_utf_8_passes_and_is_answered_in_kind() -> None:
    raw = order("OBR|1|1|2|Schädel")
    out = enrich(kept(raw), replace(ZRA, family="Müller"), HEADER)
    assert "Schädel\rZRA|1|DR_SMITH_ID^Müller^".encode() in out


NASTY = st.text(
    alphabet=st.sampled_from('|^~\\&#!@%*\r\n\x0b\x1c\x00aORCß山"'), min_size=1, max_size=20
)


@given(NASTY, NASTY, NASTY, NASTY)
@pytest.mark.parametrize("separators", [None, ODD], ids=["usual", "odd"])
def test_no_value_of_ours_becomes_structure_or_framing(
    separators: Separators | None, family: str, given_name: str, shift: str, code: str
) -> None:
    zra = replace(ZRA, family=family, given=given_name, shift_name=shift, code=code)
    header = replace(HEADER, separators=separators, character_set="UNICODE UTF-8")
    out = enrich(kept(VENDOR), zra, header)
    message = Message(out)
    assert [part.name for part in message.segments] == ["MSH", "PID", "OBR", "OBX", "ZRD", "ZRA"]
    assert Framer().feed(frame(out)) == [Frame(out)]
    clean = {name: str(getattr(zra, name)).replace("\x00", "") for name in (
        "family", "given", "shift_name", "code",
    )}  # fmt: skip
    assert parse_zra(out) == replace(zra, **clean)


def test_other_delimiters_rewrite_every_segment_with_equal_values() -> None:
    raw = order(
        r"OBR|1|P#1^NS&1.2&ISO~P2|a\F\b\S\c\T\d\R\e\E\f|C*D!E@F%G|\H\bold\N\ \.br\ \Z1\ x",
        r'OBX|1|TX|\X4E\||""|',
        "ZRD|1|S",
    )
    out = enrich(kept(raw), ZRA, replace(HEADER, separators=ODD))
    lines = out.decode().split("\r")
    assert lines[0] == (
        "MSH#!@%*#ASSIGNMENT_ENGINE#ENTERPRISE#RIS#SITE#20260204120531##ORU!R01#M-1#P#2.5.1"
    )
    assert lines[2:4] == [
        r"OBR#1#P%F%1!NS*1.2*ISO@P2#a|b^c&d~e\f#C%T%D%S%E%R%F%E%G#%H%bold%N% %.br% \Z1\ x",
        'OBX#1#TX#N##""#',
    ]
    before, after = Message(kept(raw)), Message(out)
    for path in ("OBR-2", "OBR-2.2.2", "OBR-2(2)", "OBR-3", "OBR-4", "OBX-3", "OBX-5", "PID-5.2"):
        assert after.get(path) == before.get(path)


def test_character_set_of_the_profile_recodes_what_came() -> None:
    msh = r"MSH|^~\&|Zürich|SITE|||2026||ORM^O01|1|P|2.3||||||8859/1"
    raw = order(r"OBR|1|1|2|Schädel\XFC\ ", msh=msh, encoding="latin-1")
    out = enrich(kept(raw), ZRA, replace(HEADER, character_set="UNICODE UTF-8"))
    assert out.startswith(r"MSH|^~\&|ASSIGNMENT_ENGINE|ENTERPRISE|Zürich|SITE|".encode())
    assert out.split(b"\r")[0].endswith(b"|P|2.5.1||||||UNICODE UTF-8")
    assert "\rOBR|1|1|2|Schädelü \r".encode() in out
    same = enrich(kept(raw), ZRA, replace(HEADER, character_set="8859/1"))
    assert rb"Sch" + "ä".encode("latin-1") + rb"del\XFC\ " in same
    plain = enrich(kept(raw), ZRA, replace(HEADER, character_set="ASCII~KLINGON"))
    assert b"\rOBR|1|1|2|Schadelu \r" in plain
    assert plain.split(b"\r")[0].endswith(b"||||||ASCII~KLINGON")


def test_destination_without_escape_character_loses_delimiters_not_fields() -> None:
    separators = Separators("|", "^", "~", "", "")
    raw = order(r"OBR|1|a\F\b\H\c&d|x^y")
    out = enrich(kept(raw), ZRA, replace(HEADER, separators=separators))
    assert b"\rOBR|1|a b c&d|x^y\r" in out


def test_two_byte_sender_is_echoed_byte_for_byte() -> None:
    msh = "MSH|^~\\&|万|SITE|||2026||ORM^O01|1|P|2.5||||||~ISO IR87"
    raw = order("OBR|1|1|2|五^亨", msh=msh, encoding="iso2022_jp")
    out = enrich(kept(raw), ZRA, HEADER)
    assert b"|ENTERPRISE|" + "万".encode("iso2022_jp") + b"|SITE|" in out
    assert "OBR|1|1|2|五^亨".encode("iso2022_jp") in out
    recoded = enrich(kept(raw), ZRA, replace(HEADER, character_set="UNICODE UTF-8"))
    assert "|万|SITE|" in recoded.decode()
    assert "\rOBR|1|1|2|五^亨\r" in recoded.decode()


def test_segment_that_would_end_the_block_is_healed() -> None:
    raw = order("OBR|1|1").replace(b"\r", b"\n").replace(b"Doe", b"D\x1coe")
    out = enrich(kept(raw.replace(b"|F\n", b"|F\x1c\n")), ZRA, HEADER)
    assert Framer().feed(frame(out)) == [Frame(out)]
    assert b"D\x1coe" in out
    assert b"|19800115|F\rOBR|1|1\rZRA|" in out


def test_missing_header_fields_of_the_origin_stay_empty() -> None:
    out = enrich(b"MSH|^~\\&\rOBR|1|1\r", ZRA, HEADER)
    assert out.startswith(b"MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|||20260204120531||ORU^R01|")


def test_own_control_id_has_at_most_twenty_characters() -> None:
    with pytest.raises(ValueError, match="at most 20"):
        enrich(kept(VENDOR), ZRA, OutHeader("x" * 21, NOW))


def test_stored_bytes_without_a_header_are_refused() -> None:
    with pytest.raises(FieldError):
        enrich(b"PID|1\r", ZRA, HEADER)


def test_message_without_zra_has_none() -> None:
    assert parse_zra(order(segment("OBR", {1: "1"}))) is None
