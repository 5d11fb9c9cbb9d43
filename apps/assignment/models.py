"""Who reads what and why: assignments, the unassigned queue, the workload ledger."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.assignment.choices import (
    AssignmentState,
    EndReason,
    LedgerKind,
    ReasonChoices,
    RecordedStrategy,
)
from apps.assignment.models_shadow import ShadowResult, ShadowTally
from apps.orders.models import Order
from apps.roster.models import Radiologist, Shift

__all__ = [
    "Assignment",
    "DecisionBasis",
    "LedgerEntry",
    "ReplayCheck",
    "ShadowResult",
    "ShadowTally",
    "ShiftTurn",
    "Unassigned",
]


class Assignment(models.Model):
    """An order given to a radiologist; one current per order, all earlier ones kept.

    ``trace`` holds everything the decision was made from (``apps.engine.trace``), so that
    replaying it gives the same answer. ``latency_ms`` runs from the order's receipt to the
    decision.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="assignments")
    # Found by the index over radiologist and time.
    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    shift = models.ForeignKey(
        Shift, null=True, blank=True, on_delete=models.SET_NULL, related_name="assignments"
    )
    shift_code = models.CharField(max_length=64, blank=True, default="")
    rule_id = models.BigIntegerField(null=True, blank=True)
    rule_version = models.PositiveIntegerField(null=True, blank=True)
    strategy = models.CharField(max_length=16, choices=RecordedStrategy)
    escalated = models.BooleanField(default=False)
    state = models.CharField(
        max_length=16, choices=AssignmentState, default=AssignmentState.ASSIGNED
    )
    is_current = models.BooleanField(default=True)
    urgency = models.CharField(max_length=8)
    rvu = models.DecimalField(max_digits=7, decimal_places=2)
    units = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        default=1,
        db_default=1,
        help_text="The work as fairness counts it, in the department's unit.",
    )
    assigned_at = models.DateTimeField()
    acknowledge_due_at = models.DateTimeField(
        null=True, blank=True, help_text="When the reader must have acknowledged it."
    )
    acknowledge_missed_at = models.DateTimeField(
        null=True, blank=True, help_text="When they were found not to have; once."
    )
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    turnaround_seconds = models.PositiveIntegerField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    end_reason = models.CharField(max_length=16, choices=EndReason, blank=True, default="")
    made_by = models.CharField(
        max_length=160, blank=True, default="", help_text="Who chose the reader by hand."
    )
    made_note = models.CharField(
        max_length=200, blank=True, default="", help_text="Why, as they typed it."
    )
    end_note = models.CharField(
        max_length=200, blank=True, default="", help_text="Why it ended, as a person typed it."
    )
    latency_ms = models.PositiveIntegerField(default=0)
    trace = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["order"], condition=Q(is_current=True), name="one_current_assignment"
            ),
            models.CheckConstraint(
                condition=Q(is_current=True, ended_at__isnull=True, end_reason="")
                & ~Q(state="ended")
                | Q(is_current=False, ended_at__isnull=False, state="ended") & ~Q(end_reason=""),
                name="an_assignment_is_current_or_ended",
            ),
            models.CheckConstraint(
                condition=Q(completed_at__isnull=True, turnaround_seconds__isnull=True)
                | Q(completed_at__isnull=False, turnaround_seconds__isnull=False),
                name="completed_with_its_turnaround",
            ),
            models.CheckConstraint(
                condition=Q(rule_id__isnull=True, rule_version__isnull=True)
                | Q(rule_id__isnull=False, rule_version__isnull=False),
                name="rule_with_its_version",
            ),
        ]
        indexes = [
            models.Index(fields=["-assigned_at"], name="assignment_by_time"),
            models.Index(
                fields=["-assigned_at"],
                condition=Q(escalated=True),
                name="assignment_escalated",
            ),
            models.Index(
                fields=["-completed_at"],
                condition=Q(completed_at__isnull=False),
                name="assignment_completed",
            ),
            models.Index(
                fields=["radiologist"],
                condition=Q(is_current=True, completed_at__isnull=True),
                name="assignment_open_by_reader",
            ),
            models.Index(
                fields=["acknowledge_due_at"],
                condition=Q(
                    is_current=True,
                    state="assigned",
                    acknowledge_missed_at__isnull=True,
                    acknowledge_due_at__isnull=False,
                ),
                name="assignment_unacknowledged",
            ),
            models.Index(fields=["radiologist", "-assigned_at"], name="assignment_by_reader"),
            models.Index(
                fields=["radiologist", "-completed_at"],
                condition=Q(completed_at__isnull=False),
                name="assignment_done_by_reader",
            ),
        ]

    def __str__(self) -> str:
        return f"order {self.order_id} to {self.radiologist_id}"


class Unassigned(models.Model):
    """An order without a reader, with its reason; tried again when something could help."""

    order = models.OneToOneField(
        Order, primary_key=True, on_delete=models.CASCADE, related_name="unassigned"
    )
    reason = models.CharField(max_length=32, choices=ReasonChoices)
    reason_text = models.CharField(max_length=200, blank=True, default="")
    urgency_rank = models.PositiveSmallIntegerField(default=2)
    since = models.DateTimeField()
    tried_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=1)
    is_waiting = models.BooleanField(
        default=True, help_text="Tried again by itself; a held order waits for its release."
    )
    trace = models.JSONField(default=dict)

    class Meta:
        verbose_name = "unassigned order"
        indexes = [
            models.Index(
                fields=["urgency_rank", "since"],
                condition=Q(is_waiting=True),
                name="unassigned_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"order {self.order_id}: {self.reason}"


class LedgerEntry(models.Model):
    """One line of the workload ledger, append-only and in commit order.

    The hourly limits and the mean turnaround are counted from it.
    """

    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE)
    shift_code = models.CharField(max_length=64, blank=True, default="")
    kind = models.CharField(max_length=16, choices=LedgerKind)
    at = models.DateTimeField(db_index=True)
    rvu = models.DecimalField(max_digits=7, decimal_places=2)
    units = models.DecimalField(max_digits=9, decimal_places=2, default=1, db_default=1)
    given_at = models.DateTimeField(
        null=True, blank=True, help_text="Of what is taken away: when it was given."
    )
    turnaround_seconds = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger entries"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["assigned", "returned"], turnaround_seconds__isnull=True)
                | Q(kind="completed", turnaround_seconds__isnull=False),
                name="a_completion_has_its_turnaround",
            )
        ]

    def __str__(self) -> str:
        return f"{self.radiologist_id} {self.kind}"


class ShiftTurn(models.Model):
    """The last time a radiologist was given a study on a shift; round robin goes by it."""

    shift_code = models.CharField(max_length=64)
    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE)
    last_assigned_at = models.DateTimeField()

    class Meta:
        verbose_name = "shift turn"
        constraints = [
            models.UniqueConstraint(
                fields=["shift_code", "radiologist"], name="one_turn_per_shift_and_reader"
            )
        ]

    def __str__(self) -> str:
        return f"{self.radiologist_id} on {self.shift_code}"


class DecisionBasis(models.Model):
    """An area of configuration as decisions of one version read it, for replay.

    ``payload`` is the area's canonical JSON (``apps.engine.replay``), zlib-compressed. What orders
    were decided from together lies here too, by digest; ``made_at`` is when that was.
    """

    area = models.CharField(max_length=32)
    version = models.BigIntegerField()
    payload = models.BinaryField()
    made_at = models.DateTimeField(
        null=True, blank=True, help_text="Of a burst: when it was decided; it is kept for a time."
    )

    class Meta:
        verbose_name = "decision basis"
        verbose_name_plural = "decision bases"
        indexes = [
            models.Index(
                fields=["made_at"],
                condition=Q(made_at__isnull=False),
                name="basis_of_a_burst_by_time",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["area", "version"], name="one_basis_per_version")
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.version}"


class ReplayCheck(models.Model):
    """A sample of stored decisions made again: that each gives the same answer, byte for byte.

    ``drifts`` names those that did not: what (an assignment or an unassigned order), its id, the
    state, and the place of the first difference. The newest check that settles says whether there
    is an alarm: a sample by hand that looked at other decisions takes none away.
    """

    at = models.DateTimeField()
    since = models.DateTimeField(help_text="Decisions from here on were sampled.")
    by_hand = models.BooleanField(default=False, help_text="Not the nightly one.")
    settles = models.BooleanField(
        default=True,
        help_text="Its word stands until another one's: it found a difference, or looked where the "
        "last one that did had looked.",
    )
    looked_at = models.PositiveIntegerField(default=0)
    same = models.PositiveIntegerField(default=0)
    no_basis = models.PositiveIntegerField(default=0)
    drifted = models.PositiveIntegerField(default=0)
    drifts = models.JSONField(default=list)
    took_ms = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["-at"], name="replay_check_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.same} of {self.looked_at} the same"
