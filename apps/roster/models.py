"""People, their competencies, shifts and who is on them."""

from __future__ import annotations

from decimal import Decimal

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Deferrable, F, Func, Q, Value

from apps.audit.triggers import audited
from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Site
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raise_version_sql, raises_version
from apps.core.validators import validate_zone
from apps.roster.choices import OverrideKind, PresenceChoices, RosterStatus, StrategyChoices


def every_weekday() -> list[int]:
    """Return the ISO weekdays, Monday 1 to Sunday 7."""
    return [1, 2, 3, 4, 5, 6, 7]


class Radiologist(models.Model):
    """A reader; the id, such as DR_SMITH_ID, is what ZRA-2.1 says."""

    id = models.CharField(max_length=64, primary_key=True)
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="radiologist",
    )
    title = models.CharField(max_length=16, default="DR")
    family_name = models.CharField(max_length=120)
    given_name = models.CharField(max_length=120, blank=True, default="")
    specialties = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    seniority_years = models.PositiveSmallIntegerField(default=0)
    max_concurrent_studies = models.PositiveIntegerField(default=20)
    max_studies_per_hour = models.PositiveIntegerField(default=8)
    max_concurrent_rvu = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    max_rvu_per_hour = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    contact = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["id"]
        triggers = [
            audited(),
            raises_version("roster"),
            pgtrigger.Trigger(
                name="has_workload",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                func="""
                    INSERT INTO roster_workload
                        (radiologist_id, presence, open_stat, open_urgent, open_routine, open_rvu)
                    VALUES (NEW.id, 'unknown', 0, 0, 0, 0) ON CONFLICT DO NOTHING;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} ({self.title} {self.given_name} {self.family_name})"

    @property
    def full_name(self) -> str:
        """Return title, given and family name in reading order."""
        return " ".join(part for part in (self.title, self.given_name, self.family_name) if part)


class RadiologistSite(NaturalKeyModel):
    """A site whose managers look after the person; none listed: every site's.

    Says nothing of what they may read; that is said by privileges and licences.
    """

    natural_fields = ("radiologist_id", "site__code")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="home_sites"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="home_of")

    class Meta:
        verbose_name = "home site"
        constraints = [
            models.UniqueConstraint(
                fields=["radiologist", "site"], name="one_row_per_radiologist_and_site"
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return f"{self.radiologist_id} of {self.site_id}"


class RadiologistCredential(NaturalKeyModel):
    """A named credential, valid on its days, both ends included."""

    natural_fields = ("radiologist_id", "name")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="credentials"
    )
    name = models.CharField(max_length=64)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "credential"
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.name}"


class Licence(NaturalKeyModel):
    """Leave to practise in a jurisdiction, valid on its days, both ends included."""

    natural_fields = ("radiologist_id", "jurisdiction")

    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE, related_name="licences")
    jurisdiction = models.CharField(max_length=32)
    number = models.CharField(max_length=64, blank=True, default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)

    class Meta:
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.jurisdiction}"


class Privilege(NaturalKeyModel):
    """What a reader may read where; an empty site, modality or body part covers all."""

    natural_fields = ("radiologist_id", "site__code", "modality", "body_part")

    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, related_name="privileges"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, blank=True)
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)

    class Meta:
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.site or 'every site'} {self.modality or 'all'}"


class Workload(models.Model):
    """What a radiologist has on hand now; written by the assignment services under their lock."""

    radiologist = models.OneToOneField(
        Radiologist, primary_key=True, on_delete=models.CASCADE, related_name="workload"
    )
    presence = models.CharField(
        max_length=8, choices=PresenceChoices, default=PresenceChoices.UNKNOWN
    )
    last_activity_at = models.DateTimeField(null=True, blank=True)
    open_stat = models.IntegerField(default=0)
    open_urgent = models.IntegerField(default=0)
    open_routine = models.IntegerField(default=0)
    open_rvu = models.DecimalField(max_digits=10, decimal_places=2, default=Decimal(0))
    last_assigned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(open_stat__gte=0, open_urgent__gte=0, open_routine__gte=0)
                & Q(open_rvu__gte=0),
                name="workload_not_negative",
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="presence_wakes",
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("presence"),
                condition=pgtrigger.Q(old__presence__df=pgtrigger.F("new__presence")),
                func=raise_version_sql("presence"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.radiologist_id}: {self.open_studies} open"

    @property
    def open_studies(self) -> int:
        """Return the number of studies assigned, not held and not yet preliminary."""
        return self.open_stat + self.open_urgent + self.open_routine


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
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekdays__contained_by=Value([1, 2, 3, 4, 5, 6, 7])),
                name="shift_weekdays_are_iso",
            )
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


def _days(start: str, end: str) -> Func:
    return Func(F(start), F(end), Value("[]"), function="daterange", output_field=DateRangeField())


class RosterAssignment(NaturalKeyModel):
    """A person on a shift: every occurrence whose local start date lies in the dates.

    Both ends are included; an empty end is open.
    """

    natural_fields = ("shift__code", "radiologist_id", "start_date")

    shift = models.ForeignKey(Shift, on_delete=models.CASCADE, related_name="roster")
    radiologist = models.ForeignKey(Radiologist, on_delete=models.CASCADE, related_name="roster")
    start_date = models.DateField()
    end_date = models.DateField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=RosterStatus, default=RosterStatus.ACTIVE)

    class Meta:
        ordering = ["shift", "start_date"]
        constraints = [
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


class RosterOverride(models.Model):
    """Leave, a swap or an extra turn on some dates, both ends included.

    Leave covers every shift; a swap puts ``taker`` in the place of ``radiologist`` on one shift;
    an extra adds ``radiologist`` to a shift.
    """

    kind = models.CharField(max_length=8, choices=OverrideKind)
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
    status = models.CharField(max_length=16, choices=RosterStatus, default=RosterStatus.ACTIVE)
    note = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ["start_date"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_date__gte=F("start_date")),
                name="override_ends_after_start",
                violation_error_message="The end date lies before the start date.",
            ),
            models.CheckConstraint(
                condition=Q(kind="leave", shift__isnull=True, taker__isnull=True)
                | Q(kind="swap", shift__isnull=False, taker__isnull=False)
                | Q(kind="extra", shift__isnull=False, taker__isnull=True),
                name="override_fields_fit_its_kind",
                violation_error_message="Leave names no shift and no taker, a swap names both, "
                "an extra turn names a shift only.",
            ),
            models.CheckConstraint(
                condition=Q(taker__isnull=True) | ~Q(taker=F("radiologist")),
                name="swap_is_with_somebody_else",
                violation_error_message="Nobody swaps with themselves.",
            ),
        ]
        triggers = [audited(), raises_version("roster")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.radiologist_id} from {self.start_date}"
