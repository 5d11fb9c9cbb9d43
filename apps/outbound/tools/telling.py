"""What an assignment message (ORU^R01 with ZRA) says, in one line."""

from __future__ import annotations

from apps.hl7v2.errors import FieldError
from apps.hl7v2.message import Message
from apps.hl7v2.zra import Zra, parse_zra

_STUDY = ("IPC-1.1", "OBR-18.1", "OBR-3.1", "ORC-3.1", "OBR-2.1", "ORC-2.1")


def in_words(payload: bytes) -> str:
    """Return who reads which study, on which shift, chosen how; no patient is named."""
    try:
        message = Message(payload)
        zra = parse_zra(payload)
    except FieldError as error:
        return f"unreadable: {error}"
    kind = "^".join(part for part in (message.get("MSH-9.1"), message.get("MSH-9.2")) if part)
    study = next((value for place in _STUDY if (value := message.get(place))), "(no number)")
    procedure = message.get("OBR-4.2") or message.get("OBR-4.1")
    what = f"{study} {procedure}".strip()
    return f"{what}: {_reader(zra)}" if zra else f"{kind} {what}: no ZRA"


def _reader(zra: Zra) -> str:
    if not zra.is_assigned:
        return f"nobody ({zra.code})" if zra.code else "nobody"
    name = " ".join(part for part in (zra.title, zra.given, zra.family) if part)
    shift = f"on {zra.shift_name or zra.shift_code}" if zra.shift_code else "not on a shift"
    return f"{name} ({zra.radiologist_id}) {shift}, {zra.code}"
