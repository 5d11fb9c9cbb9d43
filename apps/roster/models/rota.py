"""The roster: who is on which shift, by rows, rotations and overrides."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value

from apps.audit.triggers import audited
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.core.validators import validate_zone
from apps.roster.choices import OverrideKind, RosterStatus, RotationUnitChoices
from apps.roster.models.people import Radiologist
from apps.roster.models.shifts import Shift

_WEEKDAYS = Value([1, 2, 3, 4, 5, 6, 7])


def _days(start: str, end: str) -> Func:
    return Func(F(start), F(end), Value("[]"), function="daterange", output_field=DateRangeField())


def _hours(start: str, end: str) -> Func:
    """Return hours of the clock as ranges that can be compared; none are the whole day."""
    return Func(F(start), F(end), function="roster_hours", output_field=models.TextField())


class RosterAssignment(NaturalKeyModel):
    """A person on a shift: every occurrence whose local start date lies in the dates.

    Both ends are included; an empty end is open. Empty weekdays are all on which the shift runs;
    ``every_weeks`` counts weeks, Monday to Sunday, from that of the start date.
    """

    natural_fields = ("shift__code", "radiologist_id", "start_date")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="roster")
    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE, related_name="roster")
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    every_weeks = models.PositiveSmallIntegerField(default=1)
    status = models.CharField(max_length=16, choices=RosterStatus, default=RosterStatus.ACTIVE)
    source = models.ForeignKey(
        "roster.RosterSource",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="rows",
        help_text="What it was imported from, which also changes and ends it.",
    )

    class Meta:
        ordering = ["shift", "start_date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(every_weeks__gte=1) & Q(weekdays__contained_by=_WEEKDAYS),
                name="roster_pattern_is_of_weeks",
                violation_error_message="Weekdays are 1 to 7, and it comes every week or less.",
            ),
            models.CheckConstraint(
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="roster_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            ),
            ExclusionConstraint(
                name="roster_rows_do_not_overlap",
                expressions=[
                    ("shift", RangeOperators.EQUAL),
                    ("radiologist", RangeOperators.EQUAL),
                    (_days("start_date", "end_date"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status=RosterStatus.ACTIVE),
                deferrable=Deferrable.DEFERRED,
                violation_error_message="This radiologist is on this shift on some of these "
                "dates already; end or cancel the other row first.",
            ),
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id} on {self.shift.code} from {self.start_date}"

    def clean(self) -> None:
        """Refuse an end before the start; such dates make no range to compare with others."""
        if self.end_date is not None and self.end_date < self.start_date:
            raise ValidationError({"end_date": "The end date lies before the start date."})


class Rotation(NaturalKeyModel):
    """People who take turns on a shift, from a date on; a turn lasts some weeks, days or runs.

    A change of who takes turns ends the rotation and begins another, so that the past stays.
    """

    natural_fields = ("shift__code", "start_date", "name")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="rotations")
    name = models.CharField(max_length=120, blank=True, default="")
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    unit = models.CharField(
        max_length=8, choices=RotationUnitChoices, default=RotationUnitChoices.WEEKS
    )
    length = models.PositiveSmallIntegerField(
        default=1, help_text="How many of them a turn lasts."
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        blank=True,
        help_text="Only these count; none are all on which the shift runs.",
    )
    status = models.CharField(max_length=16, choices=RosterStatus, default=RosterStatus.ACTIVE)

    class Meta:
        ordering = ["shift", "start_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="rotation_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            ),
            models.CheckConstraint(
                condition=Q(length__gte=1) & Q(weekdays__contained_by=_WEEKDAYS),
                name="rotation_turns_have_a_length",
                violation_error_message="A turn lasts at least one, and weekdays are 1 to 7.",
            ),
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return self.name or f"on {self.shift.code} from {self.start_date}"


class RotationTurn(NaturalKeyModel):
    """Whose turn it is at a place of a rotation; nobody's where it is meant to be empty."""

    natural_fields = (
        "rotation__shift__code",
        "rotation__start_date",
        "rotation__name",
        "position",
    )

    rotation = models.ForeignKey(Rotation, on_delete=models.CASCADE, related_name="turns")
    position = models.PositiveSmallIntegerField()
    radiologist = models.ForeignKey(
        Radiologist,
        # A turn less would move everybody's turns, past ones too.
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="rotation_turns",
    )

    class Meta:
        ordering = ["rotation", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["rotation", "position"],
                name="one_turn_at_a_place",
                deferrable=Deferrable.DEFERRED,
            )
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.position}: {self.radiologist_id or 'nobody'}"


class PlannedGap(NaturalKeyModel):
    """Days on which nobody is meant to be on a shift, both ends included, and why."""

    natural_fields = ("shift__code", "start_date", "reason")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="planned_gaps")
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["start_date", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__isnull=True) | Q(end_date__gte=F("start_date")),
                name="planned_gap_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.reason


class RosterOverride(models.Model):
    """Leave, other work, a swap or an extra turn on some dates, both ends included.

    Leave covers every shift, and so does work that is not reading (a board, teaching, a list of
    procedures); a swap puts ``taker`` in the place of ``radiologist`` on one shift; an extra adds
    ``radiologist`` to a shift. With ``start_local`` and ``end_local`` only these hours of each
    date: on the wall clock of the shift's zone, or for leave and other work of ``time_zone``.
    """

    kind = models.CharField(max_length=12, choices=OverrideKind)
    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="overrides"
    )
    shift = models.ForeignKey(
        Shift, on_delete=models.CASCADE, null=True, blank=True, related_name="overrides"
    )
    taker = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, null=True, blank=True, related_name="swaps_taken"
    )
    start_date = models.DateField()
    end_date = models.DateField()
    start_local = models.TimeField(null=True, blank=True)
    end_local = models.TimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, blank=True, default="", validators=[validate_zone])
    status = models.CharField(max_length=16, choices=RosterStatus, default=RosterStatus.ACTIVE)
    note = models.CharField(max_length=200, blank=True, default="")
    source = models.ForeignKey(
        "roster.RosterSource",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="extras",
        help_text="What it was imported from, which also changes and ends it.",
    )

    class Meta:
        ordering = ["start_date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")),
                name="override_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            ),
            models.CheckConstraint(
                condition=Q(
                    kind__in=["leave", "other_work"], shift__isnull=True, taker__isnull=True
                )
                | Q(kind="swap", shift__isnull=False, taker__isnull=False)
                | Q(kind="extra", shift__isnull=False, taker__isnull=True),
                name="override_fields_fit_its_kind",
                violation_error_message="Leave and other work name no shift and no taker, a swap names "
                "both, an extra turn names a shift only.",
            ),
            models.CheckConstraint(
                condition=Q(start_local__isnull=True, end_local__isnull=True)
                | Q(start_local__isnull=False, end_local__isnull=False, shift__isnull=False)
                | (
                    Q(start_local__isnull=False, end_local__isnull=False, shift__isnull=True)
                    & ~Q(time_zone="")
                ),
                name="override_hours_have_two_ends_and_a_zone",
                violation_error_message="Hours have a start, an end and a zone.",
            ),
            models.CheckConstraint(
                condition=Q(taker__isnull=True) | ~Q(taker=F("radiologist")),
                name="swap_is_with_somebody_else",
                violation_error_message="Nobody swaps with themselves.",
            ),
            ExclusionConstraint(
                name="a_seat_is_swapped_once",
                expressions=[
                    ("shift", RangeOperators.EQUAL),
                    ("radiologist", RangeOperators.EQUAL),
                    (_days("start_date", "end_date"), RangeOperators.OVERLAPS),
                    (_hours("start_local", "end_local"), RangeOperators.OVERLAPS),
                ],
                condition=Q(status=RosterStatus.ACTIVE, kind=OverrideKind.SWAP),
                deferrable=Deferrable.DEFERRED,
                violation_error_message="Somebody stands in for this radiologist on this shift "
                "for some of this time already; change or cancel the other swap first.",
            ),
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.radiologist_id} from {self.start_date}"

    @property
    def is_partial(self) -> bool:
        """Return whether it covers some hours of each date only."""
        return self.start_local is not None
