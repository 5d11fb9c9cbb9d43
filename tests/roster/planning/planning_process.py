"""A process that works out drafts and that a test may kill."""

from __future__ import annotations

import os
import sys
import threading

from tests.outbound.deliver_process import DeliverProcess


class PlanningProcess(DeliverProcess):
    """Runs on the test's database."""

    module = "tests.roster.planning.planning_process"


def main() -> None:
    import django  # noqa: PLC0415 -- only in the process

    threading.Thread(target=_end_with_parent, daemon=True).start()
    django.setup()
    from apps.core.queue.jobs import slow_slice  # noqa: PLC0415 -- after the settings

    slow_slice()


def _end_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    main()
