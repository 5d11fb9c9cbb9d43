"""Runs the benchmarks, prints a table and writes ``bench.json`` into the data folder.

Each module has a ``run()`` that returns figures by name. Names of modules on the command line
choose among them: ``python -m benchmarks engine_decide hl7_parse``.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

MODULES = (
    "engine_decide",
    "optimal",
    "simulate",
    "coverage",
    "hl7_parse",
    "intake_read",
    "listener",
    "delivery",
    "pipe",
    "board",
    "pages",
    "auto_roster",
    "roster_import",
    "whatif",
)

Figures = Mapping[str, float | int | str]


def main(chosen: list[str]) -> int:
    """Run what was chosen, all by default."""
    unknown = sorted(set(chosen) - set(MODULES))
    if unknown:
        sys.stderr.write(f"no such benchmark: {', '.join(unknown)}; {', '.join(MODULES)}\n")
        return 2
    results: dict[str, Figures] = {}
    for name in chosen or MODULES:
        if importlib.util.find_spec(f"benchmarks.{name}") is None:
            continue
        results[name] = importlib.import_module(f"benchmarks.{name}").run()
        print_table(name, results[name])
    write(results)
    return 0


def print_table(name: str, figures: Figures) -> None:
    """Print one benchmark's figures, one a line."""
    width = max(map(len, figures), default=0)
    print(f"\n{name}")
    for label, value in figures.items():
        print(f"  {label:<{width}}  {value:>14,.3f}" if isinstance(value, float)
              else f"  {label:<{width}}  {value:>14}")  # fmt: skip


def write(results: Mapping[str, Figures]) -> None:
    """Write the figures with what they were measured on."""
    folder = Path(os.environ.get("RADASSIGN_DATA_DIR") or "var")
    folder.mkdir(parents=True, exist_ok=True)
    content = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "figures": results,
    }
    path = folder / "bench.json"
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    print(f"\nwritten to {path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
