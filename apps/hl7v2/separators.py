"""MSH-1 and MSH-2: the characters a message is built with."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from apps.hl7v2.errors import ErrorCode, FieldError

HEADER_NAMES = (b"MSH", b"FHS", b"BHS")
_MIN_ENCODING, _MAX_ENCODING = 2, 5


class Separators(NamedTuple):
    """The delimiters of one message; an empty string is one that the sender does not use."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    truncation: str = ""

    @property
    def encoding(self) -> str:
        """Return MSH-2 as it is written."""
        return "".join(self[1:])


DEFAULT_SEPARATORS = Separators()


def read_separators(header: bytes) -> Separators:
    """Return the delimiters that a segment beginning with ``MSH`` (FHS, BHS) declares.

    Raises:
        FieldError: MSH-1 or MSH-2 cannot delimit anything.
    """
    end = header.find(header[3:4], 4, 4 + _MAX_ENCODING + 1)
    return _checked(header[3:4], header[4:end] if end >= 0 else header[4:10])


@lru_cache(maxsize=256)
def _checked(field: bytes, encoding: bytes) -> Separators:
    if not _is_delimiter(field):
        raise FieldError("MSH", 1, "field separator is not usable", ErrorCode.DATA_TYPE)
    encoding = encoding.rstrip(b"\r\n")
    if not _MIN_ENCODING <= len(encoding) <= _MAX_ENCODING:
        reason = "encoding characters are missing or too many"
        raise FieldError("MSH", 2, reason, ErrorCode.DATA_TYPE)
    if not all(_is_delimiter(encoding[i : i + 1]) for i in range(len(encoding))):
        raise FieldError("MSH", 2, "encoding characters are not usable", ErrorCode.DATA_TYPE)
    if len(set(field + encoding)) <= len(encoding):
        raise FieldError("MSH", 2, "a delimiter is used twice", ErrorCode.DATA_TYPE)
    padded = [*encoding.decode("ascii")] + [""] * (_MAX_ENCODING - len(encoding))
    return Separators(field.decode("ascii"), *padded)


def _is_delimiter(char: bytes) -> bool:
    # Letters and digits would make values and delimiters the same; quotes spell the null "".
    return len(char) == 1 and 0x21 <= char[0] <= 0x7E and not char.isalnum() and char != b'"'
