"""Starts, watches and stops the embedded server of one data folder."""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg

from radassign.linux import die_with_parent_hook
from radassign.locks import held
from radassign.postgres import postmaster
from radassign.postgres.bootstrap import bootstrap
from radassign.postgres.cluster import create_cluster
from radassign.postgres.conf import configuration
from radassign.postgres.errors import PostgresError
from radassign.postgres.home import prepare_home, remove_home
from radassign.postgres.identity import server_user
from radassign.postgres.record import ClusterRecord, load_record

START_SECONDS = 60.0
# How long the orphans of a killed postmaster are waited for, before they are ended.
LEFTOVER_SECONDS = 20.0
STOP_SECONDS = 20.0
_QUIT_SECONDS = 5.0
_RETRY_PAUSE_SECONDS = 0.5

# A server may outlive the object that started it; its handle is kept here.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True, slots=True)
class ServerState:
    """What can be said about the server now; ``pid`` is None while it is stopped."""

    pid: int | None
    is_ready: bool
    record: ClusterRecord | None


class EmbeddedPostgres:
    """The server of one data folder.

    Args:
        data_dir: the data folder; secrets and the record of where things are live in it.
        disposable: for test runs: no durability, and the owner may create databases.
    """

    def __init__(self, data_dir: Path, *, disposable: bool = False) -> None:
        """Name the data folder; nothing is touched before ``prepare`` or ``start``."""
        self.data_dir = data_dir
        self._disposable = disposable
        self._user = server_user()
        self._process: subprocess.Popen[bytes] | None = None

    def state(self) -> ServerState:
        """Return whether the server runs and takes connections."""
        record = load_record(self.data_dir)
        if record is None:
            return ServerState(None, is_ready=False, record=None)
        pid = postmaster.live_postmaster(record.cluster_dir)
        ready = pid is not None and postmaster.is_ready(record.cluster_dir)
        return ServerState(pid, is_ready=ready, record=record)

    def prepare_home(self) -> ClusterRecord:
        """Choose and make the folders; from here on settings know where the socket will be."""
        return prepare_home(self.data_dir, self._user)

    def prepare(self) -> ClusterRecord:
        """Make folders, cluster and configuration where they are missing; start nothing."""
        record = self.prepare_home()
        create_cluster(record, self._user, self.data_dir)
        settings = configuration(record.socket_dir, disposable=self._disposable)
        path = record.cluster_dir / "radassign.conf"
        path.write_text(settings, encoding="utf-8")
        self._user.own(path)
        return record

    def start(self, *, die_with_parent: bool = False) -> ServerState:
        """Start the server if it does not run, and return when it takes connections.

        Args:
            die_with_parent: end the server with the thread that started it, also by kill -9.

        Raises:
            PostgresError: it does not come up; the message ends with what it logged.
        """
        with held(self.data_dir / "postgres.lock"):
            # One that is found may be dying at this very moment.
            if self.state().pid is None or not self._comes_up():
                self.spawn(die_with_parent=die_with_parent)
            return self.wait_ready()

    def spawn(self, *, die_with_parent: bool) -> subprocess.Popen[bytes]:
        """Start the server as our child and return at once; see ``wait_ready``.

        Waits out what a kill -9 left: orphaned backends get time to end, then are ended.
        """
        record = self.prepare()
        self._wait_until_clear()
        with (record.home / "start.log").open("wb") as log:
            options = self._user.popen_options()
            if die_with_parent:
                # SIGINT is PostgreSQL's fast shutdown: sessions end, nothing needs recovery.
                options["preexec_fn"] = die_with_parent_hook(signal.SIGINT)
            process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 -- PostgreSQL's own server
                [record.binaries / "postgres", "-D", record.cluster_dir],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        # Keeping the objects also collects the status of servers that ended since.
        _started[:] = [known for known in _started if known.poll() is None]
        _started.append(process)
        self._process = process
        return process

    def wait_ready(self) -> ServerState:
        """Return when the server takes connections and its roles and database exist.

        Raises:
            PostgresError: it ended, or takes too long.
        """
        deadline = time.monotonic() + START_SECONDS
        while not ((state := self.state()).is_ready and self._has_roles()):
            gone = state.pid is None and not self._is_starting()
            if time.monotonic() >= deadline or (gone and self._start_failed()):
                raise PostgresError(f"PostgreSQL did not start:\n{self.log_tail()}")
            time.sleep(0.05)
        return state

    def stop(self) -> None:
        """End the server: first politely, then at once; return when its processes are gone."""
        record = load_record(self.data_dir)
        if record is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            pid = postmaster.live_postmaster(record.cluster_dir)
            if pid is not None:
                postmaster.terminate([pid], number)
            elif number != signal.SIGINT:
                # Orphans that did not notice the end of their server.
                postmaster.terminate(postmaster.orphaned_backends(record.cluster_dir), number)
            if self._is_quiet(record, seconds=STOP_SECONDS / 2):
                return
        raise PostgresError(f"processes of {record.cluster_dir} do not end")

    def destroy(self) -> None:
        """Stop the server and delete its cluster for good."""
        self.stop()
        remove_home(self.data_dir)

    def log_tail(self, lines: int = 15) -> str:
        """Return the last lines the server wrote before or after its log was open."""
        record = load_record(self.data_dir)
        if record is None:
            return "(no log)"
        logs = sorted((record.cluster_dir / "log").glob("*.log"), key=lambda f: f.stat().st_mtime)
        texts = [
            path.read_text(encoding="utf-8", errors="replace")
            for path in (*logs[-1:], record.home / "start.log")
            if path.exists()
        ]
        return "\n".join("\n".join(texts).splitlines()[-lines:])

    def _is_quiet(self, record: ClusterRecord, *, seconds: float) -> bool:
        """Return whether all processes of the cluster end in time, the server's and orphans."""
        return postmaster.wait_until(
            lambda: not postmaster.orphaned_backends(record.cluster_dir), seconds=seconds
        )

    def is_way_clear(self, *, waited_seconds: float) -> bool:
        """Return whether nothing of a killed server stands in the way of a new one.

        Never blocks. Orphaned backends end by themselves as soon as they notice; those that do
        not within ``LEFTOVER_SECONDS`` are ended here, because they hold the shared memory.
        """
        record = load_record(self.data_dir)
        if record is None:
            return True
        orphans = postmaster.orphaned_backends(record.cluster_dir)
        if not orphans:
            postmaster.clear_leftovers(record.cluster_dir, record.socket_dir)
            return True
        if waited_seconds >= LEFTOVER_SECONDS:
            # SIGQUIT ends a backend at once; SIGKILL where even that is not heard.
            unheard = waited_seconds >= LEFTOVER_SECONDS + _QUIT_SECONDS
            postmaster.terminate(orphans, signal.SIGKILL if unheard else signal.SIGQUIT)
        return False

    def _wait_until_clear(self) -> None:
        began = time.monotonic()
        while not self.is_way_clear(waited_seconds=time.monotonic() - began):
            time.sleep(0.1)

    def _comes_up(self) -> bool:
        try:
            self.wait_ready()
        except PostgresError:
            return False
        return True

    def _has_roles(self) -> bool:
        """Make roles and database; a server that dies meanwhile is not ready after all."""
        try:
            bootstrap(self.data_dir, owner_creates_databases=self._disposable)
        except psycopg.OperationalError:
            return False
        return True

    def _is_starting(self) -> bool:
        """Return whether the server process that we started last still lives."""
        return self._process is not None and self._process.poll() is None

    def _start_failed(self) -> bool:
        """Give a server that is just writing its pid file the benefit of the doubt."""
        time.sleep(_RETRY_PAUSE_SECONDS)
        return self.state().pid is None
