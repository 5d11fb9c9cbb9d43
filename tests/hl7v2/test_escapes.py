from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.escapes import encode, escape, unescape
from apps.hl7v2.message import Message
from apps.hl7v2.separators import DEFAULT_SEPARATORS, Separators

ODD = Separators("#", "!", "@", "%", "*", "$")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", r"a|b^c&d~e\f"),
        (r"\X0D\X", "\rX"),
        (r"\X0D0A41\ ", "\r\nA "),
        (r"\XC3A9\ \xC3\ ", "é \\xC3\\ "),
        (r"\XE9\ ", "é "),
        (r"\X00\ \X1C0D\ ", " \x1c\r "),
        (r"one\.br\two\.sp2\three\.in+4\\H\bold\N\ ", "one\ntwo\nthreebold "),
        (r"\.ce\\.fi\\.sk3\ ", "\n\n "),
        ("C:\\temp\\notes", "C:\\temp\\notes"),
        (r"\Z99\ \XG1\ \X\ \X0\ ", r"\Z99\ \XG1\ \X\ \X0\ "),
        ("lone \\", "lone \\"),
        ("\\F", "\\F"),
        (r"\E\E\ ", r"\E\ "),
        (r"\\F\ ", "\\| "),
        (r"\ \F\ \ ", "\\ | \\ "),
        (r"\P\ ", "# "),
        ("no escapes", "no escapes"),
    ],
)
def test_known_sequences_are_read_and_all_else_stays(written: str, value: str) -> None:
    assert unescape(written, DEFAULT_SEPARATORS) == value


@given(st.text(alphabet=st.characters(exclude_characters="\x00", codec="utf-8")))
@pytest.mark.parametrize("separators", [DEFAULT_SEPARATORS, ODD], ids=["usual", "odd"])
def test_escaped_value_reads_back_and_holds_no_structure(
    separators: Separators, value: str
) -> None:
    written = escape(value, separators)
    assert unescape(written, separators) == value
    structure = set(separators) - {separators.escape, ""} | set("\r\n\x0b\x1c")
    assert not structure & set(written)


def test_without_an_escape_character_delimiters_become_blanks() -> None:
    separators = Separators("|", "^", "~", "", "")
    assert escape("a|b^c\rd&e\\\x00f", separators) == "a b c d&e\\f"
    assert unescape(r"a\F\b", separators) == r"a\F\b"


def test_hexadecimal_is_read_in_the_messages_character_set() -> None:
    msh = "MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||"
    for name, written in (("UNICODE UTF-8", "C3A9"), ("8859/1", "E9"), ("8859/15", "E9")):
        message = Message(f"{msh}{name}\rPID|1||||Caf\\X{written}\\\r".encode())
        assert message.get("PID-5") == "Café"


def test_hexadecimal_that_is_no_text_of_the_set_is_read_all_the_same() -> None:
    message = Message(b"MSH|^~\\&|A|||||||||||||||UNICODE UTF-8\rNTE|1||Caf\\XE9\\\r")
    assert message.get("NTE-3") == "Café"


def test_deeply_broken_escapes_are_read_in_one_pass() -> None:
    text = "\\" * 200_001 + "F" + "\\X0" * 100_000
    assert unescape(text, DEFAULT_SEPARATORS).count("\\") >= 200_000


@pytest.mark.parametrize(
    ("text", "codec", "data"),
    [
        ("Müller", "latin-1", b"M\xfcller"),
        ("Müller Ø 山", "ascii", b"Muller ? ?"),
        ("Łódź", "latin-1", b"?\xf3dz"),
        ("山", "iso2022_jp_2", "山".encode("iso2022_jp_2")),
    ],
)
def test_encode_loses_accents_before_it_loses_letters(text: str, codec: str, data: bytes) -> None:
    assert encode(text, codec) == data
