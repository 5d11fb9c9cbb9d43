"""Editing a message as text: what is left alone stays byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.diff import Difference, differences
from apps.hl7v2.redraft import Redraft, UnwritableError

HEADER = b"MSH|^~\\&|A|B||||||7|P|2.5"
JAPANESE = (
    HEADER
    + b"|||||JP|ASCII~ISO IR87\r"
    + "PID|1||9||山田^太郎".encode("iso2022_jp")
    + b"\rZXX|1\r"
)


@pytest.mark.parametrize(
    "raw",
    [
        HEADER + b"\rPID|1||9\r",
        HEADER + b"\nPID|1||9",
        HEADER + b"\r\nPID|1||9\r\n\r\n",
        HEADER + b"\r\rPID|\x00|\xff\xfe|9\n  indented\r",
        JAPANESE,
        b"\x0bnoise",
        b"",
    ],
)
def test_text_that_nobody_changed_is_the_very_message(raw: bytes) -> None:
    redraft = Redraft(raw)
    for text in (redraft.text, redraft.text + "\n\n", redraft.text.replace("\n", "\r\n")):
        assert redraft.rebuild(text) == raw


@given(st.binary(max_size=120))
def test_any_bytes_come_back(tail: bytes) -> None:
    raw = HEADER + b"\r" + tail
    redraft = Redraft(raw)
    assert redraft.rebuild(redraft.text) == raw


def test_only_the_changed_line_is_written_anew() -> None:
    raw = HEADER + b"\nPID|1||9\x00|\nNTE|1||old\nZXX|\xff\n"
    redraft = Redraft(raw)
    changed = redraft.rebuild(redraft.text.replace("old", "new"))
    assert changed == HEADER + b"\nPID|1||9\x00|\nNTE|1||new\rZXX|\xff\n"


def test_lines_are_added_and_taken_out() -> None:
    redraft = Redraft(HEADER + b"\rPID|1||9\rNTE|1||x")
    lines = redraft.text.split("\n")
    assert redraft.rebuild("\n".join([*lines, "NTE|2||y"])) == (
        HEADER + b"\rPID|1||9\rNTE|1||x\rNTE|2||y\r"
    )
    assert redraft.rebuild("\n".join([lines[0], lines[2]])) == HEADER + b"\rNTE|1||x\r"


def test_a_changed_line_is_written_in_the_messages_character_set() -> None:
    redraft = Redraft(JAPANESE)
    changed = redraft.rebuild(redraft.text.replace("太郎", "花子"))
    assert changed == JAPANESE.replace(
        "PID|1||9||山田^太郎".encode("iso2022_jp"), "PID|1||9||山田^花子".encode("iso2022_jp")
    )


def test_what_the_character_set_lacks_is_refused_without_quoting_the_line() -> None:
    redraft = Redraft(HEADER + b"||||||8859/1\rPID|1||9||M\xfcller\r")
    with pytest.raises(UnwritableError, match=r"“山” in “PID…” is not in .*iso8859_1"):
        redraft.rebuild(redraft.text.replace("Müller", "山"))


def test_another_msh_18_writes_every_line_anew() -> None:
    redraft = Redraft(HEADER + b"||||||8859/1\rPID|1||9||M\xfcller\r")
    changed = redraft.rebuild(redraft.text.replace("8859/1", "UNICODE UTF-8"))
    assert changed == HEADER + "||||||UNICODE UTF-8\rPID|1||9||Müller\r".encode()


def test_unreadable_bytes_are_not_written_as_something_else() -> None:
    redraft = Redraft(HEADER + b"||||||UNICODE UTF-8\rPID|1||\xff\xc3\xbc\r")
    with pytest.raises(UnwritableError, match="are lost"):
        redraft.rebuild(redraft.text.replace("PID|1", "PID|2"))


# -- what is different -----------------------------------------------------------------------

OLD = "MSH|^~\\&|A|B\nPID|1||M1\nNTE|1||x\nNTE|2||y\nOBX|1|TX|a||b\nOBX|2|TX|a||b"


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (OLD, []),
        (OLD.replace("|A|B", "|A|C"), [Difference("MSH-4", "Sending facility", "B", "C")]),
        (OLD.replace("|A|B", "|A"), [Difference("MSH-4", "Sending facility", "B", "")]),
        (
            OLD.replace("OBX|2|TX|a||b", "OBX|2|TX|a||c"),
            [Difference("OBX(2)-5", "Value", "b", "c")],
        ),
        (OLD.replace("NTE|1||x\n", ""), [Difference("NTE", "Note", "NTE|1||x", "")]),
        (
            OLD.replace("NTE|1||x\nNTE|2||y", "ZXX|1"),
            [
                Difference("ZXX", "", "", "ZXX|1"),
                Difference("NTE", "Note", "NTE|1||x", ""),
                Difference("NTE(2)", "Note", "NTE|2||y", ""),
            ],
        ),
    ],
    ids=["nothing", "field", "shorter", "third segment", "taken out", "replaced"],
)
def test_differences_are_told_field_by_field(new: str, expected: list[Difference]) -> None:
    assert differences(OLD, new) == expected


def test_other_delimiters_are_followed() -> None:
    assert differences("MSH#@~\\&#A\nPID#1", "MSH#@~\\&#A\nPID#2") == [
        Difference("PID-1", "Sequence number", "1", "2")
    ]
