"""How an outbound message writes: with the origin's delimiters and character set, or others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from apps.hl7v2.charset import ISO_2022, Shield
from apps.hl7v2.escapes import encode, escape
from apps.hl7v2.message import Dialect, Segment
from apps.hl7v2.recode import recode_field, recode_segment
from apps.hl7v2.separators import Separators

_JAPANESE = frozenset({ISO_2022, "iso2022_jp", "iso2022_jp_1"})
# JIS X 0201 has these two where ASCII has the backslash and the tilde: whoever looks for
# delimiters byte by byte would find one. JIS X 0208 has them full width.
_LOOK_LIKE_DELIMITERS = str.maketrans({"\N{YEN SIGN}": "\uffe5", "\N{OVERLINE}": "\uffe3"})
_TO_ASCII = b"\x1b(B"


class Pen:
    """Writes fields and segments.

    What came passes byte for byte, unless delimiters or character set are to be others: then
    everything is written anew with equal values.
    """

    def __init__(self, source: Dialect, separators: Separators, codec: str | None) -> None:
        """Write in ``separators`` and ``codec``; None is the source's."""
        self.source = source
        self.separators = separators
        self.codec = codec or source.charset.codec
        self.field, self.encoding = _signs(separators)
        came_in = source.charset.codec
        self.is_recoding = separators != source.separators or (
            self.codec != came_in and not {self.codec, came_in} <= _JAPANESE
        )

    def encoded(self, text: str) -> bytes:
        """Return the bytes of a text whose values are escaped already."""
        return _encoded(text, self.codec)

    def value(self, value: str) -> bytes:
        """Return one value, escaped."""
        return _encoded(escape(value, self.separators), self.codec)

    def setting(self, value: str) -> bytes:
        """Return a field from a setting: a caret separates its components."""
        return _setting(value, self.separators, self.codec)

    def segment(self, segment: Segment) -> bytes:
        """Return a segment that came, not MSH."""
        if not self.is_recoding:
            return segment.raw
        return self.encoded(recode_segment(segment, self.separators))

    def field_of(self, segment: Segment, field: int) -> bytes:
        """Return a whole field of a segment that came; empty where there is none."""
        if not self.is_recoding:
            return segment.raw_field(field)
        return self.encoded(recode_field(segment.text(field), self.source, self.separators))

    def header_fields(self, header: Segment, *numbers: int) -> list[bytes]:
        """Return whole fields of the MSH that came, the header split but once."""
        if self.is_recoding:
            return [self.field_of(header, number) for number in numbers]
        fields = self._split(header)
        return [fields[n - 1] if n <= len(fields) else b"" for n in numbers]

    def with_fields(self, segment: Segment, values: Mapping[int, str]) -> bytes:
        """Return a segment that came, not MSH, with some of its fields set anew.

        Args:
            segment: the others of its fields pass as they are.
            values: by number, escaped.
        """
        fields = self._fields(segment)
        fields += [b""] * (max(values) + 1 - len(fields))
        for number, text in values.items():
            fields[number] = self.encoded(text)
        return self.field.join(fields)

    def _fields(self, segment: Segment) -> list[bytes]:
        if self.is_recoding:
            texts = (recode_field(text, self.source, self.separators) for text in segment.fields)
            return [self.encoded(text) for text in texts]
        fields = self._split(segment)
        if self.codec in _JAPANESE:
            fields[-1] = _ended(fields[-1])
        return fields

    def _split(self, segment: Segment) -> list[bytes]:
        shield = Shield(segment.raw, self.source.charset.codec, self.separators)
        return [shield.restore(part) for part in shield.raw.split(self.field)]


def _encoded(text: str, codec: str) -> bytes:
    if codec in _JAPANESE:
        text = text.translate(_LOOK_LIKE_DELIMITERS)
    return encode(text, codec)


@lru_cache(maxsize=64)
def _signs(separators: Separators) -> tuple[bytes, bytes]:
    return separators.field.encode("ascii"), separators.encoding.encode("ascii")


@lru_cache(maxsize=512)
def _setting(value: str, separators: Separators, codec: str) -> bytes:
    # The same few for every message of a destination.
    parts = (_encoded(escape(part, separators), codec) for part in value.split("^"))
    return separators.component.encode("ascii").join(parts)


def _ended(field: bytes) -> bytes:
    """Return the field with its last escape led back to ASCII: more fields follow it now."""
    last = field.rfind(b"\x1b")
    if last < 0 or field[last : last + 3] == _TO_ASCII:
        return field
    return field + _TO_ASCII
