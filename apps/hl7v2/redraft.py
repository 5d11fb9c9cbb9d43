"""A message as text that a person edits, and back: what they leave alone stays byte for byte.

Only lines that were changed are written anew, in the message's character set; where the edit
changes MSH-18 itself, every line is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from apps.hl7v2.charset import choose_charset, declared_codec
from apps.hl7v2.errors import FieldError
from apps.hl7v2.masking import separators_of
from apps.hl7v2.message import Message

_ENDS = re.compile(rb"(\r\n|\r|\n)")
_TEXT_ENDS = re.compile(r"\r\n|\r")
_LOST = "\N{REPLACEMENT CHARACTER}"
_USUAL_END = b"\r"
_MSH_18 = 17


class UnwritableError(ValueError):
    """A line holds what the message's character set cannot say; the text says which."""


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    raw: bytes
    end: bytes


class Redraft:
    """A message on its way through a person's hands.

    ``text`` has one line a segment, NUL left out and unreadable bytes as U+FFFD.
    """

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._codec = _codec(raw)
        parts = _ENDS.split(raw)
        found = [
            _Line(self._decoded(part), part, end)
            for part, end in zip(parts[::2], [*parts[1::2], b""], strict=True)
        ]
        while found and not found[-1].text.strip():
            found.pop()
        self._lines = found
        self.text = "\n".join(line.text for line in found)

    def rebuild(self, text: str) -> bytes:
        """Return the message that the text spells; of the text as it was, the very same bytes.

        Raises:
            UnwritableError: a changed line cannot be written.
        """
        written = _TEXT_ENDS.sub("\n", text).rstrip("\n").split("\n")
        if written == ([line.text for line in self._lines] or [""]):
            return self._raw
        codec = self._codec_of(written[0])
        if codec != self._codec:
            return b"".join(_encoded(line, codec) + _USUAL_END for line in written)
        return self._joined(written)

    def _joined(self, written: list[str]) -> bytes:
        known = [line.text for line in self._lines]
        parts: list[bytes] = []
        for tag, i, j, k, m in SequenceMatcher(None, known, written, autojunk=False).get_opcodes():
            if tag == "equal":
                parts += [line.raw + (line.end or _USUAL_END) for line in self._lines[i:j]]
            else:
                parts += [_encoded(line, self._codec) + _USUAL_END for line in written[k:m]]
        return b"".join(parts)

    def _decoded(self, part: bytes) -> str:
        return part.decode(self._codec, "replace").replace("\x00", "")

    def _codec_of(self, header: str) -> str:
        """Return the character set to write in: another one where MSH-18 was changed to it."""
        before, after = (_msh_18(line) for line in (self.text.partition("\n")[0], header))
        declared = declared_codec(*after) if before != after else None
        return declared or self._codec


def _codec(raw: bytes) -> str:
    try:
        return Message(raw).dialect.charset.codec
    except FieldError:
        return choose_charset(raw, b"", b"").codec


def _msh_18(header: str) -> tuple[bytes, bytes]:
    separators = separators_of(header)
    fields = header.split(separators.field)
    named = fields[_MSH_18] if len(fields) > _MSH_18 else ""
    return named.encode("ascii", "replace"), separators.repetition.encode("ascii")


def _encoded(line: str, codec: str) -> bytes:
    if _LOST in line:
        message = (
            f"“{_beginning(line)}…” holds bytes that fit no character set: changed, they are lost."
        )
        raise UnwritableError(message)
    try:
        return line.encode(codec)
    except UnicodeEncodeError as error:
        wrong = line[error.start]
        message = (
            f"“{wrong}” in “{_beginning(line)}…” is not in the message's character set ({codec}); "
            "write it otherwise, or name another set in MSH-18."
        )
        raise UnwritableError(message) from error


def _beginning(line: str) -> str:
    # The segment's name: what follows may say who the patient is.
    return line[:3]
