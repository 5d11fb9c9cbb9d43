"""The embedded server, for real: made, started, killed, found again."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from radassign.postgres import EmbeddedPostgres, PostgresError
from radassign.postgres.binaries import find_binaries
from radassign.postgres.bootstrap import connect
from radassign.postgres.home import PRIVATE_PARENT, fits_socket
from radassign.postgres.identity import server_user
from radassign.postgres.postmaster import orphaned_backends
from radassign.postgres.record import APP_ROLE, OWNER_ROLE, load_record

pytestmark = pytest.mark.fault

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server demoted")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder that the demoted server can enter; pytest's own are closed to it."""
    made = Path(tempfile.mkdtemp(prefix="radassign-test-"))
    made.chmod(0o711)
    yield made
    EmbeddedPostgres(made).destroy()
    shutil.rmtree(made)


def _ask(data_dir: Path, query: str, *, role: str = APP_ROLE) -> object:
    with connect(data_dir, role=role, database="radassign") as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def _eventually(condition: Callable[[], bool], *, seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_server_is_made_started_found_and_stopped(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    assert server.state().pid is None
    started = server.start()
    assert started.is_ready
    # Another process that knows only the folder finds the same server.
    assert EmbeddedPostgres(folder).start().pid == started.pid
    assert _ask(folder, "SELECT current_user") == "radassign_app"
    server.stop()
    assert (server.state().pid, server.state().is_ready) == (None, False)


def test_a_commit_means_on_disk_and_nobody_reaches_the_server_by_tcp(folder: Path) -> None:
    EmbeddedPostgres(folder).start()
    names = ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses",
             "password_encryption", "data_checksums", "jit")  # fmt: skip
    assert [_ask(folder, f"SHOW {name}") for name in names] == [
        "on", "on", "on", "", "scram-sha-256", "on", "off",
    ]  # fmt: skip


def test_a_wrong_password_is_refused(folder: Path) -> None:
    EmbeddedPostgres(folder).start()
    (folder / "secrets" / f"{APP_ROLE}.password").write_text("guess\n")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _ask(folder, "SELECT 1")


def test_the_owner_makes_tables_that_the_application_may_fill_but_not_empty(
    folder: Path,
) -> None:
    EmbeddedPostgres(folder).start()
    with connect(folder, role=OWNER_ROLE, database="radassign") as owner:
        owner.execute("CREATE TABLE trail (id int GENERATED ALWAYS AS IDENTITY, what text)")
    with connect(folder, role=APP_ROLE, database="radassign") as app:
        app.execute("INSERT INTO trail (what) VALUES ('assigned')")
        for statement in (b"TRUNCATE trail", b"DROP TABLE trail", b"CREATE TABLE mine (id int)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                app.execute(statement)
    assert _ask(folder, "SELECT count(*) FROM trail") == 1


def test_secrets_and_cluster_are_closed_to_others(folder: Path) -> None:
    state = EmbeddedPostgres(folder).start()
    assert state.record is not None
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in (*(folder / "secrets").iterdir(), state.record.home, state.record.socket_dir)
    }
    assert modes == {
        "postgres.password": 0o600,
        "radassign_owner.password": 0o600,
        "radassign_app.password": 0o600,
        "postgres": 0o700,
        "socket": 0o700,
    }


def test_two_servers_run_side_by_side(folder: Path) -> None:
    second = folder / "second"
    servers = [EmbeddedPostgres(folder), EmbeddedPostgres(second)]
    try:
        pids = [server.start().pid for server in servers]
        assert len({*pids} - {None}) == 2
        for name, data_dir in (("first", folder), ("second", second)):
            with connect(data_dir, role=OWNER_ROLE, database="radassign") as owner:
                owner.execute(f"CREATE TABLE {name} (id int)".encode())
        asked = "SELECT string_agg(relname, ',') FROM pg_stat_user_tables"
        assert [_ask(folder, asked), _ask(second, asked)] == ["first", "second"]
    finally:
        servers[1].destroy()


def test_a_start_waits_out_what_a_killed_server_left(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    first = server.start()
    assert first.pid is not None
    with connect(folder, role=OWNER_ROLE, database="radassign") as owner:
        owner.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(first.pid, signal.SIGKILL)
    again = server.start()
    assert again.is_ready
    assert again.pid != first.pid
    assert _ask(folder, "SELECT answer FROM kept") == 42


def test_a_backend_that_does_not_notice_its_servers_death_is_waited_for(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    state = server.start()
    assert state.record is not None
    assert state.pid is not None
    cluster = state.record.cluster_dir
    with connect(folder, role=APP_ROLE, database="radassign") as connection:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        os.kill(state.pid, signal.SIGKILL)
        assert _eventually(lambda: state.pid not in orphaned_backends(cluster))
        assert backend in orphaned_backends(cluster)
        assert not server.is_way_clear(waited_seconds=0)
        os.kill(backend, signal.SIGCONT)
        assert _eventually(lambda: server.is_way_clear(waited_seconds=0))


def test_a_backend_that_never_ends_is_ended_when_its_time_is_over(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    state = server.start()
    assert state.pid is not None
    with connect(folder, role=APP_ROLE, database="radassign") as connection:
        os.kill(connection.info.backend_pid, signal.SIGSTOP)
        os.kill(state.pid, signal.SIGKILL)
        assert not server.is_way_clear(waited_seconds=26)
        assert _eventually(lambda: server.is_way_clear(waited_seconds=26))


def test_lock_files_that_name_a_stranger_do_not_stop_a_start(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    state = server.start()
    assert state.record is not None
    cluster, sockets = state.record.cluster_dir, state.record.socket_dir
    lines = (cluster / "postmaster.pid").read_text()
    server.stop()
    # The stranger runs as the server's own account, the case in which PostgreSQL gives up.
    stranger: subprocess.Popen[bytes] = subprocess.Popen(
        ["sleep", "60"], **server_user().popen_options()
    )
    with stranger:
        stale = lines.replace(str(state.pid), str(stranger.pid), 1)
        (cluster / "postmaster.pid").write_text(stale)
        (sockets / ".s.PGSQL.5432.lock").write_text(stale)
        assert server.start().is_ready
        assert stranger.poll() is None
        stranger.kill()


def test_the_server_dies_with_a_starter_that_is_killed(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from radassign.postgres import *;"
        "print(EmbeddedPostgres(Path(sys.argv[1])).start(die_with_parent=True).pid, flush=True);"
        "time.sleep(600)"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        assert int(starter.stdout.readline()) == EmbeddedPostgres(folder).state().pid
        starter.kill()
    assert _eventually(lambda: EmbeddedPostgres(folder).state().pid is None)


def test_a_path_too_long_for_a_socket_gets_a_short_private_folder(folder: Path) -> None:
    deep = folder.joinpath(*["a-rather-long-name-of-a-folder"] * 4)
    server = EmbeddedPostgres(deep)
    try:
        state = server.start()
        assert state.record is not None
        assert not fits_socket(state.record.home / "socket")
        assert fits_socket(state.record.socket_dir)
        assert stat.S_IMODE(state.record.socket_dir.stat().st_mode) == 0o700
        # Swept away, as reboots do with temporary folders, it comes back.
        server.stop()
        shutil.rmtree(state.record.socket_dir)
        assert server.start().is_ready
    finally:
        server.destroy()


@as_root
def test_a_closed_data_folder_keeps_its_cluster_in_a_private_one(folder: Path) -> None:
    folder.chmod(0o700)
    state = EmbeddedPostgres(folder).start()
    assert state.record is not None
    home = state.record.home
    found = home.stat()
    assert (home.parent, stat.S_IMODE(found.st_mode), found.st_uid) == (
        PRIVATE_PARENT,
        0o700,
        server_user().uid,
    )
    assert _ask(folder, "SELECT 1") == 1
    EmbeddedPostgres(folder).destroy()
    assert not home.exists()


@as_root
def test_binaries_in_a_closed_folder_are_copied_to_where_the_server_reaches_them(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = find_binaries()
    with tempfile.TemporaryDirectory() as closed:
        package = source.parent.parent
        shutil.copytree(package, Path(closed) / package.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, Path(closed) / libraries.name, symlinks=True)
        hidden = Path(closed) / package.name / source.parent.name / source.name
        monkeypatch.setenv("RADASSIGN_PG_BIN", str(hidden))
        state = EmbeddedPostgres(folder).start()
    assert state.record is not None
    assert state.record.binaries.is_relative_to(state.record.home)
    assert _ask(folder, "SELECT 1") == 1


def test_a_cluster_that_is_gone_is_an_error_not_an_empty_database(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    record = server.prepare()
    shutil.rmtree(record.home)
    with pytest.raises(PostgresError, match=r"is gone\. Bring it back, or delete"):
        server.start()


def test_a_cluster_of_another_major_version_is_named(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    record = server.prepare()
    (record.cluster_dir / "PG_VERSION").write_text("99\n")
    with pytest.raises(PostgresError, match=r"^PostgreSQL 99, which made the cluster, was not"):
        server.start()


def test_a_named_folder_without_binaries_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RADASSIGN_PG_BIN", str(folder))
    with pytest.raises(PostgresError, match=f"Looked at: {folder} \\(no server\\)"):
        EmbeddedPostgres(folder).start()


def test_a_server_that_fails_to_start_says_what_it_logged(folder: Path) -> None:
    server = EmbeddedPostgres(folder)
    record = server.prepare()
    with (record.cluster_dir / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")
    with pytest.raises(PostgresError, match='invalid value for parameter "shared_buffers"'):
        server.start()
    assert load_record(folder) == record
