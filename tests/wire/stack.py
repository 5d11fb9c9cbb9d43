"""A database and listener processes of their own, which a test may kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from radassign.postgres import EmbeddedPostgres
from radassign.postgres.record import APP_ROLE, OWNER_ROLE, connection_settings

ROOT = Path(__file__).resolve().parents[2]


class Stack:
    """An embedded PostgreSQL with the project's tables, beside the one of the test run."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.postgres = EmbeddedPostgres(data_dir, disposable=True)
        self._servers: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        self.start_postgres()
        self.manage("migrate", "--skip-checks", "-v", "0")

    def manage(self, *arguments: str) -> None:
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT, env=self.environment(), check=True, timeout=120,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return inherited | {
            "RADASSIGN_DATA_DIR": str(self.data_dir),
            "RADASSIGN_TESTING": "0",
            "RADASSIGN_ROLE": "listener",
            "PROMETHEUS_MULTIPROC_DIR": str(self.data_dir / "metrics"),
        }

    def start_postgres(self) -> None:
        """Start the server unless it runs; its process is kept, so that it can be reaped."""
        if self.postgres.state().pid is None:
            self._servers.append(self.postgres.spawn(die_with_parent=True))
        self.postgres.wait_ready()

    def stop_postgres(self) -> None:
        self.postgres.stop()
        self._reap()

    def kill_postgres(self) -> None:
        pid = self.postgres.state().pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        self._reap()

    def destroy(self) -> None:
        self.postgres.destroy()
        self._reap()

    def _reap(self) -> None:
        while self._servers:
            self._servers.pop().wait(timeout=30)

    def connect(self, role: str = APP_ROLE) -> psycopg.Connection[tuple[Any, ...]]:
        where = connection_settings(self.data_dir, role=role)
        return psycopg.connect(
            host=where["HOST"], port=where["PORT"], dbname=where["NAME"], user=where["USER"],
            password=where["PASSWORD"], autocommit=True,
        )  # fmt: skip

    def rows(self, query: str, parameters: Sequence[Any] = (), role: str = APP_ROLE) -> list[Any]:
        with self.connect(role) as connection:
            cursor = connection.execute(query, parameters)  # type: ignore[call-overload] # a test's own text
            return cursor.fetchall() if cursor.description else []

    def rows_as_owner(self, query: str) -> list[Any]:
        return self.rows(query, role=OWNER_ROLE)

    def stored(self, facility: str) -> list[tuple[str, str, str]]:
        """Return control id, state and answer of a facility's messages, in order of arrival."""
        return self.rows(
            "SELECT control_id, state, ack_code FROM intake_inboundmessage"
            " WHERE sender = %s ORDER BY arrival_seq",
            [f"PACS|{facility}"],
        )

    @contextmanager
    def listener(self, settings: Mapping[str, str] | None = None) -> Iterator[ListenerProcess]:
        process = ListenerProcess(self, settings or {})
        try:
            yield process
        finally:
            process.end()


class ListenerProcess:
    """``manage.py hl7_listener`` on ports that stay the same over restarts."""

    def __init__(self, stack: Stack, settings: Mapping[str, str]) -> None:
        self._stack = stack
        self._settings = settings
        self.port = 0
        self.tls_port = 0
        self.start()

    def start(self) -> None:
        ports = ["--port", str(self.port), "--tls-port", str(self.tls_port)]
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "hl7_listener", *ports],
            cwd=ROOT, env={**self._stack.environment(), **self._settings}, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.port = self._announced()
        if "HL7_TLS_PORT" in self._settings:
            self.tls_port = self._announced()

    def _announced(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline().rpartition(":")[2])

    def kill(self) -> None:
        self.process.kill()
        self._wait()

    def end(self) -> int:
        self.process.terminate()
        return self._wait()

    def _wait(self) -> int:
        code = self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code
