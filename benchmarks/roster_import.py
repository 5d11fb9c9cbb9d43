"""How long a large roster file takes: read, compared and shown, applied, and compared again.

10,000 turns of 200 people on 500 shifts over eight weeks, as a workbook with a line for each: the
worst of its kind, as nearly every turn is a row of its own. A fresh embedded database of its own.
Run with ``python -m benchmarks roster_import``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from benchmarks.delivery import database


def run() -> dict[str, float | int]:
    """Return the figures."""
    with database() as env:
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.roster_import_load"],
            env={**os.environ, **env}, check=True, stdout=subprocess.PIPE, text=True,
        ).stdout  # fmt: skip
    figures: dict[str, float | int] = json.loads(output)
    return figures
