"""What is done to a message, and to the bytes on the wire, before it is sent.

Everything comes from one ``random.Random``: the same seed gives the same bytes for ever, so a
failure names its seed and its number and can be sent again.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from random import Random

START, END = b"\x0b", b"\x1c\r"
MOST_BYTES = 96 * 1024

Mutate = Callable[[Random, bytearray], None]

_KEEPS_ITS_NUMBERS = 0.03
_NUMBERS = {
    b"ORC": (2, 3, 4), b"OBR": (2, 3, 18), b"IPC": (1, 2, 3), b"ZDS": (1,),
}  # fmt: skip
_WORD = re.compile(rb"[A-Za-z0-9_.-]{3,}")
_DELIMITERS = b"|^~\\&#@$*!"
_ODD_HEADERS = (
    b"MSH", b"MSH|", b"MSH|^~", b"MSH|^~^&|", b"MSH|||||", b"MSHA^~\\&A", b"MSH|abcd|", b'MSH|^"\\&|',
    b"MSH\r^~\\&\r", b"MSH\x00^~\\&\x00", b"MSH|^~\\&#|", b"MSH|^~\\&#$|", b"\xef\xbb\xbfMSH|^~\\&|",
    b"\xff\xfeM\x00S\x00H\x00|\x00", b"BHS|^~\\&|", b"FHS|^~\\&|", b"  \r\nMSH|^~\\&|", b"msh|^~\\&|",
)  # fmt: skip
_ESCAPES = (
    b"\\X0D\\", b"\\X1C0D\\", b"\\X0B\\", b"\\X00\\", b"\\X0", b"\\X\\", b"\\XZZ\\", b"\\", b"\\\\\\\\",
    b"\\E\\X0D\\E\\", b"\\F\\\\S\\\\T\\\\R\\\\E\\\\P\\", b"\\.sp+999\\", b"\\H\\", b"\\M2442\\",
    b"\\C2842\\", b"\\F", b"\\XD800\\", b"\\XEDA080\\", b"\\" * 40,
)  # fmt: skip
_CHARSETS = (
    b"ASCII", b"8859/1", b"8859/15", b"UNICODE UTF-8", b"~ISO IR87", b"ISO IR87", b"GB 18030-2000",
    b"BIG-5", b"KS X 1001", b"UTF-16", b"nonsense", b"~" * 20, b"ISO IR14~ISO IR87~ISO IR159", b"\xff",
)  # fmt: skip
_VALUES = (
    b"", b'""', b"0000", b"00000101", b"20261399", b"99991231235959+1400", b"20991231", b"-1", b"NaN",
    b"9" * 60, b"'; DROP TABLE intake_inboundmessage; --", b"<script>alert(1)</script>",
    b"=HYPERLINK(1)", b"\x1b[31m\x07", b"\xe2\x80\xae\xe2\x81\xa6", b"\xed\xa0\x80", b"\xff\xfe\xfd",
    b"\xc3", b"\x1b$B", b"\x1b$B\x7c\x5e\x1b(B", b"\x00", b"%s%n{0}", b"../../etc/passwd",
    b"NW", b"CA", b"XO", b"SC", b"RP", b"AL", b"NE", b"ER", b"SU", b"ACK", b"ORM^O01", b"ADT^A08", b"ORU^R01",
)  # fmt: skip
_MARKS = (
    b"\x0b",
    b"\x1c",
    b"\r",
    b"\x1c\r",
    b"\n",
    b"\r\n",
    b"\x0b\x0b",
    b"\x1c\x1c\r",
    b"\x1c\n",
)


def bend(rng: Random, seeds: list[bytes], number: int) -> bytes:
    """Return the content of one frame: a seed with its own numbers, mutated."""
    raw = bytearray(_numbered(rng, rng.choice(seeds), number))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 5, 9))):
        rng.choice(MUTATIONS)(rng, raw)
        del raw[MOST_BYTES:]
    return bytes(raw)


def on_the_wire(rng: Random, content: bytes, earlier: bytes) -> bytes:
    """Return the bytes to send: mostly one block, sometimes what a broken peer makes of it."""
    block = START + content + END
    kind = rng.random()
    if kind < 0.80:
        return block
    noise = rng.randbytes(rng.randrange(1, 40)).replace(START, b"")
    cut = rng.randrange(len(block))
    return rng.choice((
        block[:cut],  # cut off
        block[:-1],  # its last CR is missing
        content,  # no framing at all
        START + block,  # begun twice
        block + END,  # ended twice
        noise + block,
        block + noise,
        block + block,  # the very same again
        block + earlier,  # what was sent a while ago, glued on
        block[:cut] + block,  # a cut one, and at once the whole
        block[:cut] + END,  # cut, yet ended
        START + END + block,  # an empty one before
        b"2026-11-22 10:00:00 INFO " + block + b"\n",
    ))  # fmt: skip


def chunks(rng: Random, data: bytes) -> list[bytes]:
    """Return the bytes in pieces as odd as TCP makes them."""
    if rng.random() < 0.7 or len(data) > 4096:
        return [data]
    pieces, position = [], 0
    while position < len(data):
        size = rng.choice((1, 1, 2, 3, 7, 64, 500, 1460))
        pieces.append(data[position : position + size])
        position += size
    return pieces


def _numbered(rng: Random, raw: bytes, number: int) -> bytes:
    """Give most messages a control id and order numbers of their own."""
    if rng.random() < _KEEPS_ITS_NUMBERS:
        return raw
    for value in _order_numbers(raw):
        raw = raw.replace(value, b"%b-%d" % (value, number))
    separator = raw[3:4] or b"|"
    first, end, rest = raw.partition(b"\r")
    fields = first.split(separator)
    if len(fields) > 9:
        fields[9] = b"Z%d" % number
    return separator.join(fields) + end + rest


@lru_cache(maxsize=4096)
def _order_numbers(raw: bytes) -> tuple[bytes, ...]:
    """Return what stands where an order has its numbers, the longest first."""
    found: set[bytes] = set()
    for line in re.split(rb"[\r\n]+", raw):
        fields = line.split(raw[3:4] or b"|")
        for place in _NUMBERS.get(line[:3], ()):
            value = _WORD.match(fields[place]) if place < len(fields) else None
            found.update([value[0]] if value else [])
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


# -- bytes ----------------------------------------------------------------------------------


def _flip_bits(rng: Random, raw: bytearray) -> None:
    for _ in range(rng.choice((1, 1, 2, 8)) if raw else 0):
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)


def _delete(rng: Random, raw: bytearray) -> None:
    start = _somewhere(rng, raw)
    del raw[start : start + rng.choice((1, 1, 2, 5, 30))]


def _insert(rng: Random, raw: bytearray) -> None:
    start = _somewhere(rng, raw)
    raw[start:start] = rng.randbytes(rng.choice((1, 1, 2, 5, 30)))


def _insert_mark(rng: Random, raw: bytearray) -> None:
    start = _somewhere(rng, raw)
    raw[start:start] = rng.choice(_MARKS)


def _truncate(rng: Random, raw: bytearray) -> None:
    del raw[_somewhere(rng, raw) :]


def _sprinkle_nul(rng: Random, raw: bytearray) -> None:
    for _ in range(rng.choice((1, 3, 20))):
        start = _somewhere(rng, raw)
        raw[start:start] = b"\x00"


def _somewhere(rng: Random, raw: bytearray) -> int:
    return rng.randrange(len(raw) + 1)


# -- structure ------------------------------------------------------------------------------


def _shuffle_segments(rng: Random, raw: bytearray) -> None:
    lines = bytes(raw).split(b"\r")
    kept = lines[:1] if rng.random() < 0.8 else []
    rest = lines[len(kept) :]
    rng.shuffle(rest)
    raw[:] = b"\r".join(kept + rest)


def _drop_segment(rng: Random, raw: bytearray) -> None:
    lines = bytes(raw).split(b"\r")
    del lines[rng.randrange(len(lines))]
    raw[:] = b"\r".join(lines)


def _repeat_segment(rng: Random, raw: bytearray) -> None:
    lines = bytes(raw).split(b"\r")
    place = rng.randrange(len(lines))
    lines[place:place] = [lines[place]] * rng.choice((1, 2, 5, 40))
    raw[:] = b"\r".join(lines)


def _change_field(rng: Random, raw: bytearray) -> None:
    value = rng.choice(_VALUES + _ESCAPES)
    _replace_field(rng, raw, lambda _old: value)


def _swap_fields(rng: Random, raw: bytearray) -> None:
    lines = [line.split(b"|") for line in bytes(raw).split(b"\r")]
    fields = rng.choice(lines)
    if len(fields) > 3:
        one, other = rng.randrange(1, len(fields)), rng.randrange(1, len(fields))
        fields[one], fields[other] = fields[other], fields[one]
    raw[:] = b"\r".join(map(b"|".join, lines))


def _grow_field(rng: Random, raw: bytearray) -> None:
    filler = rng.choice((b"x", b"~", b"^", b"&", b"\\", b"\xc3\xa9", b"9", b"a~b^c&"))
    # Mostly a few hundred bytes: fifty thousand long ones would measure the disk.
    size = rng.choice((50, 300, 300, 300, 300, 2000, 2000, 64_000 if rng.random() < 0.2 else 5000))
    _replace_field(rng, raw, lambda old: old + filler * (size // len(filler)))


def _insert_escape(rng: Random, raw: bytearray) -> None:
    _replace_field(rng, raw, lambda old: old + rng.choice(_ESCAPES))


def _replace_field(rng: Random, raw: bytearray, change: Callable[[bytes], bytes]) -> None:
    separator = bytes(raw[3:4]) or b"|"
    lines = [line.split(separator) for line in bytes(raw).split(b"\r")]
    fields = rng.choice(lines)
    place = rng.randrange(len(fields))
    fields[place] = change(fields[place])
    raw[:] = b"\r".join(map(separator.join, lines))


def _swap_delimiters(rng: Random, raw: bytearray) -> None:
    one, other = rng.sample(_DELIMITERS, 2)
    table = bytearray(range(256))
    table[one], table[other] = other, one
    start = rng.choice((0, 0, 9))
    raw[start:] = raw[start:].translate(table)


def _line_ends(rng: Random, raw: bytearray) -> None:
    raw[:] = raw.replace(b"\r", rng.choice((b"\n", b"\r\n", b"\r\r", b"\r \t", b"\n\r", b"")))


def _break_header(rng: Random, raw: bytearray) -> None:
    raw[: rng.choice((3, 4, 9))] = rng.choice(_ODD_HEADERS)


def _change_msh(rng: Random, raw: bytearray) -> None:
    separator = bytes(raw[3:4]) or b"|"
    header, end, rest = bytes(raw).partition(b"\r")
    fields = header.split(separator)
    fields += [b""] * (18 - len(fields))
    fields[rng.choice((2, 3, 6, 8, 8, 9, 9, 10, 11, 14, 14, 15, 15))] = rng.choice(_VALUES)
    raw[:] = separator.join(fields) + end + rest


def _lie_about_charset(rng: Random, raw: bytearray) -> None:
    separator = bytes(raw[3:4]) or b"|"
    header, end, rest = bytes(raw).partition(b"\r")
    fields = header.split(separator)
    fields += [b""] * (18 - len(fields))
    fields[17] = rng.choice(_CHARSETS)
    raw[:] = separator.join(fields) + end + rest
    if rng.random() < 0.5:
        _change_field(rng, raw)


def _in_other_bytes(rng: Random, raw: bytearray) -> None:
    text = bytes(raw).decode("latin-1")
    raw[:] = text.encode(rng.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-7", "cp500")))


def _glue(rng: Random, raw: bytearray) -> None:
    """Put the message behind itself: two MSH in one frame, sometimes as a batch."""
    both = bytes(raw) + rng.choice((b"", b"\r", b"\n")) + bytes(raw)
    raw[:] = rng.choice((both, b"BHS|^~\\&|X\r" + both + b"\rBTS|2\r", b"FHS|^~\\&\r" + both))


MUTATIONS: tuple[Mutate, ...] = (
    _flip_bits, _flip_bits, _delete, _insert, _insert_mark, _truncate, _sprinkle_nul,
    _shuffle_segments, _drop_segment, _repeat_segment, _change_field, _change_field, _swap_fields,
    _grow_field, _insert_escape, _swap_delimiters, _line_ends, _break_header, _change_msh,
    _change_msh, _lie_about_charset, _in_other_bytes, _glue,
)  # fmt: skip
