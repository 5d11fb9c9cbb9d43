"""Shifts: types of work with their hours, and where and what they read."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q, Value

from apps.audit.triggers import audited
from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import HolidayCalendar, Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.core.validators import validate_zone
from apps.roster.choices import HolidayModeChoices, StrategyChoices


def every_weekday() -> list[int]:
    """Return the ISO weekdays, Monday 1 to Sunday 7."""
    return [1, 2, 3, 4, 5, 6, 7]


class Shift(NaturalKeyModel):
    """A type of work with its hours, such as "MRI MSK Robina"."""

    natural_fields = ("code",)

    code = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    priority_level = models.SmallIntegerField(
        default=0, help_text="The highest goes first; negative is never assigned automatically."
    )
    start_local = models.TimeField(help_text="Wall clock in the shift's zone; included.")
    end_local = models.TimeField(
        help_text="Not included. At or before the start: on the next day; equal: 24 hours."
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=every_weekday,
        help_text="ISO weekdays of the start, Monday 1 to Sunday 7, separated by commas.",
    )
    time_zone = models.CharField(max_length=64, validators=[validate_zone])
    strategy = models.CharField(
        max_length=16, choices=StrategyChoices, default=StrategyChoices.LOAD_BALANCED
    )
    required_subspecialty = models.CharField(max_length=64, blank=True, default="")
    all_sites = models.BooleanField(
        default=True,
        help_text="Serves every site. Listing a site below turns this off; removing the last "
        "listed site leaves the shift without a site, never with all.",
    )
    calendar = models.ForeignKey(
        HolidayCalendar, on_delete=models.PROTECT, null=True, blank=True, related_name="shifts"
    )
    holiday_mode = models.CharField(
        max_length=8,
        choices=HolidayModeChoices,
        default=HolidayModeChoices.RUNS,
        help_text="On the holidays and closures of the calendar.",
    )
    readers_wanted = models.PositiveSmallIntegerField(
        default=1, help_text="On each run; 0 where it is meant to be empty at times."
    )
    is_exclusive = models.BooleanField(
        default=False, help_text="Who is on it is on no other shift at the same time."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holiday_mode="runs") | Q(calendar__isnull=False),
                name="shift_with_holidays_names_their_calendar",
                violation_error_message="Choose the calendar whose holidays count.",
            ),
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=Value([1, 2, 3, 4, 5, 6, 7])),
                name="shift_weekdays_are_iso",
            ),
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def clean(self) -> None:
        """Refuse weekdays that are not ISO weekdays."""
        if not set(self.weekdays or []) <= set(every_weekday()):
            raise ValidationError({"weekdays": "Weekdays are numbers from 1 (Monday) to 7."})


class ShiftWorkType(NaturalKeyModel):
    """One kind of work of a shift; an empty value is open."""

    natural_fields = ("shift__code", "modality", "body_part", "subspecialty", "urgency")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="work_types")
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    subspecialty = models.CharField(max_length=64, blank=True, default="")
    urgency = models.CharField(max_length=8, blank=True, default="", choices=UrgencyChoices)

    class Meta:
        verbose_name = "work type"
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        words = (self.modality, self.body_part, self.subspecialty, self.urgency)
        return " ".join(word for word in words if word) or "everything"


class ShiftSite(NaturalKeyModel):
    """A site that a shift serves."""

    natural_fields = ("shift__code", "site__code")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="site_rows")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="shift_rows")

    class Meta:
        verbose_name = "site of a shift"
        verbose_name_plural = "sites of a shift"
        constraints = [
            models.UniqueConstraint(fields=["shift", "site"], name="one_row_per_shift_and_site")
        ]
        triggers = [
            audited(),
            raises_version("roster"),
            pgtrigger.Trigger(
                name="ends_all_sites",
                when=pgtrigger.After,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func="""
                    UPDATE roster_shift SET all_sites = false
                    WHERE id = NEW.shift_id AND all_sites;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift_id} at {self.site_id}"
