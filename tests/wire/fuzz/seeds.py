"""The messages that mutations begin with: our own golden ones, and a collection where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_GOLDEN = Path(__file__).resolve().parents[3] / "fixtures" / "hl7"
_MOST_BYTES = 8192
# A merge is answered when it has taken effect, so each holds its connection for as long as the
# decider is behind; many of them would measure nothing but that.
_RARE = {"adt_merge": 1}
_WEIGHT = 10
_FRAMING = b"\x0b\x1c\r\n\x00 "

_EXTRA = (
    b"MSH|^~\\&|RIS|Robina|A|B|20261122||ACK^O01|77|P|2.5.1\rMSA|AA|4711\r",
    b"MSH|^~\\&|RIS|Robina|A|B|20261122||ORR^O02|78|P|2.3\rMSA|AA|4712\rORC|OK|P1\r",
    b"MSH|^~\\&|RIS|Robina|A|B|20261122||ORM^O01|79|P|2.5.1|||AL|AL\rORC|NW|P-79\rOBR|1|P-79||CT\r",
    b"MSH|^~\\&|RIS|Robina|A|B|20261122||SIU^S12|80|P|2.4|||NE|ER\rSCH|1\r",
    b"MSH|^~\\&|RIS|Robina|A|B|20261122||ORU^R01|81|P|2.5.1|||||AU|UNICODE UTF-8\rPID|1||M1\r"
    + "OBR|1|P-79||CT HEAD^CT HEAD\rOBX|1|TX|R||Größe 4 cm \\.br\\ \\X41\\ \\E\\\r".encode(),
)


def load_seeds(folder: str | None = None) -> list[bytes]:
    """Return the seeds, those that are to come often several times, always in the same order.

    Args:
        folder: of further messages; ``RADASSIGN_HL7_CORPUS`` unless told, "" for none.
    """
    seeds = list(_EXTRA) * _WEIGHT
    for path in sorted(_GOLDEN.glob("*.hl7")):
        seeds += [path.read_bytes()] * _RARE.get(path.stem, _WEIGHT)
    if folder is None:
        folder = os.environ.get("RADASSIGN_HL7_CORPUS", "")
    return seeds + (list(_collected(Path(folder))) if folder else [])


def _collected(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*.hl7")):
        raw = path.read_bytes().strip(_FRAMING)
        if raw and len(raw) <= _MOST_BYTES and not _is_merge(raw):
            yield raw + b"\r"


def _is_merge(raw: bytes) -> bool:
    return b"ADT" in raw[:200] and (b"MRG" in raw)
