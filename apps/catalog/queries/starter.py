"""The starter set: common procedures under neutral codes, to begin a dictionary with."""

from __future__ import annotations

from pathlib import Path

STARTER_NAME = "starter_procedures.csv"
_FILE = Path(__file__).resolve().parent.parent / "data" / STARTER_NAME


def starter_file() -> bytes:
    """Return the starter set as the import takes it."""
    return _FILE.read_bytes()
