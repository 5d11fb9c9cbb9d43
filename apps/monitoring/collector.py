"""Everything a scrape shows: counters of all processes of this machine, gauges of the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# The modules that declare figures: what nobody has counted yet is shown all the same.
from apps.assignment import metrics as _assignment
from apps.intake import metrics as _intake
from apps.monitoring.gauges import database_gauges
from apps.monitoring.multiprocess import merged_families
from apps.outbound import metrics as _outbound

DECLARING = (_assignment, _intake, _outbound)
# Of one web process among several; true for none of the others.
_OF_ONE_PROCESS = ("python_", "process_")


class StackCollector(Collector):
    """The figures of the whole stack, read anew for each scrape."""

    def __init__(self, folder: Path | None = None) -> None:
        """Use the folder that the processes of this machine share."""
        self._folder = folder or metrics_folder()

    def collect(self) -> Iterator[Metric]:
        """Yield each family once: merged where somebody counted, else as declared."""
        declared = {family.name: family for family in _declared()}
        for family in merged_families(self._folder):
            described = declared.pop(family.name, None)
            if described is not None:
                family.documentation = described.documentation
            yield family
        yield from declared.values()
        yield from database_gauges()


def _declared() -> Iterator[Metric]:
    for family in REGISTRY.collect():
        if not family.name.startswith(_OF_ONE_PROCESS):
            yield family


def stack_registry() -> CollectorRegistry:
    """Return a registry that holds the whole stack and nothing of this process."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StackCollector())
    return registry


def metrics_folder() -> Path:
    """Return where the processes of this machine keep their figures."""
    return Path(
        os.environ.get("PROMETHEUS_MULTIPROC_DIR") or settings.RADASSIGN_DATA_DIR / "metrics"
    )
