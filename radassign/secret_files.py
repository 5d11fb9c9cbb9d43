"""Secrets that are made once and kept in the data folder, readable by its owner alone."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

FOLDER = "secrets"


def kept_secret(data_dir: Path, name: str, *, length_bytes: int = 48) -> str:
    """Return the secret of that name, making it at the first call.

    Two processes that ask for the first time together get the same value: the file is linked
    into place whole, and whoever comes second reads it.
    """
    path = data_dir / FOLDER / name
    if not path.exists():
        _make(path, secrets.token_urlsafe(length_bytes))
    return path.read_text(encoding="ascii").strip()


def _make(path: Path, value: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # mkstemp creates with mode 0600, so the secret is never readable by others, not even briefly.
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value + "\n")
        Path(path).hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        Path(temporary).unlink()
