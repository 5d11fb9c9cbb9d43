from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_a_starting_process_takes_in_what_ended_ones_left(tmp_path: Path) -> None:
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    counting = "from prometheus_client import Counter; Counter('orders_total', '.').inc()"
    subprocess.run([sys.executable, "-c", counting], check=True, env=environment)

    (left,) = tmp_path.glob("counter_*.db")

    starting = "import django; django.setup()"
    subprocess.run(
        [sys.executable, "-c", starting],
        check=True,
        env=environment | {"DJANGO_SETTINGS_MODULE": "radassign.settings"},
    )

    assert (tmp_path / "counter_1.archive").exists()
    assert not left.exists()
