"""``manage.py worker``: the watchdog over all clusters."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.backends.signals import connection_created

from apps.core.process import on_stop_signal
from apps.core.queue.clusters import ClusterSpec, clusters
from apps.core.worker.child import ClusterProcess, Launch
from apps.core.worker.stop_signal import StopSignal
from apps.core.worker.watchdog import Guarded, Watchdog, limit_statements


class Command(BaseCommand):
    """Starts the clusters, wakes them, and starts anew what dies or stalls."""

    help = "Run and watch the clusters that decide, deliver and plan; any number on any machine."
    requires_system_checks = ()  # a start after a crash has no time for them

    def handle(self, *_args: object, **_options: Any) -> None:
        """Mind the clusters until SIGTERM or Ctrl-C."""
        connection_created.connect(limit_statements)
        stop_signal = StopSignal()
        guarded = [
            Guarded(spec, ClusterProcess(spec.name, _command(spec), time.monotonic))
            for spec in clusters()
        ]
        on_stop_signal(stop_signal.set)
        Watchdog(guarded, stop_signal).run()


def _command(spec: ClusterSpec) -> Launch:
    """Return how to start a cluster: our own Python, and the name where django-q2 looks for it."""
    manage = Path(settings.BASE_DIR) / "manage.py"
    environment = {**os.environ, "Q_CLUSTER_NAME": spec.name, "RADASSIGN_ROLE": "worker"}
    return [sys.executable, str(manage), "run_cluster", spec.name], environment
