"""Where decisions are told: destinations and the messages on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.audit.triggers import audited
from apps.catalog.models import Site
from apps.core.fields import PortField, ProtectedBytesField
from apps.core.natural import NaturalKeyModel
from apps.core.triggers import raises_version
from apps.core.validators import validate_zone
from apps.orders.models import Order
from apps.outbound.choices import (
    CharacterSet,
    MessageType,
    OnDeadLetter,
    OutboundKind,
    OutboundState,
    Version,
)
from apps.outbound.validators import validate_authority, validate_separators


class Destination(NaturalKeyModel):
    """An MLLP peer that is told of assignments; empty filters serve everything.

    Unless told otherwise it gets an ORU^R01 2.5.1 with ZRA alone, in the order's own separators
    and character set. Columns have defaults of the database too, so that a release before theirs
    goes on while they are there already.
    """

    natural_fields = ("name",)

    name = models.CharField(max_length=120, unique=True)
    host = models.CharField(max_length=253)
    port = PortField()
    is_enabled = models.BooleanField(default=True)
    senders = ArrayField(
        models.CharField(max_length=200),
        default=list,
        blank=True,
        help_text="MSH-4 or MSH-3^MSH-4 of the orders that go here; empty: all.",
    )
    sites = models.ManyToManyField(Site, blank=True, help_text="Sites served; none: all.")
    receiving_application = models.CharField(max_length=200, blank=True, default="")
    receiving_facility = models.CharField(max_length=200, blank=True, default="")
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_zone])
    with_offset = models.BooleanField(default=False, help_text="Write times with their offset.")
    version = models.CharField(
        max_length=8, choices=Version, default=Version.V251, db_default=Version.V251
    )
    message_type = models.CharField(
        max_length=16, choices=MessageType, default=MessageType.ORU, db_default=MessageType.ORU
    )
    with_structure = models.BooleanField(
        default=False, db_default=False, help_text="Write MSH-9.3, such as ORU_R01."
    )
    with_zra = models.BooleanField(default=True, db_default=True)
    with_obr_32 = models.BooleanField(default=False, db_default=False)
    with_prt = models.BooleanField(default=False, db_default=False)
    tells_waiting = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Tell of orders that are held, parked or have not found a reader, too.",
    )
    sending_application = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Empty: ASSIGNMENT_ENGINE.",
    )
    sending_facility = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="Empty: ENTERPRISE."
    )
    separators = models.CharField(
        max_length=6,
        blank=True,
        default="",
        db_default="",
        validators=[validate_separators],
        help_text="MSH-1 and MSH-2 in one; empty: the order's.",
    )
    character_set = models.CharField(
        max_length=32,
        choices=CharacterSet,
        blank=True,
        default="",
        db_default="",
        help_text="MSH-18; empty: the order's.",
    )
    uses_tls = models.BooleanField(default=False, db_default=False)
    tls_authority = models.TextField(
        blank=True,
        default="",
        db_default="",
        validators=[validate_authority],
        help_text="Certificates in PEM that may sign the destination's; empty: the system's.",
    )
    tls_server_name = models.CharField(
        max_length=253,
        blank=True,
        default="",
        db_default="",
        help_text="The name that its certificate must hold; empty: the host.",
    )
    shows_certificate = models.BooleanField(
        default=False, db_default=False, help_text="Show our client certificate (HL7_CLIENT_CERT)."
    )
    on_dead_letter = models.CharField(
        max_length=8, choices=OnDeadLetter, default=OnDeadLetter.HOLD
    )
    answer_timeout_seconds = models.PositiveIntegerField(default=10)
    quick_retries = models.PositiveIntegerField(default=3)
    longest_wait_seconds = models.PositiveIntegerField(default=300)
    give_up_hours = models.PositiveIntegerField(default=24)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(with_zra=True) | Q(with_obr_32=True) | Q(with_prt=True),
                name="destination_is_told_who_reads",
                violation_error_message="Say who reads in at least one place: ZRA, OBR-32 or PRT.",
            )
        ]
        triggers = [audited(), raises_version("outbound")]

    def __str__(self) -> str:
        return f"{self.name} ({self.host}:{self.port})"


if TYPE_CHECKING:
    _SiteRow = models.Model  # the class that Django makes has no name to check
else:
    _SiteRow = Destination.sites.through


class DestinationSite(_SiteRow):
    """The sites of a destination; here only so that editing them is audited and takes effect."""

    class Meta:
        proxy = True
        verbose_name = "site of a destination"
        verbose_name_plural = "sites of destinations"
        triggers = [audited(), raises_version("outbound")]


class DestinationLink(models.Model):
    """How reaching a destination goes; written by the deliverer alone, lost without harm.

    ``failing_since`` and ``failures`` count from the last answer of any kind, for the
    ``address`` they happened at; nothing is sent before ``next_attempt_at``. ``served_at`` is
    when a deliverer last looked after the queue: what waits behind a slow peer is not forgotten.
    """

    destination = models.OneToOneField(
        Destination, primary_key=True, on_delete=models.CASCADE, related_name="link"
    )
    address = models.CharField(max_length=300, blank=True, default="")
    served_at = models.DateTimeField(null=True, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "destination link"
        constraints = [
            models.CheckConstraint(
                condition=Q(failures=0, failing_since__isnull=True)
                | Q(failures__gt=0, failing_since__isnull=False),
                name="failing_since_its_first_failure",
            )
        ]

    def __str__(self) -> str:
        return f"link to destination {self.destination_id}"


class OutboundMessage(models.Model):
    """One message to one destination; its id gives the order in which it was decided.

    ``control_id`` is MSH-10 and never changes, however often the message is sent.
    """

    # Found by the index over destination and id, which lists them newest first too.
    destination = models.ForeignKey(
        Destination, on_delete=models.PROTECT, related_name="messages", db_index=False
    )
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="outbound")
    assignment_id = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=16, choices=OutboundKind)
    control_id = models.CharField(max_length=20)
    payload = ProtectedBytesField()
    state = models.CharField(max_length=16, choices=OutboundState, default=OutboundState.QUEUED)
    attempts = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField()
    first_sent_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer_code = models.CharField(max_length=2, blank=True, default="")
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = "outbound message"
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "control_id"], name="one_message_per_control_id"
            ),
            models.CheckConstraint(
                condition=~Q(state="delivered") | Q(answered_at__isnull=False),
                name="delivered_means_answered",
            ),
        ]
        indexes = [
            models.Index(
                fields=["destination", "id"],
                condition=Q(state="queued"),
                name="outbound_queued",
            ),
            models.Index(
                fields=["destination", "order"],
                condition=Q(state="dead"),
                name="outbound_dead",
            ),
            # What an order still waits for, found without a look at its history.
            models.Index(
                fields=["destination", "order", "id"],
                condition=Q(state__in=["queued", "dead"]),
                name="outbound_open_by_order",
            ),
            # The pages: what went to one destination, and what it did not take.
            models.Index(fields=["destination", "id"], name="outbound_by_destination"),
            models.Index(
                fields=["destination", "id"],
                condition=Q(state="dead"),
                name="outbound_dead_by_age",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.control_id} to {self.destination_id}"
