"""Telling a RIS who reads: the order's own segments as they came, and what a profile adds.

The message is an ORU^R01, or an order message that tells of a status, with our MSH; delimiters
and character set are the original's, so PID, PV1 and the group pass byte for byte but for the
fields that are ours to set. Only where a destination wants others is every segment written anew
with equal values. What we write ourselves is escaped. Source: spec 4.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple

from apps.hl7v2 import obr32, prt, status
from apps.hl7v2.ack import MAX_CONTROL_ID, OWN_APPLICATION, OWN_FACILITY
from apps.hl7v2.charset import ISO_2022, declared_codec
from apps.hl7v2.message import Segment
from apps.hl7v2.mllp import without_framing
from apps.hl7v2.separators import Separators
from apps.hl7v2.stored import OrderSegments, load_segments
from apps.hl7v2.timestamps import format_ts
from apps.hl7v2.writing import Pen
from apps.hl7v2.zra import Zra, write_zra

_ORDER_TYPES = ("ORM", "OMI", "OMG")
_NOTHING: frozenset[int] = frozenset()
_OURS_IN_MSH = frozenset({3, 4, 7, 9, 10, 12})


@dataclass(frozen=True, slots=True)
class OutHeader:
    """Our MSH.

    ``control_id`` is MSH-10, at most 20 characters, ``at`` is MSH-7, written on the wall clock
    of ``zone``. A caret in a name of application or facility separates its components; MSH-5
    and MSH-6 are the origin's MSH-3 and MSH-4 where empty, MSH-11 is the origin's, else P.
    ``separators`` and ``character_set`` (MSH-18) None mean the original's. ``structure`` is
    MSH-9.3, left out where empty.
    """

    control_id: str
    at: datetime
    zone: tzinfo = UTC
    with_offset: bool = False
    sending_application: str = OWN_APPLICATION.decode()
    sending_facility: str = OWN_FACILITY.decode()
    receiving_application: str = ""
    receiving_facility: str = ""
    message_code: str = "ORU"
    trigger: str = "R01"
    structure: str = ""
    version: str = "2.5.1"
    separators: Separators | None = None
    character_set: str | None = None


@dataclass(frozen=True, slots=True)
class StandardPlaces:
    """What is said in the standard's own places; None leaves a place as the order came.

    ``interpreter`` is OBR-32, cleared where it names nobody. ``participations`` take the place
    of every PRT that said who is expected to read. ``state`` is ORC-5, for an order message.
    """

    interpreter: obr32.Interpreter | None = None
    participations: tuple[prt.Participation, ...] | None = None
    state: status.OrderState = status.OrderState.SCHEDULED


class Line(NamedTuple):
    """One segment of the message; ``touched`` are the fields we set, None: all of it is ours."""

    name: str
    raw: bytes
    touched: frozenset[int] | None = _NOTHING


AS_IT_CAME = StandardPlaces()


def enrich(
    stored: bytes, zra: Zra | None, header: OutHeader, places: StandardPlaces = AS_IT_CAME
) -> bytes:
    """Return the outbound message, CR after every segment.

    Any ZRA that the order already had (our own message echoed) is dropped; the new one stands
    after ZRD, else at the end.

    Args:
        stored: what ``keep_segments`` kept of the order.
        zra: the assignment, or its end; None writes no ZRA.
        header: our MSH.
        places: what stands elsewhere than in ZRA.

    Raises:
        FieldError: ``stored`` holds no usable MSH.
        ValueError: the control id is longer than 20 characters.
    """
    lines = _writer(stored, header, places).lines(zra)
    return without_framing(b"".join([line.raw + b"\r" for line in lines]))


@dataclass(frozen=True, slots=True)
class Composed:
    """The message segment by segment, and how its bytes are to be read."""

    lines: tuple[Line, ...]
    separators: Separators
    codec: str


def compose(
    stored: bytes, zra: Zra | None, header: OutHeader, places: StandardPlaces = AS_IT_CAME
) -> Composed:
    """Return the same segment by segment, each with the fields that were set in it.

    Raises:
        FieldError: ``stored`` holds no usable MSH.
        ValueError: the control id is longer than 20 characters.
    """
    writer = _writer(stored, header, places)
    msh, *rest = writer.lines(zra)
    lines = (msh._replace(touched=_touched_in_msh(header)), *rest)
    return Composed(lines, writer.pen.separators, writer.pen.codec)


def _writer(stored: bytes, header: OutHeader, places: StandardPlaces) -> _Writer:
    if len(header.control_id) > MAX_CONTROL_ID:
        message = f"MSH-10 holds at most {MAX_CONTROL_ID} characters, got {header.control_id!r}"
        raise ValueError(message)
    return _Writer(load_segments(stored), header, places)


class _Writer:
    """Writes one outbound message."""

    def __init__(self, parts: OrderSegments, header: OutHeader, places: StandardPlaces) -> None:
        self.parts = parts
        self.header = header
        self.places = places
        self.pen = _pen(parts, header)
        self.is_order = header.message_code in _ORDER_TYPES
        self.sets: dict[str, Mapping[int, str]] = {}
        if places.interpreter is not None:
            written = obr32.write_obr_32(places.interpreter, self.pen.separators)
            self.sets["OBR"] = {obr32.FIELD: written}
        if self.is_order:
            self.sets["ORC"] = status.orc_fields(places.state)

    def lines(self, zra: Zra | None) -> list[Line]:
        """Return the whole message, in order."""
        pen, keeps = self.pen, self.places.participations is None
        before = [self.msh(), *self._passed(self.parts.patient)]
        own = [
            segment
            for segment in self.parts.own
            if segment.name != "ZRA" and (keeps or not prt.is_expected_interpreter(segment))
        ]
        lines = self._passed(own)
        if self.is_order:
            self._complete_order(own, lines)
        for participation in self.places.participations or ():
            raw = pen.encoded(prt.write_prt(participation, pen.separators))
            lines.insert(_place_of_prt(lines), Line("PRT", raw, None))
        if zra is not None:
            raw = pen.encoded(write_zra(zra, pen.separators))
            lines.insert(_place_of_zra(lines), Line("ZRA", raw, None))
        return before + lines

    def msh(self) -> Line:
        """Return our MSH."""
        pen, header = self.pen, self.header
        origin = pen.header_fields(self.parts.header, 3, 4, 11, 18)
        at = format_ts(header.at, header.zone, with_offset=header.with_offset)
        structure = f"^{header.structure}" if header.structure else ""
        fields = [
            b"MSH",
            pen.encoding,
            pen.setting(header.sending_application),
            pen.setting(header.sending_facility),
            _named(header.receiving_application, pen) or origin[0],
            _named(header.receiving_facility, pen) or origin[1],
            pen.value(at),
            b"",
            pen.setting(f"{header.message_code}^{header.trigger}{structure}"),
            pen.value(header.control_id),
            origin[2] or b"P",
            pen.setting(header.version),
        ]
        if character_set := self._msh_18(origin[3]):
            fields += [b"", b"", b"", b"", b"", character_set]
        return Line("MSH", pen.field.join(fields))

    # -- inside --------------------------------------------------------------------------

    def _msh_18(self, origin: bytes) -> bytes:
        if self.header.character_set is None:
            return origin
        # Repetitions of MSH-18 are structure, so only the profile's own ~ is kept as one.
        names = [self.pen.value(name) for name in self.header.character_set.split("~")]
        return self.pen.separators.repetition.encode("ascii").join(names)

    def _passed(self, segments: Iterable[Segment]) -> list[Line]:
        if not self.sets:
            return [Line(segment.name, self.pen.segment(segment)) for segment in segments]
        return [self._set(segment, self.sets.get(segment.name)) for segment in segments]

    def _set(self, segment: Segment, values: Mapping[int, str] | None) -> Line:
        if values is None:
            return Line(segment.name, self.pen.segment(segment))
        return Line(segment.name, self.pen.with_fields(segment, values), frozenset(values))

    def _complete_order(self, own: list[Segment], lines: list[Line]) -> None:
        """Add what an order message must have and the group came without."""
        names = {segment.name for segment in own}
        written = self.pen.field_of
        if "ORC" not in names:
            fields = status.new_orc(own, self.places.state, written)
            lines.insert(0, Line("ORC", self.pen.field.join(fields), None))
        if self.header.message_code == "OMI" and "IPC" not in names:
            raw = self.pen.field.join(status.new_ipc(own, written))
            lines.insert(_place_of_ipc(lines), Line("IPC", raw, None))


def _pen(parts: OrderSegments, header: OutHeader) -> Pen:
    source = parts.header.dialect
    separators = header.separators or source.separators
    codec = None
    if header.character_set is not None:
        repetition = b"~" if "~" in header.character_set else b""
        asked = header.character_set.encode("ascii", "replace")
        codec = declared_codec(asked, repetition) or "ascii"
        if codec == ISO_2022:
            # Only the sets that MSH-18 names: ISO IR159 is the supplementary kanji.
            codec = "iso2022_jp_1" if b"159" in asked else "iso2022_jp"
    return Pen(source, separators, codec)


def _touched_in_msh(header: OutHeader) -> frozenset[int]:
    asked = [
        ({1, 2}, header.separators),
        ({5}, header.receiving_application),
        ({6}, header.receiving_facility),
        ({18}, header.character_set),
    ]
    return _OURS_IN_MSH.union(*(fields for fields, value in asked if value))


def _named(setting: str, pen: Pen) -> bytes:
    return pen.setting(setting) if setting else b""


def _place_of_zra(lines: list[Line]) -> int:
    for place in range(len(lines), 0, -1):
        if lines[place - 1].name == "ZRD":
            return place
    return len(lines)


def _place_of_prt(lines: list[Line]) -> int:
    """Return the place after OBR, its notes and the PRT there are. Source: HL7 v2.7 ORU^R01."""
    names = [line.name for line in lines]
    for start in ("OBR", "ORC"):
        if start in names:
            place = names.index(start) + 1
            while place < len(names) and names[place] in ("NTE", "PRT"):
                place += 1
            return place
    return 0


def _place_of_ipc(lines: list[Line]) -> int:
    """Return the place behind all that the standard knows. Source: HL7 v2.5.1 OMI^O23."""
    return next((i for i, line in enumerate(lines) if line.name[:1] == "Z"), len(lines))
