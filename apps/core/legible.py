"""Makes received bytes safe to look at: decoded, one segment a line, nothing invisible."""

from __future__ import annotations

import re
import unicodedata

from apps.hl7v2.errors import FieldError
from apps.hl7v2.message import Message

# The characters that end an HL7 segment or a line; everything else that cannot be seen is named.
_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_UNPLAIN = re.compile(r"[^\n -~]")
_TRICKS = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\r(?!\n)"
)
_CONTROL_PICTURES = 0x2400
_LAST_C0 = 0x1F
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def legible(raw: bytes, *, header: bytes = b"") -> str:
    r"""Return a message as text, one segment a line.

    Control characters are drawn (0x0B as ␋); marks that would reorder or hide text, such as
    U+202E, are spelled out. Bytes that fit no character set are shown as ``\xNN``. The caller
    still escapes the text for HTML.

    Args:
        raw: the message or a part of it.
        header: the bytes that hold MSH-18 where ``raw`` is a part without one.
    """
    text = raw.decode(_codec(header or raw), "backslashreplace")
    return visible(_LINE_ENDS.sub("\n", text)).rstrip("\n")


def visible(text: str) -> str:
    """Return a text with everything in it that cannot be seen drawn or spelled out."""
    return _UNPLAIN.sub(lambda match: _shown(match[0]), text)


def without_tricks(page: str) -> str:
    """Return a page in which no character steers a terminal or turns a text around.

    What peers send is stored and escaped as it came; here it is drawn or spelled out, wherever on
    the page it stands.
    """
    return _TRICKS.sub(lambda match: _shown(match[0]), page)


def _codec(message: bytes) -> str:
    try:
        return Message(message).dialect.charset.codec
    except FieldError:
        return "utf-8"


def _shown(char: str) -> str:
    if char == "\n":
        return char
    code = ord(char)
    if code <= _LAST_C0:
        return chr(_CONTROL_PICTURES + code)
    if unicodedata.category(char) in _HIDDEN_CATEGORIES:
        return f"\\u{code:04x}"
    return char
