from __future__ import annotations

import pytest

from apps.hl7v2.errors import FieldError
from apps.hl7v2.message import NULL, Message, is_filled
from apps.hl7v2.paths import Path, PathError, parse_path
from tests.hl7v2.samples import VENDOR, order

MESSAGE = Message(
    order(
        "NTE|1||first",
        "NTE|2||second~third",
        r"OBR|1|P-1^NS&1.2&ISO|\F\\T\|CODE^Text one&two^L|\"\"".replace(r"\"", '"'),
        "OBX|1|TX|A^B||a^b&c~d",
    )
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("MSH-1", "|"),
        ("MSH-2", r"^~\&"),
        ("MSH-2.2", ""),
        ("MSH-3", "RIS"),
        ("MSH-9", "ORM"),
        ("MSH-9.2", "O01"),
        ("OBR-2", "P-1"),
        ("OBR-2.2", "NS&1.2&ISO"),
        ("OBR-2.2.2", "1.2"),
        ("OBR-2.1.1", "P-1"),
        ("OBR-2.1.2", ""),
        ("OBR-2.9", ""),
        ("OBR-3", "|&"),
        ("OBR-5", NULL),
        ("OBR-99", ""),
        ("NTE-3", "first"),
        ("NTE-3(2)", ""),
        ("OBX-5(2)", "d"),
        ("OBX-5(1).2", "b&c"),
        ("OBX-5(3)", ""),
        ("ZZZ-1", ""),
    ],
)
def test_a_place_gives_its_value(path: str, value: str) -> None:
    assert MESSAGE.get(path) == value


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("NTE-3", ["first", "second", "third"]),
        ("NTE-3(2)", ["third"]),
        ("NTE-1", ["1", "2"]),
        ("OBR-5", []),
        ("OBX-5.2", ["b&c"]),
        ("ZZZ-1", []),
    ],
)
def test_values_gathers_what_is_filled_over_segments_and_repetitions(
    path: str, values: list[str]
) -> None:
    assert MESSAGE.values(path) == values


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("OBR-4", Path("OBR", 4)),
        ("PID-3(2).1", Path("PID", 3, 2, 1)),
        (" PV1-3.4.2 ", Path("PV1", 3, None, 4, 2)),
    ],
)
def test_paths_are_parsed(text: str, path: Path) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "OBR", "OBR-0", "OBR-4.0", "OBR-4(0)", "obr-4", "OBR-4.", "OBR-4.1.1.1", "OBR-٤"]
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(PathError, match="not a place"):
        parse_path(text)


def test_null_and_empty_are_not_filled() -> None:
    assert [is_filled(value) for value in ("", NULL, "x", " ")] == [False, False, True, True]


def test_escaped_cr_is_a_cr_in_the_value_and_never_a_segment() -> None:
    message = Message(order(r"NTE|1||x\X0D\ORC\F\CA\X0D\ORC|CA|P-1"))
    assert [segment.name for segment in message.segments] == ["MSH", "PID", "NTE"]
    assert message.get("NTE-3") == "x\rORC|CA\rORC"


def test_nul_is_left_out_of_text_and_flagged() -> None:
    message = Message(VENDOR.replace(b"knee", b"kn\x00ee"))
    assert message.flags == ("nul",)
    assert message.get("OBX-5") == "Patient with knee pain"
    assert b"kn\x00ee" in message.segments[3].raw


def test_whole_fields_keep_what_they_were_written_with() -> None:
    [obx] = MESSAGE.all("OBX")
    assert obx.text(5) == "a^b&c~d"
    assert [repetition.value for repetition in obx.repetitions(5)] == ["a^b&c", "d"]
    assert obx.repetitions(4) == []
    assert obx.raw_field(5) == b"a^b&c~d"
    assert obx.raw_field(9) == b""
    assert MESSAGE.header.raw_field(3) == b"RIS"
    assert [repetition.text for repetition in MESSAGE.header.repetitions(2)] == [r"^~\&"]
    assert obx.at(Path("OBX", 5, 2)) == "d"


def test_segment_does_not_print_patient_data() -> None:
    assert repr(Message(VENDOR).first("PID")) == "<Segment PID>"


def test_sender_without_sub_components_keeps_the_ampersand() -> None:
    message = Message(b"MSH|^~|A|B|||2026||ADT^A01|1\rPID|1||X&Y\r")
    assert (message.get("PID-3"), message.get("PID-3.1.1")) == ("X&Y", "X&Y")
    assert message.separators.encoding == "^~"


def test_broken_header_is_refused() -> None:
    with pytest.raises(FieldError):
        Message(b"PID|1")
