"""Records that carry no radiology: configuration versions, heartbeats, due times, queue tasks."""

from __future__ import annotations

from django.db import models


class ConfigVersion(models.Model):
    """The number of times an area of configuration was edited; raised by statement triggers.

    A decider compares it in its own transaction, so an edit binds the very next decision.
    """

    area = models.CharField(max_length=32, primary_key=True)
    version = models.BigIntegerField(default=1)

    class Meta:
        verbose_name = "configuration version"

    def __str__(self) -> str:
        return f"{self.area} {self.version}"


class Heartbeat(models.Model):
    """The last sign of life of one process; rows of dead processes are swept."""

    name = models.CharField(max_length=120, primary_key=True)
    role = models.CharField(max_length=32, db_index=True)
    at = models.DateTimeField()
    details = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%H:%M:%S}"


class DueTime(models.Model):
    """Something that must happen once at a time; taken with SKIP LOCKED and deleted when done.

    ``kind`` names the handler, ``subject`` what it is about; one row for each pair.
    """

    kind = models.CharField(max_length=40)
    subject = models.CharField(max_length=80)
    due_at = models.DateTimeField(db_index=True)
    payload = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = "due time"
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject"], name="one_due_time_per_subject")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} at {self.due_at:%Y-%m-%d %H:%M:%S}"


class QueueTask(models.Model):
    """A nudge waiting for a cluster: never the truth, only a reason to look.

    At most one unclaimed nudge of a kind exists per cluster (``dedupe_key``).
    """

    cluster = models.CharField(max_length=32)
    dedupe_key = models.CharField(max_length=64, blank=True, default="")
    payload = models.TextField()
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "queue task"
        indexes = [models.Index(fields=["cluster", "id"], name="queue_task_by_cluster")]
        constraints = [
            models.UniqueConstraint(
                fields=["cluster", "dedupe_key"],
                condition=models.Q(claimed_until__isnull=True) & ~models.Q(dedupe_key=""),
                name="one_waiting_nudge_per_kind",
            )
        ]

    def __str__(self) -> str:
        return f"{self.cluster} task {self.pk}"
