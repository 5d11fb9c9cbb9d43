"""Rosters that come from elsewhere, the names they use, and calendars that we publish."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from apps.audit.triggers import audited
from apps.catalog.models import Cluster, Site
from apps.core.validators import validate_zone
from apps.roster.choices import CalendarKind, NameKind, SourceKind
from apps.roster.models.people import Radiologist
from apps.roster.models.shifts import Shift


class RosterSource(models.Model):
    """A file or an iCalendar feed that roster rows come from.

    What was good last is kept: a feed that fails changes nothing, and says so.
    """

    SECRET_COLUMNS: ClassVar = ("url",)
    """Whoever knows the address reads the feed: the trail keeps it, and shows it to nobody."""

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=SourceKind)
    url = models.URLField(max_length=2000, blank=True, default="")
    site = models.ForeignKey(
        Site,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose managers may change it; none is who may everywhere.",
    )
    time_zone = models.CharField(
        max_length=64,
        validators=[validate_zone],
        help_text="For times without a zone of their own.",
    )
    options = models.JSONField(default=dict, blank=True, help_text="Which column or part is what.")
    is_enabled = models.BooleanField(default=True)
    every_minutes = models.PositiveIntegerField(default=60)
    days_ahead = models.PositiveSmallIntegerField(default=90)
    removes_gone = models.BooleanField(
        default=True, help_text="Rows that it no longer holds are ended."
    )
    applies_itself = models.BooleanField(
        default=False, help_text="Without it, changes wait until a person has looked."
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="ical") | ~Q(url=""),
                name="feed_has_an_address",
                violation_error_message="A feed has an address.",
            )
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.name


class RosterSourceState(models.Model):
    """What became of a source's last readings; ``content`` is the last good one."""

    source = models.OneToOneField(
        RosterSource, primary_key=True, on_delete=models.CASCADE, related_name="state"
    )
    tried_at = models.DateTimeField(null=True, blank=True)
    good_at = models.DateTimeField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=500, blank=True, default="")
    etag = models.CharField(max_length=300, blank=True, default="")
    digest = models.CharField(max_length=64, blank=True, default="")
    last_modified = models.CharField(max_length=64, blank=True, default="")
    content = models.BinaryField(null=True, blank=True)
    events = models.BinaryField(null=True, blank=True, help_text="Of a feed: what takes place.")
    content_name = models.CharField(max_length=200, blank=True, default="")
    due_at = models.DateTimeField(
        null=True, blank=True, db_index=True, help_text="When it is read next; empty: not at all."
    )
    progress = models.CharField(max_length=200, blank=True, default="")
    is_cancelled = models.BooleanField(default=False, help_text="Somebody stops the reading.")
    found = models.JSONField(default=dict, blank=True, help_text="Counts: new, changed, gone, …")

    def __str__(self) -> str:
        return f"{self.source_id}: {self.error or 'good'}"


class RosterName(models.Model):
    """Whom or which shift a name in a roster means; confirmed by a person, then remembered."""

    source = models.ForeignKey(
        RosterSource,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="names",
        help_text="None: wherever the name comes from.",
    )
    kind = models.CharField(max_length=12, choices=NameKind)
    text = models.CharField(max_length=200, help_text="As it came; case and spaces do not count.")
    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, null=True, blank=True, related_name="names"
    )
    shift = models.ForeignKey(
        Shift, on_delete=models.CASCADE, null=True, blank=True, related_name="names"
    )
    is_ignored = models.BooleanField(default=False, help_text="Such entries are left out.")

    class Meta:
        ordering = ["kind", "text"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "kind", "text"],
                name="one_meaning_of_a_name",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(is_ignored=True, radiologist=None, shift=None)
                | Q(kind="person", radiologist__isnull=False, shift=None, is_ignored=False)
                | Q(kind="shift", shift__isnull=False, radiologist=None, is_ignored=False),
                name="name_means_one_thing",
            ),
        ]
        triggers = [audited()]

    def __str__(self) -> str:
        return self.text


class CalendarFeed(models.Model):
    """A secret address at which the final schedule is read: of a person, a shift or a team.

    Only the digest of the secret is kept. A team is a site or a cluster.
    """

    kind = models.CharField(max_length=8, choices=CalendarKind)
    radiologist = models.ForeignKey(
        Radiologist, on_delete=models.CASCADE, null=True, blank=True, related_name="calendars"
    )
    shift = models.ForeignKey(
        Shift, on_delete=models.CASCADE, null=True, blank=True, related_name="calendars"
    )
    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    cluster = models.ForeignKey(
        Cluster, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the secret.")
    made_by = models.CharField(max_length=160)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-made_at"]
        triggers = [audited(without=["digest"])]

    def __str__(self) -> str:
        return f"{self.kind} calendar {self.pk}"


class CalendarUse(models.Model):
    """When a published calendar was last read; apart, since reading it is no change of it."""

    feed = models.OneToOneField(
        CalendarFeed, primary_key=True, on_delete=models.CASCADE, related_name="use"
    )
    read_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.feed_id} read at {self.read_at:%Y-%m-%d %H:%M}"
