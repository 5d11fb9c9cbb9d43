"""Received bytes as text that is safe to look at."""

from __future__ import annotations

import pytest

from apps.core.legible import legible

HEADER = b"MSH|^~\\&|PACS|Robina||||||||||||||%s\r"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"MSH|^~\\&|A\rPID|1\r\nOBR|2\nZRD", "MSH|^~\\&|A\nPID|1\nOBR|2\nZRD"),
        (b"\x0bMSH|\x00\x1b\x7f", "␋MSH|␀␛\\u007f"),
        ("a\u202eb\u200bc\u2028d\ufeff".encode(), "a\\u202eb\\u200bc\\u2028d\\ufeff"),
        (b"caf\xe9", "caf\\xe9"),
        ("Müller 日本".encode(), "Müller 日本"),
        (b"", ""),
    ],
    ids=["line ends", "control", "hidden marks", "no character set", "utf-8", "nothing"],
)
def test_nothing_invisible_is_left(raw: bytes, shown: str) -> None:
    assert legible(raw) == shown


@pytest.mark.parametrize(
    ("name", "raw", "shown"),
    [
        (b"8859/1", b"M\xfcller", "Müller"),
        (b"UNICODE UTF-8", b"M\xc3\xbcller", "Müller"),
        (b"ISO IR87", b"\x1b$BF|K\\\x1b(B", "日本"),
    ],
    ids=["latin-1", "utf-8", "iso-2022-jp"],
)
def test_part_is_read_in_the_character_set_of_its_header(
    name: bytes, raw: bytes, shown: str
) -> None:
    whole = HEADER % name + b"PID|1||1||" + raw
    assert legible(whole).endswith(shown)
    assert legible(raw, header=HEADER % name + raw) == shown
