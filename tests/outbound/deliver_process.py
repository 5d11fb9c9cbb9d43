"""A deliver process that a test may kill: slices one after the other, as the cluster runs them."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]


class DeliverProcess:
    """Runs on the test's database."""

    module = "tests.outbound.deliver_process"

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": _url(), "RADASSIGN_ROLE": "command"},
            stdin=subprocess.PIPE,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)
        assert self.process.stdin is not None
        self.process.stdin.close()


def _url() -> str:
    where = connection.settings_dict
    user, password = quote(where["USER"]), quote(where["PASSWORD"])
    name, host = where["NAME"], quote(where["HOST"], safe="")
    return f"postgresql://{user}:{password}@:{where['PORT']}/{name}?host={host}"


def main() -> None:
    import django  # noqa: PLC0415 -- only in the process

    threading.Thread(target=_end_with_parent, daemon=True).start()
    django.setup()
    from apps.outbound.tasks import deliver_slice  # noqa: PLC0415 -- after the settings

    while True:
        deliver_slice()
        time.sleep(0.05)


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    main()
