"""Messages for the listener's tests; synthetic patients only."""

from __future__ import annotations

VENDOR = b"""\
MSH|^~\\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|||2.5.1
PID|1||MRN123^^^Robina||Doe^John||19800115|M
OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|
OBX|1|TX|Indication^Clinical Indication||Patient with knee pain
ZRD|1|Robina^Site Code|MRI^Modality|STAT^Urgency
""".replace(b"\n", b"\r")


def message(
    control_id: str = "1",
    *,
    kind: str = "ORM^O01",
    facility: str = "Robina",
    version: str = "2.5.1",
    processing_id: str = "P",
    modes: tuple[str, str] = ("", ""),
    accession: str = "",
    segments: tuple[str, ...] = (),
) -> bytes:
    """Return a small message; an order unless ``segments`` says otherwise."""
    header = "|".join(
        (
            "MSH|^~\\&|PACS", facility, "ASSIGNMENT_ENGINE", "ENTERPRISE", "20260204120530", "",
            kind, control_id, processing_id, version, "", "", *modes,
        )
    )  # fmt: skip
    accession = accession or f"A{control_id}"
    order = (f"ORC|NW|P{accession}|{accession}", f"OBR|1|P{accession}|{accession}|MRI MSK")
    return "\r".join((header, *(segments or order), "")).encode()


def fields(answer: bytes, segment: bytes) -> list[str]:
    """Return the fields of the answer's first segment of that name."""
    line = next(line for line in answer.split(b"\r") if line.startswith(segment))
    return line.decode("latin-1").split("|")
