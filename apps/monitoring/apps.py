"""How Django finds this app."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Register health and metrics."""

    name = "apps.monitoring"
    label = "monitoring"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Take in the figures of ended processes, so that restarts never pile up files.

        A scrape does it as well, but nobody may be scraping.
        """
        folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if not folder:
            return
        # After the settings, which choose the folder that prometheus_client reads at its import.
        from apps.monitoring.multiprocess import compact  # noqa: PLC0415

        with suppress(OSError):  # figures are no reason not to start
            compact(Path(folder))
