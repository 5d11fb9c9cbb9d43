"""Orders (the studies to read), what identifies them, and their segments as they came."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from apps.catalog.choices import UrgencyChoices
from apps.catalog.models import Procedure, Site
from apps.core.fields import ProtectedBytesField, ProtectedTextField
from apps.orders.choices import IdentifierKind, OrderStatus
from apps.orders.models.patient import Patient


class Order(models.Model):
    """One study to read; the unit of assignment is the requested procedure."""

    issuer = models.CharField(max_length=200)
    accession = models.CharField(max_length=200, db_index=True)
    accession_rank = models.PositiveSmallIntegerField(
        default=0, help_text="Which of the sender's places gave the accession; 0 is the best."
    )
    study_uid = models.CharField(max_length=200, blank=True, default="")
    patient = models.ForeignKey(
        Patient, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="orders"
    )
    procedure = models.ForeignKey(
        Procedure, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    procedure_code = models.CharField(max_length=200, blank=True, default="")
    procedure_text = models.CharField(max_length=500, blank=True, default="")
    modality = models.CharField(max_length=16, blank=True, default="")
    body_part = models.CharField(max_length=32, blank=True, default="")
    subspecialty = models.CharField(max_length=64, blank=True, default="")
    urgency = models.CharField(
        max_length=8, choices=UrgencyChoices, default=UrgencyChoices.ROUTINE
    )
    sent_urgency = models.CharField(
        max_length=8,
        choices=UrgencyChoices,
        default=UrgencyChoices.ROUTINE,
        help_text="As the sender last said; a rule or a person may have set another.",
    )
    rvu = models.DecimalField(max_digits=7, decimal_places=2, default=Decimal(1))
    units = models.DecimalField(
        max_digits=9,
        decimal_places=2,
        default=Decimal(1),
        db_default=Decimal(1),
        help_text="The work in the department's unit, by the table in force when it came.",
    )
    own_fields = models.JSONField(
        default=dict,
        db_default={},
        blank=True,
        help_text="What the sender's profile reads beside the fields that every sender has.",
    )
    linked_key = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        help_text="Shared by the orders of a patient that were ordered together.",
    )
    indication = ProtectedTextField(blank=True, default="")
    ordering_provider = models.CharField(max_length=300, blank=True, default="")
    ordering_provider_id = models.CharField(
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text="ORC-12.1 or OBR-16.1 alone: by it providers find what they ordered.",
    )
    ordering_contact = models.CharField(max_length=300, blank=True, default="")
    patient_class = models.CharField(max_length=32, blank=True, default="")
    patient_location = models.CharField(max_length=200, blank=True, default="")
    visit_number = models.CharField(max_length=200, blank=True, default="")
    exam_at = models.DateTimeField(null=True, blank=True)
    scheduled_at = models.DateTimeField(null=True, blank=True)
    ordered_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(db_index=True)
    clock_start = models.CharField(
        max_length=16,
        blank=True,
        default="",
        help_text="The event at which the SLA clock started, as the policy names it.",
    )
    clock_started_at = models.DateTimeField(null=True, blank=True)
    acknowledge_minutes = models.PositiveIntegerField(null=True, blank=True)
    report_minutes = models.PositiveIntegerField(null=True, blank=True)
    held_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when the clock stands still."
    )
    held_seconds = models.PositiveIntegerField(
        default=0, help_text="How long the clock stood still before."
    )
    acknowledge_due_at = models.DateTimeField(null=True, blank=True)
    report_due_at = models.DateTimeField(null=True, blank=True, db_index=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    breached_at = models.DateTimeField(
        null=True, blank=True, help_text="When its report was due and not there; counted once."
    )
    escalation_step = models.PositiveSmallIntegerField(
        default=0, help_text="How many steps after the breach were taken."
    )
    next_step_at = models.DateTimeField(
        null=True, blank=True, help_text="When the next step after the breach is due."
    )
    status = models.CharField(
        max_length=16, choices=OrderStatus, default=OrderStatus.RECEIVED, db_index=True
    )
    held_reason = models.CharField(max_length=200, blank=True, default="")
    flags = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    sender = models.CharField(max_length=400, blank=True, default="")
    last_message_id = models.BigIntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["report_due_at"],
                condition=Q(
                    status__in=[
                        "received",
                        "unassigned",
                        "assigned",
                        "acknowledged",
                        "in_progress",
                    ],
                    breached_at__isnull=True,
                ),
                name="order_report_awaited",
            ),
            models.Index(
                fields=["report_due_at"],
                condition=Q(
                    status__in=[
                        "received",
                        "unassigned",
                        "assigned",
                        "acknowledged",
                        "in_progress",
                    ],
                    breached_at__isnull=False,
                ),
                name="order_report_overdue",
            ),
            models.Index(
                fields=["next_step_at"],
                condition=Q(next_step_at__isnull=False),
                name="order_next_step",
            ),
            # Lists that look back, latest first; what is open is found by its status.
            models.Index(
                fields=["-reported_at"],
                condition=Q(reported_at__isnull=False),
                name="order_reported",
            ),
            models.Index(
                fields=["-received_at"],
                condition=Q(status="cancelled"),
                name="order_cancelled",
            ),
            models.Index(
                fields=["ordering_provider_id", "-received_at"],
                condition=~Q(ordering_provider_id=""),
                name="order_by_provider",
            ),
            models.Index(
                fields=["received_at"],
                condition=Q(flags__contains=["nobody_left_to_offer"]),
                name="order_nobody_left",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status="held") | Q(held_reason=""),
                name="only_a_held_order_has_a_held_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.accession


class OrderIdentifier(models.Model):
    """A number under which an order is known; unique but for the placer's."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="identifiers")
    issuer = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=IdentifierKind)
    value = models.CharField(max_length=400)

    class Meta:
        verbose_name = "order identifier"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "kind", "value"],
                condition=~Q(kind="placer"),
                name="one_order_per_identifier",
            ),
            models.UniqueConstraint(
                fields=["order", "issuer", "kind", "value"],
                name="one_row_per_order_and_identifier",
            ),
        ]
        indexes = [models.Index(fields=["issuer", "value"], name="order_by_identifier")]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"


class OrderSegments(models.Model):
    """The segments of the last message that changed the order, as they came.

    ``header`` holds MSH, PID, PV1 and what else stood before the orders, ``group`` this order's
    ORC, OBR, OBX, NTE, ZRD and other Z segments; each segment ends with CR.
    """

    order = models.OneToOneField(
        Order, primary_key=True, on_delete=models.CASCADE, related_name="segments"
    )
    header = ProtectedBytesField()
    group = ProtectedBytesField()

    class Meta:
        verbose_name_plural = "order segments"

    def __str__(self) -> str:
        return f"segments of order {self.order_id}"


class UnknownCancel(models.Model):
    """A cancel or report of an order that nobody knew, kept for an NW that it overtook.

    A late NW must neither revive what is cancelled nor give a reader what is reported already;
    what a report (``is_report``) says is read from its message again.
    """

    issuer = models.CharField(max_length=200)
    kind = models.CharField(max_length=16, choices=IdentifierKind)
    value = models.CharField(max_length=400)
    at = models.DateTimeField()
    message_id = models.BigIntegerField()
    is_report = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = "cancel or report of an unknown order"
        verbose_name_plural = "cancels and reports of unknown orders"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "kind", "value", "is_report"],
                name="one_cancel_and_report_per_unknown_identifier",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.value}"
