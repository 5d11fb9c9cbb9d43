"""Rosters that are proposed and not yet in force."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.roster.choices import DraftState
from apps.roster.models.people import Radiologist
from apps.roster.models.shifts import Shift


class RosterDraft(models.Model):
    """A period that is filled by the solver and edited by a person before it counts.

    ``wishes`` are the requirements and weights it was asked with, ``report`` what it came to: the
    gap to the best that is possible, and what could not be met and why.
    """

    name = models.CharField(max_length=120)
    site = models.ForeignKey(
        Site,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose managers may change it; none is who may everywhere.",
    )
    start_date = models.DateField()
    end_date = models.DateField()
    wishes = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=DraftState, default=DraftState.WAITING)
    report = models.JSONField(default=dict, blank=True)
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")),
                name="draft_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.name


class DraftProgress(models.Model):
    """How far a draft is that is worked out, as the solver said last, and at which attempt.

    Apart from the draft because it is written each second, which is nothing for the trail.
    """

    draft = models.OneToOneField(
        RosterDraft, primary_key=True, on_delete=models.CASCADE, related_name="progress_row"
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    said = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name_plural = "draft progress"

    def __str__(self) -> str:
        return f"{self.draft_id}, attempt {self.attempt}"


class DraftTurn(models.Model):
    """Somebody on the run of a shift that starts on a date, if the draft is published."""

    draft = models.ForeignKey(RosterDraft, on_delete=models.CASCADE, related_name="turns")
    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="+")
    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE, related_name="+")
    on = models.DateField()
    is_fixed = models.BooleanField(
        default=False, help_text="Set by a person; the solver keeps it when it runs again."
    )

    class Meta:
        ordering = ["on", "shift", "radiologist"]
        constraints = [
            models.UniqueConstraint(
                fields=["draft", "shift", "radiologist", "on"], name="one_draft_turn"
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.radiologist_id} on {self.shift_id}, {self.on}"
