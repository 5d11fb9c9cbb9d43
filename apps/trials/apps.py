"""How Django finds this app."""

from __future__ import annotations

from django.apps import AppConfig


class TrialsConfig(AppConfig):
    """Register what is tried out, and the slow work behind it."""

    name = "apps.trials"
    label = "trials"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have what-ifs played by the slow cluster."""
        from apps.core.queue import jobs  # noqa: PLC0415 -- models come first
        from apps.trials.whatif import job, working  # noqa: PLC0415 -- as above

        jobs.register("what-if", job.play_once, working.waiting_since)
