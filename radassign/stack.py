"""What a running stack tells the other commands of its data folder: ports and who runs it.

A ``send_hl7`` in another terminal finds the listener of the stack through this file, whatever
ports the stack was started with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

FILE = "stack.json"


def announce(data_dir: Path, ports: Mapping[str, int]) -> None:
    """Write the ports by the names of their settings, for as long as this process lives."""
    content = {"pid": os.getpid(), "started": process_start(os.getpid()), "ports": dict(ports)}
    temporary = data_dir / f"{FILE}.new"
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(content) + "\n", encoding="ascii")
    temporary.replace(data_dir / FILE)


def withdraw(data_dir: Path) -> None:
    """Forget the stack."""
    (data_dir / FILE).unlink(missing_ok=True)


def running_ports(data_dir: Path) -> dict[str, int]:
    """Return the ports of the stack that runs on the folder; empty while none does."""
    try:
        content = json.loads((data_dir / FILE).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    # A number alone could be another process by now; with its start time it cannot.
    if process_start(content["pid"]) != content["started"]:
        return {}
    return {name: int(number) for name, number in content["ports"].items()}


def process_start(pid: int) -> str | None:
    """Return when the process started, in clock ticks since boot; None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold spaces; the start time is the 20th field after it.
    return text.rpartition(")")[2].split()[19]
