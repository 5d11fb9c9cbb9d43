"""Where the cluster of a data folder lives, kept in the data folder itself.

Every process that knows the data folder finds the database through this file, and starts
nothing by doing so.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from radassign.secret_files import kept_secret

FILE = "postgres.json"
DATABASE = "radassign"
OWNER_ROLE = "radassign_owner"
APP_ROLE = "radassign_app"
SUPERUSER = "postgres"
# The number only names the socket file; no TCP port is opened.
SOCKET_PORT = 5432


@dataclass(frozen=True, slots=True)
class ClusterRecord:
    """Where the cluster, its binaries and its socket are; absolute paths.

    ``home`` holds the cluster; ``binaries`` is the folder of ``postgres`` and ``initdb``;
    ``is_private`` says that ``home`` lies outside the data folder, because the account that
    runs the server cannot reach into it.
    """

    home: Path
    binaries: Path
    socket_dir: Path
    is_private: bool

    @property
    def cluster_dir(self) -> Path:
        """Return PGDATA."""
        return self.home / "cluster"

    def save(self, data_dir: Path) -> None:
        """Write the record in one step, so that a reader never sees half of it."""
        content = {name: _plain(value) for name, value in asdict(self).items()}
        temporary = data_dir / f"{FILE}.new"
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        temporary.replace(data_dir / FILE)


def load_record(data_dir: Path) -> ClusterRecord | None:
    """Return the data folder's record, or None where no cluster was ever made."""
    try:
        content = json.loads((data_dir / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return ClusterRecord(
        home=Path(content["home"]),
        binaries=Path(content["binaries"]),
        socket_dir=Path(content["socket_dir"]),
        is_private=bool(content["is_private"]),
    )


def password(data_dir: Path, role: str) -> str:
    """Return a role's password, made at the first call and kept with mode 0600."""
    return kept_secret(data_dir, f"{role}.password", length_bytes=24)


def connection_settings(data_dir: Path, *, role: str, database: str = DATABASE) -> dict[str, str]:
    """Return HOST, PORT, NAME, USER and PASSWORD for a role, as Django names them.

    Where no cluster was made yet, HOST is where it is going to be; connecting then fails, and
    says so.
    """
    record = load_record(data_dir)
    host = record.socket_dir if record else data_dir / "postgres" / "socket"
    return {
        "HOST": str(host),
        "PORT": str(SOCKET_PORT),
        "NAME": database,
        "USER": role,
        "PASSWORD": password(data_dir, role),
    }


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
