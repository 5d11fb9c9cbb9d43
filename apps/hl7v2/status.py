"""An order message that tells of a status instead of a result: ORM^O01 or OMI^O23 with ORC-1 SC.

The order's numbers stay where they are. What such a message must have and the order came
without is made of the order's own fields: an ORC, in OMI an IPC. Source: HL7 v2.5.1 4.4.1, 4.4.9
and 4.5.1; tables 0038 and 0119.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

from apps.hl7v2.message import Segment

STATUS_CHANGED = "SC"

Written = Callable[[Segment, int], bytes]
"""Writes a whole field of a segment with the message's delimiters; empty where there is none."""


class OrderState(StrEnum):
    """ORC-5. Source: HL7 table 0038."""

    SCHEDULED = "SC"
    HELD = "HD"
    CANCELLED = "CA"


def orc_fields(state: OrderState) -> Mapping[int, str]:
    """Return what the profile sets in ORC."""
    return {1: STATUS_CHANGED, 5: state.value}


def new_orc(own: Sequence[Segment], state: OrderState, written: Written) -> list[bytes]:
    """Return the fields of an ORC for a group that has none, with OBR's order numbers."""
    obr = next((segment for segment in own if segment.name == "OBR"), None)
    numbers = [written(obr, field) for field in (2, 3)] if obr else [b"", b""]
    return [b"ORC", STATUS_CHANGED.encode(), *numbers, b"", state.value.encode()]


def new_ipc(own: Sequence[Segment], written: Written) -> list[bytes]:
    """Return the fields of an IPC for a group that has none.

    Accession, requested procedure, study instance UID and scheduled step stand where orders
    without IPC have them: OBR-18 to 20 and ZDS-1, else the filler's and the placer's number.
    """
    accession = _first(own, written, ("OBR", 18), ("OBR", 3), ("ORC", 3), ("OBR", 2), ("ORC", 2))
    procedure = _first(own, written, ("OBR", 19)) or accession
    step = _first(own, written, ("OBR", 20)) or procedure
    return [b"IPC", accession, procedure, _first(own, written, ("ZDS", 1)), step]


def _first(own: Sequence[Segment], written: Written, *places: tuple[str, int]) -> bytes:
    for name, field in places:
        for segment in own:
            if segment.name == name and (found := written(segment, field)):
                return found
    return b""
