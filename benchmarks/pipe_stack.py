"""A whole stack for benchmarks: its own data folder, free ports, the full-size department."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_READY_SECONDS = 120.0
_STOP_SECONDS = 60.0


@dataclass(frozen=True)
class Stack:
    """A running stack: the environment of its commands, its listener and its destination."""

    env: dict[str, str]
    supervisor: int
    hl7_port: int
    ris_port: int

    def listener_pid(self) -> int:
        """Return the listener's process id."""
        for pid in _children(self.supervisor):
            if b"hl7_listener" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        raise LookupError("no listener runs")

    def resident_mib(self, pid: int) -> float:
        """Return the memory that a process holds."""
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Start ``manage.py up`` as an operator would, load the department, stop all at the end."""
    http_port, hl7_port, ris_port = _free_ports(3)
    data_dir = Path(tempfile.mkdtemp(prefix="radassign-bench-"))
    data_dir.chmod(0o711)  # the database server, demoted where we are root, passes through
    env = {
        **os.environ,
        "RADASSIGN_DATA_DIR": str(data_dir),
        "HTTP_PORT": str(http_port),
        "HL7_PORT": str(hl7_port),
        "RIS_PORT": str(ris_port),
        "LOG_LEVEL": "WARNING",
    }
    env.pop("DATABASE_URL", None)
    log = data_dir / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "up"], env=env, stdout=output, stderr=output
        )
    try:
        _wait_until_ready(process, log)
        subprocess.run(  # noqa: S603 -- our own command
            [sys.executable, "-m", "benchmarks.department", str(ris_port)],
            env=env, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        yield Stack(env, process.pid, hl7_port, ris_port)
    finally:
        process.terminate()
        process.wait(timeout=_STOP_SECONDS)
        shutil.rmtree(data_dir, ignore_errors=True)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    ends_at = time.monotonic() + _READY_SECONDS
    while "ready." not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > ends_at:
            raise RuntimeError(f"the stack did not come up:\n{log.read_text(encoding='utf-8')}")
        time.sleep(0.2)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(word) for word in text.split()]
