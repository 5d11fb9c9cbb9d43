from __future__ import annotations

import pytest

from apps.hl7v2.charset import Charset, choose_charset, declared_codec
from apps.hl7v2.message import Message
from apps.hl7v2.peek import peek


@pytest.mark.parametrize(
    ("msh_18", "codec"),
    [
        (b"", "ascii"),
        (b"ASCII", "ascii"),
        (b"8859/1", "iso8859_1"),
        (b"8859/15", "iso8859_15"),
        (b"UNICODE UTF-8", "utf-8"),
        (b"unicode utf-8", "utf-8"),
        (b"ISO IR6", "ascii"),
        (b"~ISO IR87", "iso2022_jp_2"),
        (b"ISO IR14~ISO IR87", "iso2022_jp_2"),
        (b"ASCII~ISO IR159", "iso2022_jp_2"),
        (b"8859/1~UNICODE UTF-8", "iso8859_1"),
        (b"GB 18030-2000", "gb18030"),
        (b"KS X 1001", "euc_kr"),
        (b"BIG-5", "big5hkscs"),
        (b"ISO-8859-2", "iso8859_2"),
        (b"iso8859-15", "iso8859_15"),
        (b"ISO_8859-5", "iso8859_5"),
        (b"ISO_IR 100", "iso8859_1"),
        (b"ISO IR 166", "iso8859_11"),
        (b"ISO 2022 IR 87", "iso2022_jp_2"),
        (b"CP1250", "cp1250"),
        (b"WINDOWS-1251", "cp1251"),
        (b"windows_1258", "cp1258"),
        (b"SHIFT_JIS", "cp932"),
        (b"Windows-31J", "cp932"),
        (b"ISO IR13", "cp932"),
        (b"EUC-JP", "euc_jp"),
        (b"GBK", "gbk"),
        (b"GB 2312", "gbk"),
        (b"KOI8-R", "koi8_r"),
        (b"UTF-16", None),
        (b"WINDOWS-1259", None),
        (b"KLINGON", None),
        (b"\xff", None),
    ],
)
def test_msh_18_names_a_codec(msh_18: bytes, codec: str | None) -> None:
    assert declared_codec(msh_18, b"~") == codec


def test_repetitions_of_a_sender_without_repetition_separator_are_one_name() -> None:
    assert declared_codec(b"8859/1", b"") == "iso8859_1"


@pytest.mark.parametrize(
    ("text", "encoding", "msh_18", "expected"),
    [
        ("Miller", "ascii", b"", Charset("ascii")),
        ("Miller", "ascii", b"8859/1", Charset("iso8859_1")),
        ("Miller", "ascii", b"KLINGON", Charset("ascii", is_lenient=True)),
        ("Müller", "utf-8", b"UNICODE UTF-8", Charset("utf-8")),
        ("Müller", "latin-1", b"8859/1", Charset("iso8859_1")),
        ("Müller", "utf-8", b"", Charset("utf-8", is_lenient=True)),
        ("Müller", "latin-1", b"", Charset("latin-1", is_lenient=True)),
        ("Müller", "latin-1", b"UNICODE UTF-8", Charset("latin-1", is_lenient=True)),
        ("Müller", "utf-8", b"KLINGON", Charset("utf-8", is_lenient=True)),
        ("山田", "iso2022_jp", b"~ISO IR87", Charset("iso2022_jp_2")),
        ("山田", "iso2022_jp", b"", Charset("iso2022_jp_2", is_lenient=True)),
        ("山田", "gb18030", b"GB 18030-2000", Charset("gb18030")),
        ("서울", "euc_kr", b"KS X 1001", Charset("euc_kr")),
        ("Łódź", "iso8859_2", b"ISO-8859-2", Charset("iso8859_2")),
        ("Иванов", "cp1251", b"WINDOWS-1251", Charset("cp1251")),
        ("山田", "euc_jp", b"EUC-JP", Charset("euc_jp")),
        ("山田ﾔﾏ", "cp932", b"SHIFT_JIS", Charset("cp932")),
    ],
)
def test_bytes_are_read_as_declared_or_flagged(
    text: str, encoding: str, msh_18: bytes, expected: Charset
) -> None:
    raw = text.encode(encoding)
    charset = choose_charset(raw, msh_18, b"~")
    assert charset == expected
    assert charset.decode(raw) == text


@pytest.mark.parametrize(
    ("raw", "msh_18", "text"),
    [
        (b"M\xc3\xbcller \xff", b"UNICODE UTF-8", "Müller \ufffd"),
        (b"\xff\xfe\x80", b"UNICODE UTF-8", "\xff\xfe\x80"),
        (b"\x81", b"GB 18030", "\ufffd"),
        (b"\x1b$B;3\xff", b"~ISO IR87", "山\ufffd"),
    ],
)
def test_bytes_that_fit_nothing_are_read_as_well_as_possible(
    raw: bytes, msh_18: bytes, text: str
) -> None:
    charset = choose_charset(raw, msh_18, b"~")
    assert (charset.is_lenient, charset.decode(raw)) == (True, text)


@pytest.mark.parametrize(
    ("encoding", "msh_18", "name"),
    [
        # Each of these has a byte that looks like | or ^ or \ or ~ inside a character.
        ("iso2022_jp", "~ISO IR87", "万五亨"),
        ("gb18030", "GB 18030-2000", "乗乛亅"),
        ("big5hkscs", "BIG-5", "功閱育"),
    ],
)
def test_characters_that_look_like_delimiters_are_not_split(
    encoding: str, msh_18: str, name: str
) -> None:
    raw = (
        f"MSH|^~\\&|{name}|B|||2026||ORM^O01|1|P|2.5||||||{msh_18}\r"
        f"PID|1||1^^^{name}||{name}^{name}~{name}\rORC|NW|P-1\r"
    ).encode(encoding)
    assert any(byte in name.encode(encoding) for byte in b"|^\\~")
    message = Message(raw)
    assert message.flags == ()
    assert (message.get("MSH-3"), message.get("MSH-9.2")) == (name, "O01")
    assert (message.get("PID-3.4"), message.get("PID-5.2")) == (name, name)
    assert message.get("PID-5(2)") == name
    assert message.header.raw_field(3) == name.encode(encoding)
    assert b"".join(segment.raw + b"\r" for segment in message.segments) == raw


def test_name_of_a_two_byte_set_elsewhere_in_the_header_declares_nothing() -> None:
    raw = "MSH|^~\\&|BIG5|Zürich|||2026||ADT^A01|1|P|2.5||||||UNICODE UTF-8\rPID|1\r".encode()
    message = Message(raw)
    assert (message.flags, message.get("MSH-4")) == ((), "Zürich")
    assert peek(raw).sending_facility == "Zürich"


def test_message_that_uses_every_byte_value_is_split_without_a_shield() -> None:
    noise = bytes(set(range(256)) - set(b"\r\n"))
    raw = b"MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||BIG-5\rNTE|1||" + noise + b"\n\r"
    message = Message(raw)
    assert [segment.name for segment in message.segments] == ["MSH", "NTE"]
    assert "charset" in message.flags


@pytest.mark.parametrize(
    ("msh_18", "encoding"),
    [("SHIFT_JIS", "cp932"), ("ISO IR13", "cp932"), ("GBK", "gbk"), ("BIG5", "big5hkscs")],
)
@pytest.mark.parametrize("place", ["before MSH-18", "in the patient"])
def test_halves_of_characters_that_look_like_delimiters_split_nothing(
    msh_18: str, encoding: str, place: str
) -> None:
    halves = _with_second_byte(encoding, b"|^~\\")
    assert len(halves) == 4
    name = "".join(halves)
    facility, family = (name, "A") if place == "before MSH-18" else ("Robina", name)
    raw = (
        f"MSH|^~\\&|HIS|{facility}|RAD|RAD|20261122100000||ORM^O01|C1|P|2.5.1||||||{msh_18}\r"
        f"PID|1||M1||{family}^{family}~B||19800115|F\rORC|NW|P1\rOBR|1|P1||CT^CT\r"
    ).encode(encoding)

    message = Message(raw)

    assert message.flags == ()
    assert message.get("MSH-4") == facility
    assert message.values("PID-5.1") == [family, "B"]
    assert (message.get("PID-5.2"), message.get("PID-8")) == (family, "F")
    assert b"\r".join(segment.raw for segment in message.segments) + b"\r" == raw
    assert peek(raw).order_keys == ("P1",)
    assert peek(raw).sending_facility == facility


def _with_second_byte(encoding: str, wanted: bytes) -> list[str]:
    """Return for each byte a character that has it as its second one."""
    found: dict[int, str] = {}
    for first in range(0x81, 0xFF):
        for byte in wanted:
            try:
                text = bytes((first, byte)).decode(encoding)
            except UnicodeDecodeError:
                continue
            if len(text) == 1 and text.encode(encoding) == bytes((first, byte)):
                found.setdefault(byte, text)
    return list(found.values())


def test_katakana_of_one_byte_shields_nothing() -> None:
    raw = "MSH|^~\\&|HIS|R|||||ORM^O01|C1|P|2.5.1||||||SHIFT_JIS\rPID|1||M||ﾔﾏﾀﾞ^ﾀﾛｳ\r".encode(
        "cp932"
    )

    assert (Message(raw).get("PID-5.1"), Message(raw).get("PID-5.2")) == ("ﾔﾏﾀﾞ", "ﾀﾛｳ")
