"""Places, their holidays, and procedures."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models.functions import Upper

from apps.audit.triggers import audited
from apps.catalog.choices import CalendarDayKind, ImportKind, UrgencyChoices
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.core.validators import validate_zone


class Cluster(NaturalKeyModel):
    """Sites that help each other out before the whole nation does."""

    natural_fields = ("code",)

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["code"]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return self.name


class HolidayCalendar(NaturalKeyModel):
    """The public holidays of a country and region, with a department's own closures."""

    natural_fields = ("code",)

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    country = models.CharField(
        max_length=2,
        blank=True,
        default="",
        help_text="ISO 3166-1, such as AU; none: no holidays.",
    )
    subdivision = models.CharField(
        max_length=8,
        blank=True,
        default="",
        help_text="ISO 3166-2 without the country, such as QLD.",
    )

    class Meta:
        ordering = ["code"]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class CalendarDay(NaturalKeyModel):
    """A day of a department's own: a closure, another holiday, or a holiday that is none here."""

    natural_fields = ("calendar__code", "on")

    calendar = models.ForeignKey(HolidayCalendar, on_delete=models.CASCADE, related_name="days")
    on = models.DateField()
    kind = models.CharField(max_length=8, choices=CalendarDayKind, default=CalendarDayKind.CLOSURE)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(
                fields=["calendar", "on"],
                name="one_row_per_calendar_and_day",
                violation_error_message="This calendar says something of the day already.",
            )
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.on} {self.name}"


class Site(NaturalKeyModel):
    """A place where exams are made."""

    natural_fields = ("code",)

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=120)
    cluster = models.ForeignKey(Cluster, on_delete=models.PROTECT, related_name="sites")
    time_zone = models.CharField(max_length=64, validators=[validate_zone])
    jurisdiction = models.CharField(
        max_length=32, blank=True, default="", help_text="State or country that licenses readers."
    )
    requires_licence = models.BooleanField(default=False)
    requires_privilege = models.BooleanField(default=False)
    calendar = models.ForeignKey(
        HolidayCalendar, on_delete=models.PROTECT, null=True, blank=True, related_name="sites"
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code"]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class SiteAlias(NaturalKeyModel):
    """A name that a sender uses for the site (ZRD-2.1, MSH-4 or PV1-3.4); case does not count."""

    natural_fields = ("site__code", "value")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="aliases")
    value = models.CharField(max_length=120)

    class Meta:
        verbose_name = "site alias"
        verbose_name_plural = "site aliases"
        constraints = [
            models.UniqueConstraint(
                Upper("value"),
                name="one_site_per_alias",
                violation_error_message="Another site has this alias; case does not count.",
            )
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return self.value


class Procedure(NaturalKeyModel):
    """An imaging procedure; fills what an order does not say itself."""

    natural_fields = ("code",)

    code = models.CharField(max_length=64, unique=True)
    description = models.CharField(max_length=200)
    modality = models.CharField(max_length=16, help_text="DICOM code, such as CT or MR.")
    body_part = models.CharField(max_length=32, blank=True, default="")
    subspecialty = models.CharField(max_length=64, blank=True, default="")
    rvu = models.DecimalField(
        max_digits=7, decimal_places=2, default=1, validators=[MinValueValidator(0)]
    )
    turnaround_minutes = models.PositiveIntegerField(default=30)
    default_urgency = models.CharField(
        max_length=8, choices=UrgencyChoices, default=UrgencyChoices.ROUTINE
    )
    required_credentials = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    required_subspecialty = models.CharField(max_length=64, blank=True, default="")
    is_sensitive = models.BooleanField(default=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rvu__gte=0), name="procedure_rvu_not_negative"
            )
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.code} {self.description}"


class UnitTable(NaturalKeyModel):
    """What studies count for in fairness: RVU, minutes or a unit of the department's own.

    A table is dated and, once its date has come, never changed: a change is a new version from
    its own date on. Of those whose date has come the latest counts. What it does not name counts
    its RVU, times ``per_rvu``.
    """

    natural_fields = ("name", "version")

    name = models.CharField(max_length=120)
    version = models.PositiveSmallIntegerField(default=1)
    unit = models.CharField(max_length=24, default="RVU", help_text="Such as RVU or minutes.")
    from_date = models.DateField(help_text="The first day on which it counts.")
    per_rvu = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        default=1,
        validators=[MinValueValidator(0)],
        help_text="What one RVU counts for, for what the table does not name.",
    )
    reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["-from_date", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["name", "version"], name="one_table_of_a_version"),
            models.UniqueConstraint(
                fields=["from_date"],
                name="one_unit_table_from_a_day",
                violation_error_message="Another table begins on this day.",
            ),
            models.CheckConstraint(
                condition=models.Q(per_rvu__gte=0), name="unit_per_rvu_not_negative"
            ),
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


class UnitValue(models.Model):
    """What the studies of a procedure, or of a modality and body part, count for.

    A procedure goes before a modality with a body part, that before a modality alone.
    """

    table = models.ForeignKey(UnitTable, on_delete=models.CASCADE, related_name="values_of")
    procedure = models.ForeignKey(
        "Procedure", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    units = models.DecimalField(max_digits=9, decimal_places=2)

    class Meta:
        ordering = ["table", "modality", "body_part", "procedure"]
        constraints = [
            models.UniqueConstraint(
                fields=["table", "procedure", "modality", "body_part"],
                nulls_distinct=False,
                name="one_value_of_a_kind",
            ),
            models.CheckConstraint(condition=models.Q(units__gte=0), name="units_not_negative"),
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return f"{self.procedure or self.modality} {self.units}"


class ProcedureAlias(NaturalKeyModel):
    """A site's own code for a procedure; an empty issuer or coding system covers all."""

    natural_fields = ("procedure__code", "issuer", "coding_system", "local_code")

    procedure = models.ForeignKey(Procedure, on_delete=models.CASCADE, related_name="aliases")
    issuer = models.CharField(max_length=120, blank=True, default="")
    coding_system = models.CharField(max_length=64, blank=True, default="")
    local_code = models.CharField(max_length=120)

    class Meta:
        verbose_name = "procedure alias"
        verbose_name_plural = "procedure aliases"
        constraints = [
            models.UniqueConstraint(
                "issuer",
                "coding_system",
                Upper("local_code"),
                name="one_procedure_per_alias",
                violation_error_message="Another procedure has this local code of this issuer.",
            )
        ]
        triggers = [audited(), raises_version("catalog")]

    def __str__(self) -> str:
        return self.local_code


class WaitingFile(models.Model):
    """A file that somebody sent and looks at before it is applied; one of each kind a person.

    It lives in the database because the next request may reach another machine. ``owner`` is the
    actor as the trail names them.
    """

    owner = models.CharField(max_length=160)
    kind = models.CharField(max_length=16, choices=ImportKind)
    name = models.CharField(max_length=200)
    rows = models.BinaryField(help_text="The table, packed.")
    options = models.JSONField(default=dict, blank=True)
    sent_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "kind"], name="one_waiting_file_of_a_kind")
        ]

    def __str__(self) -> str:
        return self.name
