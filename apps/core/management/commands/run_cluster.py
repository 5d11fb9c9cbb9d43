"""``manage.py run_cluster decide|deliver|plan``: one cluster, as the worker starts it."""

from __future__ import annotations

import logging
import os
import pydoc
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.process import on_stop_signal
from apps.core.queue import clusters
from apps.core.worker.sentinel import GuardedSentinel
from apps.core.worker.stop_signal import StopSignal

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs one cluster until SIGTERM; the worker runs and watches all of them."""

    help = "Run one django-q2 cluster; `manage.py worker` runs and watches them all."
    requires_system_checks = ()  # a start after a crash has no time for them

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the cluster's name."""
        parser.add_argument("cluster", choices=[spec.name for spec in clusters.clusters()])

    def handle(self, *_args: object, cluster: str, **_options: Any) -> None:
        """Load what the slice needs, then start and guard the processes."""
        if os.environ.get("Q_CLUSTER_NAME") != cluster:
            raise CommandError(f"django-q2 reads the name at import: set Q_CLUSTER_NAME={cluster}")
        _load(clusters.cluster(cluster).slice_task)
        stop_signal = StopSignal()
        sentinel = GuardedSentinel(cluster, stop_signal)
        on_stop_signal(stop_signal.set)
        sentinel.run()


def _load(slice_task: str) -> None:
    """Import the task before the fork: workers share its pages and the first nudge is quick."""
    try:
        if pydoc.locate(slice_task) is None:
            log.error("there is no task %s", slice_task)
    except pydoc.ErrorDuringImport:
        log.exception("the task %s cannot be loaded", slice_task)
