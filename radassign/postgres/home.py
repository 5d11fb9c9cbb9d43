"""Decides where a data folder's cluster lives, and prepares that place.

The theory: the cluster belongs in the data folder. Run as root the server is another, weaker
account, and where that account cannot enter the data folder (a clone in a home with mode 0700)
cluster and, if need be, binaries go to a private folder under ``/var/tmp`` with mode 0700. Its
name is random and recorded in the data folder, so nobody can lay a folder there beforehand.
"""

from __future__ import annotations

import shutil
import stat
import tempfile
from pathlib import Path

from radassign.postgres.binaries import copy_binaries, find_binaries, major_version
from radassign.postgres.errors import PostgresError
from radassign.postgres.identity import ServerUser, can_enter, run_as
from radassign.postgres.record import SOCKET_PORT, ClusterRecord, load_record

PRIVATE_PARENT = Path("/var/tmp")  # noqa: S108 -- random names, mode 0700, ownership checked
# sun_path holds 108 bytes, the last of them NUL.
SOCKET_PATH_BYTES = 107


def prepare_home(data_dir: Path, user: ServerUser) -> ClusterRecord:
    """Return where the cluster lives, making the folders at the first call.

    Later calls find the same place, look for the binaries anew (the requirements may have been
    installed again) and give a socket folder that was swept away its place back.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    known = load_record(data_dir)
    home, is_private = (known.home, known.is_private) if known else _new_home(data_dir, user)
    _check_home(home, user, data_dir)
    record = ClusterRecord(
        home=home,
        binaries=_usable_binaries(home, user),
        socket_dir=_socket_dir(home, user, known),
        is_private=is_private,
    )
    if record != known:
        record.save(data_dir)
    return record


def remove_home(data_dir: Path) -> None:
    """Delete the cluster of a data folder for good, with everything outside the folder."""
    record = load_record(data_dir)
    if record is None:
        return
    shutil.rmtree(record.home, ignore_errors=True)
    shutil.rmtree(record.socket_dir, ignore_errors=True)
    (data_dir / "postgres.json").unlink()


def _new_home(data_dir: Path, user: ServerUser) -> tuple[Path, bool]:
    if can_enter(user, data_dir):
        home = data_dir / "postgres"
        home.mkdir(mode=0o700, exist_ok=True)
        user.own(home)
        return home, False
    return _private_folder(PRIVATE_PARENT, user), True


def _private_folder(parent: Path, user: ServerUser) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="radassign-", dir=parent))
    user.own(folder)
    return folder


def _check_home(home: Path, user: ServerUser, data_dir: Path) -> None:
    """Refuse a folder that is gone or not ours, rather than begin with an empty database."""
    try:
        found = home.lstat()
    except FileNotFoundError as error:
        raise PostgresError(
            f"{home}, where the database of {data_dir} was kept, is gone. Bring it back, or "
            f"delete {data_dir / 'postgres.json'} to begin with an empty database."
        ) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user.uid:
        raise PostgresError(
            f"{home} must be a folder of the user {user.name}, under whom the server runs"
        )
    home.chmod(0o700)


def _usable_binaries(home: Path, user: ServerUser) -> Path:
    folder = find_binaries(major=cluster_major(home))
    if _runs(folder, user):
        return folder
    copied = home / "binaries"
    expected = copied / folder.parent.parent.name / folder.parent.name / folder.name
    if not _runs(expected, user) or _version_text(expected) != _version_text(folder):
        expected = copy_binaries(folder, copied)
        for path in (copied, *copied.rglob("*")):
            if not path.is_symlink():
                user.own(path)
    if not _runs(expected, user):
        raise PostgresError(f"{expected} does not run as {user.name}")
    return expected


def cluster_major(home: Path) -> int | None:
    """Return the major version that made the cluster, None before it is made."""
    try:
        return int((home / "cluster" / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


def _runs(folder: Path, user: ServerUser) -> bool:
    if major_version(folder) is None:
        return False
    try:
        return run_as(user, [folder / "postgres", "--version"]).returncode == 0
    except PermissionError:
        return False


def _version_text(folder: Path) -> str:
    """Return what tells two builds apart: the wheel's minor version and the file's size."""
    binary = folder / "postgres"
    return f"{major_version(folder)} {binary.stat().st_size}"


def _socket_dir(home: Path, user: ServerUser, known: ClusterRecord | None) -> Path:
    preferred = home / "socket"
    if fits_socket(preferred):
        preferred.mkdir(mode=0o700, exist_ok=True)
        user.own(preferred)
        return preferred
    if known and known.socket_dir != preferred and _is_own_folder(known.socket_dir, user):
        return known.socket_dir
    return _private_folder(PRIVATE_PARENT, user)


def fits_socket(folder: Path) -> bool:
    """Return whether a socket in the folder has a path that the kernel takes."""
    socket = folder / f".s.PGSQL.{SOCKET_PORT}"
    return len(bytes(socket)) <= SOCKET_PATH_BYTES


def _is_own_folder(folder: Path, user: ServerUser) -> bool:
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == user.uid
