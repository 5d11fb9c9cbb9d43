r"""MSH-18: which character set a message is written in, and splitting that respects it.

HL7 says decode first, then split: in ISO 2022, GB 18030, GBK, Big5 and Shift JIS a byte that
looks like ``|``, ``^`` or ``\`` may be half of a character. Yet an order's segments must go out
byte for byte as they came, and not every message can be decoded and encoded back to the same
bytes. A *shield* does both: inside two-byte characters it swaps the bytes that look like delimiters for byte
values that the message does not use, so that plain splitting is right, and swaps them back in
the parts. In all other character sets (ASCII, 8859, UTF-8, EUC) such bytes are never part of a
character and there is nothing to shield. Source: HL7 v2.5.1 2.9.2, MSH-18, table 0211.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from apps.hl7v2.separators import Separators

ISO_2022 = "iso2022_jp_2"
_PARTS = (*range(1, 12), 13, 14, 15, 16)
_REGISTERED = {100: 1, 101: 2, 109: 3, 110: 4, 144: 5, 127: 6, 126: 7, 138: 8, 148: 9, 166: 11}
"""Numbers of the ISO register, as DICOM names character sets, to parts of ISO 8859."""
_CODECS: Mapping[str, str] = {
    **dict.fromkeys(("", "ASCII", "USASCII", "ISOIR6", "ISO646"), "ascii"),
    **{f"{iso}8859{part}": f"iso8859_{part}" for iso in ("", "ISO") for part in _PARTS},
    **{f"LATIN{number}": f"iso8859_{number}" for number in (1, 2, 3, 4)},
    **{f"ISOIR{number}": f"iso8859_{part}" for number, part in _REGISTERED.items()},
    **dict.fromkeys(("UNICODE", "UNICODEUTF8", "UTF8", "ISOIR192"), "utf-8"),
    **dict.fromkeys(("ISOIR14", "ISOIR87", "ISOIR159", "ISO2022JP"), ISO_2022),
    **{f"ISO2022IR{number}": ISO_2022 for number in (14, 87, 159)},
    **{
        f"{maker}{page}": f"cp{page}"
        for maker in ("WINDOWS", "WIN", "CP")
        for page in range(1250, 1259)
    },
    **dict.fromkeys(("SHIFTJIS", "SJIS", "XSJIS", "MSKANJI", "ISOIR13"), "cp932"),
    **dict.fromkeys(("WINDOWS31J", "WINDOWS932", "CP932", "MS932"), "cp932"),
    "EUCJP": "euc_jp",
    **dict.fromkeys(("GB18030", "GB180302000", "GB180302005"), "gb18030"),
    **dict.fromkeys(("GBK", "GB2312", "EUCCN", "WINDOWS936", "CP936", "MS936"), "gbk"),
    **dict.fromkeys(("BIG5", "BIG5HKSCS", "WINDOWS950", "CP950", "MS950"), "big5hkscs"),
    **dict.fromkeys(("KSX1001", "EUCKR"), "euc_kr"),
    **dict.fromkeys(("KSC5601", "WINDOWS949", "CP949", "MS949", "UHC"), "cp949"),
    **{f"KOI8{letter}": f"koi8_{letter.lower()}" for letter in "RU"},
    **{f"{maker}{page}": f"cp{page}" for maker in ("IBM", "CP") for page in (437, 850, 852, 866)},
    **dict.fromkeys(("TIS620", "WINDOWS874", "CP874"), "cp874"),
}
"""Names without the signs between their parts, which every sender writes in its own way."""
_SIGNS = str.maketrans("", "", " -_/.:")
_TWO_BYTE: Mapping[str, re.Pattern[bytes]] = {
    ISO_2022: re.compile(rb"\x1b\$(?:[@AB]|\([@A-D])[^\x1b\r\n]*"),
    "gb18030": re.compile(rb"[\x81-\xfe](?:[0-9][\x81-\xfe][0-9]|[\x40-\x7e\x80-\xfe])"),
    "gbk": re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]"),
    "big5hkscs": re.compile(rb"[\x81-\xfe][\x40-\x7e\xa1-\xfe]"),
    # Between the two ranges of first bytes lies katakana of one byte each.
    "cp932": re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]"),
}
_TWO_BYTE_NAMES = re.compile(
    rb"GB[-_ ]?(?:18030|K|2312)|BIG[-_ ]?5|S(?:HIFT)?[-_ ]?JIS|MS[-_ ]?KANJI|EUC[-_ ]?CN"
    rb"|(?:CP|MS|WINDOWS)[-_ ]?9(?:32|36|50)|WINDOWS[-_ ]?31J|ISO[-_ ]?IR[-_ ]?13\b",
    re.IGNORECASE,
)
_MANY_BYTES = frozenset({*_TWO_BYTE, "euc_kr", "euc_jp", "cp949"})
_ESCAPED_SET = re.compile(rb"\x1b\$(?:[@AB]|\([@A-D])")
_BACK = b"\x1b(B"
_OPEN_RUN = re.compile(_ESCAPED_SET.pattern + rb"([^\x1b\r\n]*)(?=[\r\n]|\Z)")


class Charset(NamedTuple):
    """How a message's bytes become text.

    ``is_lenient`` means that the bytes did not fit what MSH-18 says, or that it says something
    unknown: the text is the best reading, and the message is flagged.
    """

    codec: str
    is_lenient: bool = False

    def decode(self, data: bytes) -> str:
        """Return the text of a segment or of several; never raises."""
        if self.codec == ISO_2022:
            data = _closed(data)
        return data.decode(self.codec, "replace")

    def decode_strictly(self, data: bytes) -> str:
        """Return the text of bytes that a sender wrote in hexadecimal.

        Raises:
            UnicodeDecodeError: they are no text of this character set.
        """
        return data.decode(self.codec)


@lru_cache(maxsize=256)
def declared_codec(msh_18: bytes, repetition: bytes) -> str | None:
    """Return the codec of MSH-18, or None when it names none that is known.

    The first repetition is the default set; a later one that is reached by ISO 2022 escapes
    makes the whole message ISO 2022.
    """
    names = [_normal(name) for name in (msh_18.split(repetition) if repetition else [msh_18])]
    codecs = [_CODECS.get(name) for name in names]
    if ISO_2022 in codecs:
        return ISO_2022
    return codecs[0]


def _normal(name: bytes) -> str:
    return name.split(b"^")[0].decode("ascii", "replace").translate(_SIGNS).upper()


def choose_charset(raw: bytes, msh_18: bytes, repetition: bytes, fallback: bytes = b"") -> Charset:
    """Return how to read the message: as declared where that fits, else the best reading.

    ``fallback`` is what the sender is known to write (as MSH-18 would say it): it counts as
    declared where MSH-18 is empty, and is tried next where the message does not fit MSH-18.
    """
    declared = declared_codec(msh_18 or fallback, repetition)
    if raw.isascii() and b"\x1b" not in raw:
        return Charset(declared or "ascii", is_lenient=declared is None)
    # To an ASCII reader an escape to a two-byte set looks like text, so it is tried first.
    escaped = (ISO_2022,) if _ESCAPED_SET.search(raw) else ()
    known = declared_codec(fallback, repetition) if fallback else None
    for codec in (*escaped, declared, known, "ascii", "utf-8"):
        readable = _closed(raw) if codec == ISO_2022 else raw
        if codec is not None and _fits(readable, codec):
            return Charset(codec, codec != declared or readable != raw)
    return _least_wrong(raw, declared)


def _closed(data: bytes) -> bytes:
    """End each run of two-byte characters that its segment leaves open.

    A sender that cuts its names to a length cuts the escape back off with them. Where what
    follows up to the segment's end is no text of that set, it is the segment's other fields, and
    the escape is left out.
    """
    return _OPEN_RUN.sub(lambda run: run[1] if _is_false(run[0]) else run[0] + _BACK, data)


def _is_false(run: bytes) -> bool:
    # Bytes over 0x7F are damage and no fields.
    return run.isascii() and not _fits(run, ISO_2022)


def _fits(raw: bytes, codec: str) -> bool:
    try:
        raw.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _least_wrong(raw: bytes, declared: str | None) -> Charset:
    """Keep a multi-byte reading if it reads anything at all; Latin-1 reads every byte."""
    if declared in _MANY_BYTES:
        return Charset(declared, is_lenient=True)
    has_utf8 = not raw.decode("utf-8", "ignore").isascii()
    return Charset("utf-8" if has_utf8 else "latin-1", is_lenient=True)


def read_msh_18(header: bytes, separators: Separators) -> bytes:
    """Return MSH-18 of a raw MSH; two-byte names before it do not shift it.

    Which bytes are characters is only known from MSH-18 itself, so a reading counts when the
    MSH-18 that it finds names the character set it was made with.
    """
    if not may_hold_two_bytes(header):
        return _field_18(header, separators)
    repetition = separators.repetition.encode("ascii")
    for codec in _TWO_BYTE:
        found = _field_18(Shield(header, codec, separators).raw, separators)
        if declared_codec(found, repetition) == codec:
            return found
    return _field_18(header, separators)


def _field_18(header: bytes, separators: Separators) -> bytes:
    # MSH-1 is the separator itself, so MSH-18 is the 17th part after the name.
    fields = header.split(separators.field.encode("ascii"), 18)
    return fields[17] if len(fields) > 17 else b""


def may_hold_two_bytes(header: bytes) -> bool:
    """Return whether the header speaks of a set with two-byte characters; cheap."""
    return b"\x1b" in header or _TWO_BYTE_NAMES.search(header) is not None


class Shield:
    """Lets bytes be split at delimiters although characters may hold look-alikes."""

    __slots__ = ("_back", "raw")

    def __init__(self, raw: bytes, codec: str, separators: Separators) -> None:
        pattern = _TWO_BYTE.get(codec)
        self._back: bytes | None = None
        self.raw = raw
        if pattern is None:
            return
        delimiters = "".join(separators).encode("ascii")
        free = bytes(sorted(set(range(256)) - set(raw)))[: len(delimiters)]
        if len(free) < len(delimiters):
            # Every byte value is in use: no text, so there are no characters to protect.
            return
        there = bytes.maketrans(delimiters, free)
        self._back = bytes.maketrans(free, delimiters)
        self.raw = pattern.sub(lambda match: _shielded(match, codec, there), raw)

    def restore(self, part: bytes) -> bytes:
        """Return the part as it stood in the message."""
        return part.translate(self._back) if self._back else part


def _shielded(match: re.Match[bytes], codec: str, there: bytes) -> bytes:
    is_open = codec == ISO_2022 and _OPEN_RUN.match(match.string, match.start()) is not None
    return match[0] if is_open and _is_false(match[0]) else match[0].translate(there)


def needs_shield(message: bytes, header: bytes) -> bool:
    """Return whether the message may hold two-byte characters; cheap, for the hot path."""
    return b"\x1b" in message or (not message.isascii() and may_hold_two_bytes(header))
