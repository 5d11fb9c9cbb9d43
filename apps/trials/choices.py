"""Closed vocabularies of trials."""

from __future__ import annotations

from django.db import models


class RunState(models.TextChoices):
    """Where a what-if is."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"
