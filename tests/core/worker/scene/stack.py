"""The scene's processes: a PostgreSQL of its own, and workers that may be killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg

from radassign.linux import die_with_parent_hook
from radassign.postgres import EmbeddedPostgres
from radassign.postgres.record import APP_ROLE, OWNER_ROLE, connection_settings
from tests.core.worker.scene.tasks import TABLES

_MANAGE = Path(__file__).resolve().parents[4] / "manage.py"
# Two clusters, each with its sentinel, a worker, a monitor and a pusher.
_PROCESSES = 8


def wait_until(holds: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


class Scene:
    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.server = EmbeddedPostgres(data_dir, disposable=True)
        self._worker: psutil.Popen | None = None

    def build(self) -> None:
        self.server.start(die_with_parent=True)
        environment = self._environment() | {"RADASSIGN_DB_OWNER": "1"}
        subprocess.run(
            [sys.executable, _MANAGE, "migrate", "core", "-v0", "--skip-checks"],
            env=environment,
            check=True,
        )
        self.run(TABLES)

    def run(self, sql: str, *params: object, role: str = OWNER_ROLE) -> list[tuple[object, ...]]:
        where = connection_settings(self.data_dir, role=role)
        names = {"host": "HOST", "port": "PORT", "dbname": "NAME", "user": "USER"}
        with psycopg.connect(
            **{key: where[name] for key, name in names.items()},
            password=where["PASSWORD"],
            autocommit=True,
        ) as connection:
            cursor = connection.execute(sql, params or None)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Forget what was; the nudges stay, as they may be on their way."""
        tables = "scene_item, scene_journal, core_heartbeat, core_duetime"
        self.run(f"TRUNCATE {tables}")

    def add(self, what: str, *, cluster: str = "decide", notify: bool = True) -> None:
        self.run("INSERT INTO scene_item (cluster, what) VALUES (%s, %s)", cluster, what)
        if notify:
            self.run(f"NOTIFY radassign_{cluster}")

    def done(self) -> list[str]:
        return [str(row[0]) for row in self.run("SELECT what FROM scene_journal ORDER BY id")]

    def is_done(self, *what: str, seconds: float) -> bool:
        return wait_until(lambda: sorted(self.done()) == sorted(what), seconds)

    def slice_is_held(self, name: str) -> bool:
        found = self.run(
            "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
            " WHERE locktype = 'advisory' AND application_name = %s",
            f"radassign-slice-{name}",
            role=APP_ROLE,  # of other roles' sessions the name is not shown
        )
        return found == [(1,)]

    @contextmanager
    def another_worker(self) -> Iterator[psutil.Popen]:
        process = self.start_worker()
        try:
            yield process
        finally:
            self.kill(process)

    def worker(self) -> psutil.Popen:
        """Return the worker that runs, with all of its processes; a new one where it ended."""
        if self._worker is None or self._worker.poll() is not None:
            self._worker = self.start_worker()
        worker = self._worker
        assert wait_until(lambda: len(worker.children(recursive=True)) == _PROCESSES, seconds=20)
        return worker

    def stop(self) -> None:
        if self._worker is not None:
            self.kill(self._worker)
        self.server.destroy()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def start_worker(self) -> psutil.Popen:
        before = self._pushers()
        process = psutil.Popen(
            [sys.executable, _MANAGE, "worker"],
            env=self._environment(),
            preexec_fn=die_with_parent_hook(signal.SIGKILL),
        )
        if not wait_until(lambda: self._pushers() >= before + 2, seconds=20):
            self.kill(process)
            raise AssertionError("the worker does not come up")
        return process

    def _pushers(self) -> int:
        sql = "SELECT 1 FROM pg_stat_activity WHERE application_name ~ '^radassign-queue-'"
        return len(self.run(sql, role=APP_ROLE))

    def kill(self, process: psutil.Popen) -> None:
        """Kill a worker with all of its own, however it was left."""
        below = process.children(recursive=True) if process.is_running() else []
        with suppress(psutil.NoSuchProcess):
            process.kill()
        process.wait(timeout=5)
        psutil.wait_procs(below, timeout=5)

    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.core.worker.scene.settings",
            "PYTHONPATH": str(_MANAGE.parent),
            "RADASSIGN_DATA_DIR": str(self.data_dir),
            "RADASSIGN_ROLE": "worker",
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "console",
        }
