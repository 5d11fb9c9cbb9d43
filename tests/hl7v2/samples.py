"""Messages that several tests start from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from apps.hl7v2.groups import Group, split_groups
from apps.hl7v2.message import Message

NOW = datetime(2026, 2, 4, 12, 5, 31, tzinfo=UTC)

VENDOR = (
    rb"MSH|^~\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1"
    b"\rPID|1||MRN123^^^Robina||Doe^John||19800115|M"
    b"\rOBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|"
    b"\rOBX|1|TX|Indication^Clinical Indication||Patient with knee pain"
    b"\rZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency\r"
)


def order(*segments: str, msh: str = "", encoding: str = "utf-8") -> bytes:
    """Return an ORM^O01 with the segments after its PID."""
    header = msh or r"MSH|^~\&|RIS|SITE|ENGINE|ENTERPRISE|20260310080000||ORM^O01|ID-1|P|2.4"
    lines = [header, "PID|1||MR-1^^^SITE||Doe^Jane||19800115|F", *segments]
    return "".join(line + "\r" for line in lines).encode(encoding)


def groups(raw: bytes) -> list[Group]:
    """Return the order groups of a message."""
    return split_groups(Message(raw))


def segment(name: str, fields: Mapping[int, str]) -> str:
    """Return a segment with the given fields, those between left empty."""
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])
