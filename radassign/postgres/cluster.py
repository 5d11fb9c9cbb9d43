"""Makes the cluster itself: initdb, SCRAM for everybody, our configuration included."""

from __future__ import annotations

import shutil
from pathlib import Path

from radassign.postgres.binaries import major_version
from radassign.postgres.conf import ACCESS
from radassign.postgres.errors import PostgresError
from radassign.postgres.identity import ServerUser, run_as
from radassign.postgres.record import SUPERUSER, ClusterRecord, password

# From 17 on PostgreSQL brings a UTF-8 locale of its own, the same on every machine.
_BUILTIN_LOCALE_MAJOR = 17


def create_cluster(record: ClusterRecord, user: ServerUser, data_dir: Path) -> None:
    """Make the cluster unless it exists.

    It is made beside its place and moved there when complete: an initdb that was killed leaves
    nothing that looks like a cluster.
    """
    if (record.cluster_dir / "PG_VERSION").exists():
        return
    unfinished = record.home / "cluster.new"
    shutil.rmtree(unfinished, ignore_errors=True)
    _initdb(record, user, unfinished, password(data_dir, SUPERUSER))
    _own_file(unfinished / "pg_hba.conf", ACCESS, user)
    with (unfinished / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude 'radassign.conf'\n")
    unfinished.rename(record.cluster_dir)


def _initdb(record: ClusterRecord, user: ServerUser, target: Path, secret: str) -> None:
    password_file = record.home / "initdb.password"
    password_file.unlink(missing_ok=True)
    password_file.touch(mode=0o600)
    _own_file(password_file, secret + "\n", user)
    try:
        answer = run_as(
            user,
            [
                record.binaries / "initdb",
                f"--pgdata={target}",
                f"--username={SUPERUSER}",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--data-checksums",
                *_locale(record.binaries),
            ],
        )
    finally:
        password_file.unlink(missing_ok=True)
    if answer.returncode != 0:
        raise PostgresError(f"initdb failed:\n{answer.stdout}{answer.stderr}")


def _locale(binaries: Path) -> list[str]:
    if (major_version(binaries) or 0) >= _BUILTIN_LOCALE_MAJOR:
        return ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return ["--locale=C.UTF-8"]


def _own_file(path: Path, text: str, user: ServerUser) -> None:
    path.write_text(text, encoding="utf-8")
    user.own(path)
