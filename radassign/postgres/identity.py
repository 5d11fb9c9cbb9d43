"""As whom PostgreSQL runs: as ourselves, or demoted where we are root.

``initdb`` and ``postgres`` refuse to run as root. No user is created and no folder opened to
others for it: an account that every system has is enough.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from radassign.postgres.errors import PostgresError

_UNPRIVILEGED = ("postgres", "nobody")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """The account that owns the cluster and runs the server.

    ``is_demoted`` says that the account is not our own, so that files are handed over to it
    and its processes are started under it.
    """

    name: str
    uid: int
    gid: int
    is_demoted: bool

    def own(self, path: Path) -> None:
        """Hand a file or folder over to the account."""
        if self.is_demoted:
            os.chown(path, self.uid, self.gid)

    def popen_options(self) -> dict[str, Any]:
        """Return what ``subprocess.Popen`` needs to run as the account.

        The working directory is the root folder, because the caller's may be closed to the
        account ("could not change directory"); the environment is a short one of our own, so
        that no PG* variable of the caller steers the server.
        """
        # Any: each keyword of Popen has a type of its own.
        options: dict[str, Any] = {"cwd": "/", "env": server_environment(), "umask": 0o077}
        if self.is_demoted:
            options |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return options


def server_user() -> ServerUser:
    """Return our own account, or an unprivileged one where we are root."""
    if os.geteuid() != 0:
        return ServerUser(_own_name(), os.geteuid(), os.getegid(), is_demoted=False)
    for name in _UNPRIVILEGED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(name, entry.pw_uid, entry.pw_gid, is_demoted=True)
    raise PostgresError("PostgreSQL cannot run as root, and neither postgres nor nobody exists")


def server_environment() -> Mapping[str, str]:
    """Return the environment of the server's processes: a path, a plain locale, UTC."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}


def run_as(
    user: ServerUser, command: Sequence[str | Path], *, timeout_seconds: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end as the account and return what it said; never raises for status."""
    return subprocess.run(  # noqa: S603 -- the command is one of PostgreSQL's own or /bin/sh
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_seconds,
        check=False,
        **user.popen_options(),
    )


def can_enter(user: ServerUser, folder: Path) -> bool:
    """Return whether the account can reach the folder through all its parents."""
    return run_as(user, ["/bin/sh", "-c", 'cd -- "$0"', folder]).returncode == 0


def _own_name() -> str:
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # containers often run under a number without a name
        return str(os.geteuid())
