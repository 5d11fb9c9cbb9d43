"""What a peer must hear, said without any of the product's code.

Where the standard and our own spec leave no doubt the oracle is exact: how many answers, which
codes, which control id. Where a mutation makes it a matter of reading (a delimiter inside a
two-byte character, an MSA that may be text) it says so, and asks for less.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_BLOCK = re.compile(rb"\x0b([^\x0b]*?)\x1c\r", re.DOTALL)
_NEXT_MESSAGE = re.compile(rb"[\r\n][ \t]*(?=MSH)")
_ENVELOPE = re.compile(rb"(?:\A|[\r\n])[ \t]*(?:FHS|BHS)")
_MSA = re.compile(rb"(?:\A|[\r\n])[ \t]*MSA")
_ORDER_SEGMENT = re.compile(rb"(?:\A|[\r\n])[ \t]*(?:ORC|OBR)")
_LINE = re.compile(rb"[\r\n]")
_TWO_BYTE = re.compile(rb"\x1b|18030|BIG", re.IGNORECASE)
_BLANK = b" \t\r\n\x00"

_ANSWERS = frozenset({"ACK", "MCF", "ORR", "ORI", "ORG"})
_ORDERS = {"ORM": "O01", "OMI": "O23", "OMG": "O19"}
_NUMBERS = {b"ORC": (2, 3, 4), b"OBR": (2, 3, 18), b"IPC": (1, 3), b"ZDS": (1,)}
ANY: Final = frozenset({"AA", "AE", "CA", "CE"})
"""Every code but AR and CR: nothing is refused for now, and nobody is strict."""


@dataclass(frozen=True)
class Expected:
    """The answers to one message: between ``least`` and ``most``, with these codes in turn.

    ``control_id`` is MSA-2 of each; None where it cannot be known.
    """

    least: int
    most: int
    codes: tuple[frozenset[str], ...]
    control_id: bytes | None = None

    @property
    def is_exact(self) -> bool:
        """Return whether the number of answers is known."""
        return self.least == self.most


_ERROR = Expected(1, 1, (frozenset({"AE"}),), b"")
_SOMETHING = Expected(0, 2, (ANY, ANY))


def blocks(stream: bytes) -> list[bytes]:
    """Return the contents of the well-framed blocks of a byte stream, in order."""
    return _BLOCK.findall(stream)


def expected(content: bytes) -> list[Expected]:
    """Return what must come back for one block, message by message."""
    text = content.lstrip(_BLANK).removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    parts = _NEXT_MESSAGE.split(text)
    if not parts[0].startswith(b"MSH") and len(parts) > 1:
        # What stands before the first header of several lines belongs to no message.
        del parts[0]
    if not parts[0].startswith(b"MSH"):
        if _ENVELOPE.search(text):
            return [Expected(0, 1, (ANY,))]
        return [_ERROR]
    if len(parts) > 1 or _ENVELOPE.search(text):
        return [_in_a_batch(part) for part in parts]
    return [_single(parts[0])]


def is_stored_whole(content: bytes) -> bool:
    """Return whether the block is one message, so that one row holds its very bytes."""
    text = content.lstrip(_BLANK).removeprefix(b"\xef\xbb\xbf").lstrip(_BLANK)
    return not _NEXT_MESSAGE.search(text) and not _ENVELOPE.search(text)


def _in_a_batch(part: bytes) -> Expected:
    # Whose line an envelope's is, and where a message ends, is a matter of reading.
    one = _single(part)
    return Expected(0, one.most, one.codes, one.control_id) if _ENVELOPE.search(part) else one


def _single(message: bytes) -> Expected:
    separator = message[3:4]
    if not _is_delimiter(separator):
        return _ERROR
    header = _LINE.split(message, 1)[0]
    if (_TWO_BYTE.search(message) and not (header + message).isascii()) or b"\x1b" in message:
        return _SOMETHING
    fields = [b"MSH", separator, *header.split(separator)[1:]]
    fields += [b""] * (20 - len(fields))
    control_id = fields[10]
    encoding = fields[2]
    if not 2 <= len(encoding) <= 5 or not _are_delimiters(separator + encoding):
        # Its own delimiters cannot be trusted; that it is refused is sure, unless an answer.
        return Expected(0, 2, (frozenset({"AE", "CE"}),) * 2)
    code, trigger = _type(fields[9], encoding[:1])
    if code in _ANSWERS:
        return Expected(0, 0, ())
    codes = _codes(message, code, trigger)
    heard = _heard(fields[15], fields[16], codes)
    if heard is None or _MSA.search(message):
        return Expected(0, 2, (ANY, ANY), control_id)
    return Expected(len(heard), len(heard), heard, control_id)


def _type(field: bytes, component: bytes) -> tuple[str, str]:
    parts = [_word(part) for part in field.split(component)]
    return parts[0], parts[1] if len(parts) > 1 else ""


def _word(value: bytes) -> str:
    """Return a code without what stands around it: blanks, NUL and other controls say nothing."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    return text.replace("\x00", "").strip().upper()


def _codes(message: bytes, code: str, trigger: str) -> frozenset[str]:
    """Return the letters that may be said: A for taken, E for faulty."""
    if not code:
        return frozenset("E")
    if code in _ORDERS and trigger in ("", _ORDERS[code]):
        return _order_letters(message) if _ORDER_SEGMENT.search(message) else frozenset("E")
    return frozenset("AE") if code == "ADT" else frozenset("A")


def _order_letters(message: bytes) -> frozenset[str]:
    """Return whether an order is taken; of several groups, or odd line ends, either may be."""
    lines = message.split(b"\r")
    names = [line[:3] for line in lines]
    is_plain = not any(mark in message for mark in (b"\n", b"\x00", b"\r ", b"\r\t"))
    groups = [name for name in names if name in (b"ORC", b"OBR")]
    if not is_plain or len(groups) > len(set(groups)) or names.count(b"PID") > 1:
        return frozenset("AE")
    if groups == [b"OBR", b"ORC"]:  # a group each
        return frozenset("AE")
    field, component = message[3:4], message[4:5]
    for line in lines:
        fields = line.split(field)
        if fields[0] == b"ORC" and len(fields) > 1 and fields[1].strip().upper() == b"PR":
            return frozenset("AE")
        for place in _NUMBERS.get(line[:3], ()):
            value = fields[place].split(component)[0] if place < len(fields) else b""
            if _word(value) not in ("", '""'):
                return frozenset("A")
    return frozenset("E")


def _heard(
    accept: bytes, application: bytes, letters: frozenset[str]
) -> tuple[frozenset[str], ...] | None:
    """Return the codes of each answer, None where it hangs on what the message is worth."""
    modes = [_word(accept), _word(application)]
    if modes == ["", ""]:
        return (frozenset(f"A{letter}" for letter in letters),)
    heard = []
    for kind, mode in zip("CA", modes, strict=True):
        said = {letter for letter in letters if _is_said(mode, letter)}
        if said and said != letters:
            return None
        if said:
            heard.append(frozenset(f"{kind}{letter}" for letter in said))
    return tuple(heard)


def _is_said(mode: str, letter: str) -> bool:
    if mode in ("", "NE"):
        return False
    return {"ER": letter == "E", "SU": letter == "A"}.get(mode, True)


def _is_delimiter(char: bytes) -> bool:
    return char != b"" and char in b"!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def _are_delimiters(chars: bytes) -> bool:
    each = [chars[place : place + 1] for place in range(len(chars))]
    return all(map(_is_delimiter, each)) and len(set(each)) == len(each)


# -- what was heard -------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """One answer as a peer reads it."""

    code: str
    control_id: bytes


class WrongAnswerError(AssertionError):
    """What came back is not what must come back."""


def read_answers(block: bytes) -> list[Answer]:
    """Return the answers in one block: one, or those of a batch.

    Raises:
        WrongAnswerError: it holds something that no answer of ours may hold.
    """
    if b"\x0b" in block or b"\x1c\r" in block or not block.endswith(b"\r"):
        raise WrongAnswerError("framing inside of an answer")
    lines = block.split(b"\r")[:-1]
    found: list[list[bytes]] = []
    for line in lines:
        if line.startswith(b"MSH"):
            found.append([line])
        elif line[:3] not in (b"FHS", b"BHS", b"BTS", b"FTS"):
            if not found or line[:3] not in (b"MSA", b"ERR"):
                raise WrongAnswerError(f"a segment that is none of ours: {line[:40]!r}")
            found[-1].append(line)
    return [_answer(segments) for segments in found]


def _answer(segments: Sequence[bytes]) -> Answer:
    separator = segments[0][3:4]
    names = [line[:3] for line in segments]
    if names not in ([b"MSH", b"MSA"], [b"MSH", b"MSA", b"ERR"]):
        raise WrongAnswerError(f"segments {names}")
    msa = segments[1].split(separator)
    # What looks like a delimiter may be half of a character that we were sent, and send back.
    is_plain = all(line.isascii() and b"\x1b" not in line for line in segments)
    if is_plain and (len(msa) != 4 or not segments[0].split(separator)[9].isalnum()):
        raise WrongAnswerError(f"fields {segments[:2]!r}")
    return Answer(msa[1].decode("ascii"), msa[2])


def check(content: bytes, heard: Sequence[Answer]) -> None:
    """Compare what came back for one block with what must come back.

    Raises:
        WrongAnswerError: it is not that.
    """
    wanted = expected(content)
    least, most = sum(one.least for one in wanted), sum(one.most for one in wanted)
    if not least <= len(heard) <= most:
        raise WrongAnswerError(f"{len(heard)} answers to {content!r}; {least} to {most} expected")
    if all(one.is_exact for one in wanted):
        rest = iter(heard)
        for one in wanted:
            for codes in one.codes:
                _check_one(content, one, codes, next(rest))
    else:
        known = {one.control_id for one in wanted}
        for answer in heard:
            if answer.code not in ANY or not (None in known or answer.control_id in {*known, b""}):
                raise WrongAnswerError(f"{answer} to {content!r}")


def _check_one(content: bytes, one: Expected, codes: frozenset[str], answer: Answer) -> None:
    is_echoed = one.control_id is None or answer.control_id == one.control_id
    if answer.code not in codes or not is_echoed:
        raise WrongAnswerError(f"{answer} to {content!r}; expected {sorted(codes)} {one}")
