"""Past days replayed against what is only thought of."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from apps.audit.triggers import audited
from apps.orders.models import Order
from apps.roster.models import RosterDraft
from apps.rules.models import RuleDraft
from apps.trials.choices import RunState


class WhatIf(models.Model):
    """The orders of some past days, decided again as if something else were in force.

    ``wishes`` says what beside the drafts: weights, strategies by shift, people left out or added,
    as ``apps.trials.wishes`` reads them. ``report`` is what it came to. From and until are moments,
    the end not included.
    """

    name = models.CharField(max_length=120)
    since = models.DateTimeField()
    until = models.DateTimeField()
    rule_draft = models.ForeignKey(
        RuleDraft, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    roster_draft = models.ForeignKey(
        RosterDraft, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    wishes = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=12, choices=RunState, default=RunState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0, help_text="Orders decided so far, both ways.")
    total = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    problem = models.CharField(max_length=300, blank=True, default="")
    made_by = models.CharField(max_length=160)
    sites = ArrayField(
        models.BigIntegerField(),
        null=True,
        blank=True,
        help_text="Where its maker might change rules, by id; null is everywhere.",
    )
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        verbose_name = "what-if"
        indexes = [
            models.Index(
                fields=["made_at"],
                condition=models.Q(state__in=["waiting", "running"]),
                name="whatif_to_be_done",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_on(self) -> date:
        """Return the last day that is replayed, on the viewer's clock."""
        return timezone.localdate(self.until - timedelta(seconds=1))


class PutAway(models.Model):
    """A what-if that was deleted: shown to nobody, and kept a while so that Undo brings it back.

    A row of its own, because a what-if is written each second while it is played, which is
    nothing for the trail that Undo reads.
    """

    whatif = models.OneToOneField(WhatIf, on_delete=models.CASCADE, related_name="put_away")
    at = models.DateTimeField()

    class Meta:
        verbose_name = "what-if put away"
        verbose_name_plural = "what-ifs put away"
        triggers = [audited()]

    def __str__(self) -> str:
        return f"what-if {self.whatif_id} put away"


class MovedOrder(models.Model):
    """An order that would have gone elsewhere; results as ``apps.trials`` writes them."""

    whatif = models.ForeignKey(WhatIf, on_delete=models.CASCADE, related_name="moves")
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)

    class Meta:
        ordering = ["whatif", "pk"]

    def __str__(self) -> str:
        return f"{self.whatif_id}: order {self.order_id}"
