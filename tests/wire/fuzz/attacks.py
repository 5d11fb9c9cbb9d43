"""Every attack that is known to hurt HL7 receivers, one by one, and what must come of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.wire.fuzz.mutations import END, START

CAP = 10 * 1024 * 1024
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Attack:
    """Bytes for the wire, the codes of the answers in turn, and whether we then hang up.

    ``is_huge`` leaves it to the wire: a page or a transaction of a test shows nothing more.
    """

    wire: Callable[[], bytes]
    codes: tuple[str, ...] = ("AA",)
    is_closed: bool = False
    is_huge: bool = False


def framed(content: bytes) -> bytes:
    """Return the content as one block, whatever it holds."""
    return START + content + END


def header(control_id: bytes = b"1", kind: bytes = b"ORM^O01", charset: bytes = b"") -> bytes:
    """Return a MSH of the attackers' own."""
    start = b"MSH|^~\\&|EVIL|Robina|A|B|20261122100000||%b|%b|P|2.5.1" % (kind, control_id)
    return start + (b"||||||" + charset if charset else b"") + b"\r"


def order(*more: bytes, placer: bytes = b"EVIL-1", **fields: bytes) -> bytes:
    """Return an order with all that it needs, and what stands in it besides.

    Args:
        more: segments behind its OBR.
        placer: ORC-2 and OBR-2.
        fields: name, birth_date, text, control_id and charset, where they are to hurt.
    """
    name, born = fields.get("name", b"Doe^Jane"), fields.get("birth_date", b"19800115")
    segments = (
        header(fields.get("control_id", b"1"), charset=fields.get("charset", b""))[:-1],
        b"PID|1||M1^^^Robina||%b||%b|F" % (name, born),
        b"ORC|NW|%b" % placer,
        b"OBR|1|%b||MRI KNEE^%b|||%b||||||||||||||||||MR|||^^^^^R"
        % (placer, fields.get("text", b"MRI KNEE"), fields.get("exam", b"20261122100000")),
        *more,
    )
    return b"".join(segment + b"\r" for segment in segments)


def _one(content: Callable[[], bytes], *codes: str, is_huge: bool = False) -> Attack:
    return Attack(lambda: framed(content()), codes or ("AA",), is_huge=is_huge)


def _with_text(text: bytes) -> Attack:
    return _one(lambda: order(b"OBX|1|TX|I||" + text, b"NTE|1||" + text, name=text, text=text))


def _of_size(size: int) -> bytes:
    rest = size - len(order(b"NTE|1||"))
    return order(b"NTE|1||" + b"x" * rest)


def _groups(number: int, *, are_different: bool = True) -> bytes:
    numbers = (place if are_different else 0 for place in range(number))
    return header() + b"".join(b"ORC|NW|E%d\rOBR|1|E%d\r" % (n, n) for n in numbers)


def _in_turns(size: int, *, is_batch: bool) -> bytes:
    messages = b"".join(header(b"%d" % place, b"SIU^S12") for place in range(size))
    return b"BHS|^~\\&|EVIL\r" + messages + b"BTS|%d\r" % size if is_batch else messages


def _every_other_nul() -> bytes:
    return b"\x00".join(order()[place : place + 1] for place in range(len(order())))


def _bad_header(start: bytes) -> Attack:
    return _one(lambda: start + order()[9:], "AE")


_FRAMES: Mapping[str, Attack] = {
    "a frame of exactly the cap": _one(lambda: _of_size(CAP), is_huge=True),
    "a frame one byte over the cap": _one(lambda: _of_size(CAP + 1), "AE", is_huge=True),
    "an empty frame": _one(lambda: b"", "AE"),
    "ten thousand empty frames": Attack(lambda: framed(b"") * 10_000, ("AE",) * 10_000, is_huge=True),
    "a frame that is cut off": Attack(lambda: START + order()[:150], ()),
    "glued frames": Attack(
        lambda: b"".join(framed(order(control_id=b"%d" % n)) for n in range(200)), ("AA",) * 200
    ),
    "noise around frames": Attack(
        lambda: b"log\r\n\x00" + framed(order()) + END + b"\x1c" * 9 + framed(order()), ("AA",) * 2
    ),
    "five megabytes of noise": Attack(lambda: b"x\r" * (5 * _MEGABYTE // 2), (), is_huge=True),
    "noise over the cap": Attack(lambda: b"x" * (CAP + 4096), (), is_closed=True, is_huge=True),
    "0B inside": Attack(lambda: framed(order().replace(b"KNEE", b"KN\x0bEE", 1)), ("AE",)),
    "0B before every byte": Attack(lambda: START * 50_000 + framed(order())[1:], is_huge=True),
    "1C 0D inside an OBX": _one(lambda: order(b"OBX|1|ED|D||^AP^^Base64^JVBE\x1c\rRi0x")),
    "1C without CR inside": _one(lambda: order(b"OBX|1|ED|D||^AP^^Base64^JVBE\x1cRi0x")),
    "frame after frame in the end mark": Attack(lambda: framed(order()) + END * 1000),
    "two headers in one frame": _one(lambda: order() + order(control_id=b"2"), "AA", "AA"),
    "a broken header before a good one": _one(lambda: b"MSHA^~\\&A\r" + order(), "AE", "AA"),
    "a batch of ten thousand": _one(
        lambda: _in_turns(10_000, is_batch=True), *("AA",) * 10_000, is_huge=True
    ),
    "ten thousand headers": _one(
        lambda: _in_turns(10_000, is_batch=False), *("AA",) * 10_000, is_huge=True
    ),
    "a batch of too many": _one(lambda: _in_turns(20_001, is_batch=True), "AE", is_huge=True),
    "a batch of nothing": Attack(lambda: framed(b"BHS|^~\\&|EVIL\rBTS|9\r"), ()),
    "a batch of batches": Attack(
        lambda: framed(b"FHS|^~\\&|EVIL\rBHS|^~\\&|EVIL\r" * 20_000), (), is_huge=True
    ),
}  # fmt: skip

_HEADERS: Mapping[str, Attack] = {
    "MSH-2 repeats itself": _bad_header(b"MSH|^^\\&|"),
    "MSH-2 repeats the field separator": _bad_header(b"MSH|^~|&|"),
    "MSH-2 has a letter": _bad_header(b"MSH|^~y&|"),
    "MSH-2 has a quote": _bad_header(b'MSH|^~"&|'),
    "MSH-2 has a CR": _bad_header(b"MSH|^~\r&|"),
    "MSH-2 has a NUL": _bad_header(b"MSH|^~\x00&|"),
    "MSH-2 is missing": _bad_header(b"MSH||"),
    "MSH-2 never ends": _bad_header(b"MSH|^~\\&" + b"#" * 10_000 + b"|"),
    "MSH-1 is a letter": _bad_header(b"MSHA^~\\&A"),
    "MSH-1 is a digit": _bad_header(b"MSH7^~\\&7"),
    "MSH-1 is a CR": _bad_header(b"MSH\r^~\\&\r"),
    "MSH-1 is a NUL": _bad_header(b"MSH\x00^~\\&\x00"),
    "MSH-1 is a quote": _bad_header(b'MSH"^~\\&"'),
    "MSH-1 is not ASCII": _bad_header(b"MSH\xa6^~\\&\xa6"),
    "nothing but MSH": _one(lambda: b"MSH", "AE"),
    "separators of all kinds": _one(
        lambda: order().translate(bytes.maketrans(b"|^~\\&", b"+.-:_"))
    ),
    "a megabyte of control id": _one(lambda: order(control_id=b"9" * _MEGABYTE), is_huge=True),
    "a control id of markup": _one(lambda: order(control_id=b"<script>alert(1)</script>")),
    "a control id that is a line": _one(lambda: order(control_id=b"1\x85\xe2\x80\xa82")),
    "a megabyte of message type": _one(
        lambda: header(b"1", b"X" * _MEGABYTE) + b"PID|1\r", is_huge=True
    ),
}

_TEXTS: Mapping[str, bytes] = {
    "an escaped CR": b"x\\X0D\\ORC|CA|EVIL-1",
    "an escaped end of frame": b"x\\X1C0D\\y\\X0B\\",
    "an escape that is not closed": b"x\\X0D",
    "nested escapes": b"\\E\\X0D\\E\\ORC\\E\\\\E\\F\\E\\",
    "escapes of nothing": b"\\\\\\X\\\\XZ\\\\X0\\\\.sp\\\\M\\\\C2842\\",
    "an escaped NUL": b"\\X00\\a\\X0000\\",
    "an escaped surrogate": b"\\XEDA080\\\\XD800\\",
    "SQL": b"'; DROP TABLE intake_inboundmessage; --",
    "markup": b"<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg/onload=alert(1)>",
    "a template": b"{{ 7*7 }}{% debug %}${7*7}#{7*7}",
    "a formula": b'=HYPERLINK("http://x")',
    "a log line": b"x\n2026-11-22 ERROR all patients were deleted\n",
    "terminal controls": b"\x1b[2J\x1b[31mred\x07\x08\x1b]0;x\x07",
    "right to left": "\u202egnirts\u2066\u200f\ufeff".encode(),
    "NUL": b"a\x00b\x00",
    "bytes that are no UTF-8": b"\xff\xfe\xc3\x28\xf8\x88\x80\x80\x80",
    "surrogates in UTF-8": b"\xed\xa0\x80\xed\xb0\x80",
    "an overlong slash": b"..\xc0\xaf..\xe0\x80\xaf",
    "format strings": b"%s%n%x{0}{0.__class__}",
    "combining marks": "Z\u0351\u036b\u0343\u036a\u0302".encode() * 200,
}

_VALUES: Mapping[str, Attack] = {
    **{f"text: {name}": _with_text(text) for name, text in _TEXTS.items()},
    "a megabyte of backslashes": _one(lambda: order(b"OBX|1|TX|I||" + b"\\" * _MEGABYTE), is_huge=True),
    "NUL at every other byte": _one(_every_other_nul, "AE"),
    "UTF-16 with a BOM": _one(lambda: order().decode().encode("utf-16"), "AE"),
    "UTF-8 with a BOM": _one(lambda: b"\xef\xbb\xbf" + order()),
    "UTF-8 that is none": _one(lambda: order(charset=b"UNICODE UTF-8", name=b"\xc3\x28^\xff")),
    "a name cut off in ISO 2022": _one(lambda: order(charset=b"~ISO IR87", name=b"\x1b$B;3ED^")),
    "ISO 2022 not closed in MSH": _one(lambda: order(charset=b"~ISO IR87").replace(b"EVIL|", b"\x1b$B|", 1)),
    "GB 18030 cut in half": _one(lambda: order(charset=b"GB 18030-2000", name=b"\xc5\x81\x30")),
    "a character set of markup": _one(lambda: order(charset=b"<script>alert(1)</script>")),
    **{
        f"date {date.decode()}": _one(lambda date=date: order(birth_date=date, exam=date))  # type: ignore[misc] # bound now
        for date in (b"0000", b"00000000", b"20261399", b"99991231235959+1400", b"99991231235959-1200",
                     b"20991231", b"00010101000000+1400", b"-20260101", b"2026011", b"20260230", b"9" * 400)
    },
}  # fmt: skip

_SIZES: Mapping[str, Attack] = {
    "a hundred thousand OBX": _one(
        lambda: order(*(b"OBX|%d|TX|I||line %d" % (n, n) for n in range(100_000))), is_huge=True
    ),
    "65,535 repetitions": _one(lambda: order(b"OBX|1|TX|I||" + b"x~" * 65_535), is_huge=True),
    "65,535 patient numbers": _one(lambda: order(name=b"A^B").replace(b"M1^^^Robina", b"~".join(b"M%d^^^Robina" % n for n in range(65_535))), is_huge=True),
    "a field of a megabyte": _one(lambda: order(text=b"x" * _MEGABYTE), is_huge=True),
    "a number of a megabyte": _one(lambda: order(placer=b"9" * _MEGABYTE), is_huge=True),
    "ten thousand components": _one(lambda: order(text=b"a^" * 10_000)),
    "ten thousand sub-components": _one(lambda: order(text=b"a&" * 10_000)),
    "ten thousand fields": _one(lambda: order(b"OBX" + b"|x" * 10_000)),
    "a hundred thousand groups": _one(lambda: _groups(100_000), is_huge=True),
    "a hundred thousand groups of one number": _one(
        lambda: _groups(100_000, are_different=False), is_huge=True
    ),
    "a hundred thousand study UIDs": _one(
        lambda: order(*(b"ZDS|1.2.%d^A^Application^DICOM" % n for n in range(100_000))), is_huge=True
    ),
    "a million empty lines": _one(lambda: order() + b"\r" * 1_000_000, is_huge=True),
    "a million line feeds": _one(lambda: order(b"NTE|1||" + b"\n" * 1_000_000), is_huge=True),
    "a million blanks before the header": _one(lambda: b" " * 1_000_000 + order(), is_huge=True),
    "two thousand merges": _one(
        lambda: header(kind=b"ADT^A40") + b"".join(
            b"PID|1||M%d^^^Robina\rMRG|N%d^^^Robina\r" % (n, n) for n in range(2000)), is_huge=True,
    ),
}  # fmt: skip

ATTACKS: Mapping[str, Attack] = {**_FRAMES, **_HEADERS, **_VALUES, **_SIZES}
