"""What a message's order segments hold, collected by hand while ``peek`` walks over them once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from apps.hl7v2.accession import is_accession
from apps.hl7v2.charset import Shield
from apps.hl7v2.groups import MAX_GROUPS
from apps.hl7v2.separators import Separators

STAT_WORDS = frozenset({"S", "ST", "STAT"})
_NULLS = (b"", b'""')
_OBR_18 = 18
"""The one place of a number that some senders fill with something else."""

_Place = tuple[int, int]
_IDENTITY: Mapping[bytes, tuple[tuple[int, str], ...]] = {
    b"ORC": ((2, "placer"), (3, "filler"), (4, "placer_group")),
    b"OBR": ((2, "placer"), (3, "filler"), (18, "accession")),
    b"IPC": ((1, "accession"), (3, "study_uid")),
    b"ZDS": ((1, "study_uid"),),
}
_URGENCY: Mapping[bytes, tuple[_Place, ...]] = {
    b"ZRD": ((4, 1),),
    b"TQ1": ((9, 1),),
    b"ORC": ((7, 6),),
    b"OBR": ((27, 6), (5, 1)),
}
WANTED = frozenset({*_IDENTITY, *_URGENCY, b"MSA"})
MAX_IDENTITIES = 8 * MAX_GROUPS
"""More numbers than the most groups that are taken can have; five kinds there are."""


class Identity(NamedTuple):
    """One number of an order: kind is placer, filler, accession, study_uid or placer_group.

    A placer group number (ORC-4) belongs to all orders that were made together, so it tells an
    order from junk, and keeps arrival order, but it does not identify one order.
    """

    kind: str
    value: str


class Found:
    """Collects from the order segments.

    ``groups`` counts order groups, prior results too. ``lacks_numbers`` means that a group with
    others beside it may have no number of its own; whether it shares one is not known here.
    ``is_full`` means that enough was read of a message with more groups or numbers than any
    order has: what it means is decided inside, whatever the rest of it says.
    """

    __slots__ = (
        "awaits_obr",
        "component",
        "field",
        "groups",
        "has_msa",
        "identities",
        "is_full",
        "is_numbered",
        "is_stat",
        "lacks_numbers",
        "order_control",
        "segments",
        "shield",
    )

    def __init__(self, separators: Separators, shield: Shield | None) -> None:
        self.field = separators.field.encode("ascii")
        self.component = separators.component.encode("ascii")
        self.shield = shield
        self.order_control: str | None = None
        self.identities: dict[Identity, None] = {}
        self.is_full = False
        self.is_stat = False
        self.groups = 0
        self.awaits_obr = False
        self.is_numbered = False
        self.lacks_numbers = False
        self.has_msa = False
        self.segments: list[bytes] = []

    def take(self, segment: bytes) -> None:
        """Take one of the ``WANTED`` segments."""
        name = segment[:3]
        fields = segment.split(self.field)
        if name == b"ORC":
            self._take_orc(fields)
        elif name == b"OBR":
            self._take_obr()
        elif name == b"MSA":
            self.has_msa = True
            return
        for number, kind in _IDENTITY.get(name, ()):
            if number < len(fields) and fields[number]:
                self._add_identity(kind, fields[number], is_obr_18=number == _OBR_18)
        for place in _URGENCY.get(name, ()):
            if place[0] < len(fields) and fields[place[0]]:
                self._read_urgency(fields[place[0]], place[1])

    def end(self) -> None:
        """Note that there are no more segments."""
        if self.groups > 1 and not self.is_numbered:
            self.lacks_numbers = True

    def _take_orc(self, fields: list[bytes]) -> None:
        self._begin_group(awaits_obr=True)
        if self.order_control is None:
            self.order_control = text_of(fields[1]).upper() if len(fields) > 1 else ""

    def _take_obr(self) -> None:
        if self.awaits_obr:
            self.awaits_obr = False
        else:
            self._begin_group(awaits_obr=False)

    def _begin_group(self, *, awaits_obr: bool) -> None:
        if self.groups and not self.is_numbered:
            self.lacks_numbers = True
        self.groups += 1
        self.is_full = self.is_full or self.groups > MAX_GROUPS
        self.awaits_obr = awaits_obr
        self.is_numbered = False

    def _add_identity(self, kind: str, field: bytes, *, is_obr_18: bool) -> None:
        value = field.split(self.component, 1)[0]
        if self.shield is not None:
            value = self.shield.restore(value)
        if value in _NULLS:
            return
        text = text_of(value)
        if is_obr_18 and not is_accession(text):
            text = self._beside(field)
        if text:
            self.identities[Identity(kind, text)] = None
            self.is_numbered = True
            self.is_full = self.is_full or len(self.identities) >= MAX_IDENTITIES

    def _beside(self, field: bytes) -> str:
        """Return the number beside a modality, which some write into OBR-18."""
        _, _, rest = field.partition(self.component)
        value = rest.split(self.component, 1)[0]
        text = text_of(self.shield.restore(value) if self.shield is not None else value)
        return text if any(char.isdigit() for char in text) and " " not in text else ""

    def _read_urgency(self, field: bytes, component: int) -> None:
        parts = field.split(self.component)
        if len(parts) >= component and text_of(parts[component - 1]).upper() in STAT_WORDS:
            self.is_stat = True


def text_of(value: bytes) -> str:
    """Return the text of a code or number, without blanks around it."""
    if not value:
        return ""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    # PostgreSQL text holds no NUL; a sender's blanks around a code say nothing.
    return text.replace("\x00", "").strip() if "\x00" in text else text.strip()
