r"""Escape sequences: ``\F\ \S\ \T\ \R\ \E\ \P\ \Xhh..\ \.br\ \H\ \N\``.

Reading is lenient: what is not a known sequence stays as it is, so a lone or unclosed escape
character loses nothing. Unescaping happens in values only, after splitting, so ``\X0D\`` is a CR
in a text and never the end of a segment. Writing is strict: nothing that is written can be taken
for structure or framing. Source: HL7 v2.5.1 2.7.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from apps.hl7v2.separators import Separators

_HEX = re.compile(r"X((?:[0-9A-Fa-f]{2})+)\Z")
_FORMATTING = {"H": "", "N": "", ".br": "\n", ".ce": "\n", ".fi": "", ".nf": ""}
_SPACES = re.compile(r"\.(sp|sk|in|ti)\s*[+-]?\d{0,3}\Z")
_LONGEST_NAME = 8


class Token(NamedTuple):
    """A run of plain text, or the inside of one escape sequence."""

    text: str
    is_escape: bool


def scan_escapes(text: str, escape: str) -> Iterator[Token]:
    """Split a value into plain text and well-formed escape sequences, in order."""
    plain, position = 0, text.find(escape)
    while position >= 0:
        close = text.find(escape, position + 1)
        if close < 0:
            break
        inside = text[position + 1 : close]
        if not _is_sequence(inside):
            position = close
            continue
        if plain < position:
            yield Token(text[plain:position], is_escape=False)
        yield Token(inside, is_escape=True)
        plain = close + 1
        position = text.find(escape, plain)
    if plain < len(text):
        yield Token(text[plain:], is_escape=False)


def _is_sequence(inside: str) -> bool:
    if inside.startswith("X"):
        return _HEX.match(inside) is not None
    if not inside or len(inside) > _LONGEST_NAME:
        return False
    return inside in "FSTREP" or inside in _FORMATTING or _SPACES.match(inside) is not None


def unescape(
    text: str, separators: Separators, decode: Callable[[bytes], str] | None = None
) -> str:
    r"""Return the value that an escaped text stands for.

    ``decode`` reads the bytes of ``\Xhh..\`` in the message's character set, UTF-8 or Latin-1
    without it. NUL is left out.
    """
    if not separators.escape or separators.escape not in text:
        return text
    reader = decode or _decode_bytes
    return "".join(
        _meaning(token.text, separators, reader) if token.is_escape else token.text
        for token in scan_escapes(text, separators.escape)
    )


def _decode_bytes(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _meaning(inside: str, separators: Separators, decode: Callable[[bytes], str]) -> str:
    if inside in "FSTREP":
        return _delimiter(inside, separators)
    if inside.startswith("X"):
        return _decoded_hex(inside, decode)
    if inside in _FORMATTING:
        return _FORMATTING[inside]
    return "\n" if inside.startswith((".sk", ".sp")) else ""


def _delimiter(letter: str, separators: Separators) -> str:
    place = {"F": 0, "S": 1, "R": 2, "E": 3, "T": 4, "P": 5}[letter]
    # A sender without sub-components may still write \T\: it means the usual character.
    return separators[place] or "|^~\\&#"[place]


def _decoded_hex(inside: str, decode: Callable[[bytes], str]) -> str:
    data = bytes.fromhex(inside[1:])
    try:
        text = decode(data)
    except UnicodeDecodeError:
        text = _decode_bytes(data)
    return text.replace("\x00", "")


@lru_cache(maxsize=64)
def _escape_table(separators: Separators) -> dict[int, str]:
    escape = separators.escape
    names = zip(separators, "FSRETP", strict=True)
    table = {
        ord(char): f"{escape}{name}{escape}" if escape else " " for char, name in names if char
    }
    for control in (*range(1, 0x20), 0x7F):
        table[control] = f"{escape}X{control:02X}{escape}" if escape else " "
    table[0] = ""
    return table


def escape(value: str, separators: Separators) -> str:
    """Return the value so written that it is one value and nothing else.

    Delimiters and control characters become escape sequences, or blanks where the message
    declares no escape character; NUL is left out.
    """
    return value.translate(_escape_table(separators))


def encode(text: str, codec: str) -> bytes:
    """Return the bytes of a text; what the character set lacks is written without its accents.

    What has no plain letter becomes a question mark; never raises.
    """
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return b"".join(_encode_char(char, codec) for char in text)


def _encode_char(char: str, codec: str) -> bytes:
    try:
        return char.encode(codec)
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore")
        return plain if plain.isalnum() else b"?"
