"""Turns that somebody asks others to take."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from apps.audit.triggers import audited
from apps.core.natural import NaturalKeyModel
from apps.roster.choices import SwapState
from apps.roster.models.people import Radiologist
from apps.roster.models.rota import RosterOverride
from apps.roster.models.shifts import Shift


class SwapRequest(NaturalKeyModel):
    """Somebody asks that a turn of theirs be taken: by one person, or by whoever may.

    Once it is taken ``override`` is the swap that came of it. ``made_by`` and ``answered_by`` are
    actors as the trail names them; a manager may ask and answer on behalf.
    """

    natural_fields = ("shift__code", "radiologist_id", "start_date")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="swap_requests")
    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="swaps_asked"
    )
    asked = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, null=True, blank=True, related_name="swaps_offered"
    )
    start_date = models.DateField()
    end_date = models.DateField()
    start_local = models.TimeField(null=True, blank=True)
    end_local = models.TimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, default="")
    state = models.CharField(max_length=12, choices=SwapState, default=SwapState.OPEN)
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    answered_by = models.CharField(max_length=160, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)
    override = models.OneToOneField(
        RosterOverride, on_delete=models.SET_NULL, null=True, blank=True, related_name="request"
    )

    class Meta:
        ordering = ["start_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")),
                name="swap_request_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            ),
            models.CheckConstraint(
                condition=Q(asked__isnull=True) | ~Q(asked=F("radiologist")),
                name="swap_is_asked_of_somebody_else",
                violation_error_message="Nobody swaps with themselves.",
            ),
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"of {self.radiologist_id} for {self.shift.code} on {self.start_date}"
