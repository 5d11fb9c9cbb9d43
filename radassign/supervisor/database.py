"""PostgreSQL as a service: when its server is killed, it comes back after the crash is tidied."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass

from radassign.postgres import EmbeddedPostgres


@dataclass(frozen=True)
class PostgresService:
    """The embedded server of the data folder; ends last."""

    server: EmbeddedPostgres
    name: str = "postgres"
    stop_phase: int = 9
    # PostgreSQL's fast shutdown: sessions are ended, and nothing needs recovery at the start.
    stop_signal: signal.Signals = signal.SIGINT

    def start(self, *, waited_seconds: float) -> subprocess.Popen[bytes] | None:
        """Start the server as soon as nothing of a killed one stands in the way."""
        if not self.server.is_way_clear(waited_seconds=waited_seconds):
            return None
        return self.server.spawn(die_with_parent=True)

    def sweep(self, process: subprocess.Popen[bytes]) -> None:
        """Leave its orphans alone: they notice by themselves, and ``start`` waits for them."""
