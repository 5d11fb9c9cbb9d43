"""Closed vocabularies of assignments."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import Reason, Strategy


class AssignmentState(models.TextChoices):
    """Where an assignment is; ENDED ones are history."""

    ASSIGNED = "assigned", "Assigned"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    IN_PROGRESS = "in_progress", "In progress"
    COMPLETED = "completed", "Completed"
    HELD = "held", "Held"
    ENDED = "ended", "Ended"


class EndReason(models.TextChoices):
    """Why an assignment ended before its study was reported."""

    REASSIGNED = "reassigned", "Reassigned"
    UNASSIGNED = "unassigned", "Unassigned"
    CANCELLED = "cancelled", "Order cancelled"
    REPLACED = "replaced", "Order replaced"
    UNFIT = "unfit", "Reader no longer fit"
    NOT_ACKNOWLEDGED = "not_acknowledged", "Not acknowledged in time"
    HANDED_BACK = "handed_back", "Handed back"
    OVERDUE = "overdue", "Moved when overdue"


class RecordedStrategy(models.TextChoices):
    """What made the choice."""

    LOAD_BALANCED = Strategy.LOAD_BALANCED.value, "Load balanced"
    SCORED = Strategy.SCORED.value, "Scored"
    ROUND_ROBIN = Strategy.ROUND_ROBIN.value, "Round robin"
    URGENT = Strategy.URGENT.value, "Urgent"
    FAIR = Strategy.FAIR.value, "Fair"
    OPTIMAL = Strategy.OPTIMAL.value, "Optimal"
    RULE = Strategy.RULE.value, "Rule"
    ESCALATED = Strategy.ESCALATED.value, "Escalated"
    MANUAL = Strategy.MANUAL.value, "By hand"


class ReasonChoices(models.TextChoices):
    """Why an order has no reader."""

    NO_SHIFT = Reason.NO_SHIFT.value, "No shift for this work at this time"
    NO_ROSTER = Reason.NO_ROSTER.value, "Nobody is on the shift"
    NO_COMPETENCY = Reason.NO_COMPETENCY.value, "Nobody on shift is qualified"
    PASSED_OVER = Reason.PASSED_OVER.value, "Everybody fit had it before"
    AT_CAPACITY = Reason.AT_CAPACITY.value, "Everybody qualified is at capacity"
    EXCLUDED = Reason.EXCLUDED.value, "Rules exclude everybody"
    HELD = Reason.HELD.value, "Held"
    WORKLIST = Reason.WORKLIST.value, "On a shared list"
    RULE_STRICT = Reason.RULE_STRICT.value, "The strict rule's target cannot take it"
    UNKNOWN_SITE = Reason.UNKNOWN_SITE.value, "Unknown site"
    UNKNOWN_MODALITY = Reason.UNKNOWN_MODALITY.value, "Unknown modality"
    UNKNOWN_PROCEDURE = Reason.UNKNOWN_PROCEDURE.value, "Unknown procedure"
    NO_PATIENT = Reason.NO_PATIENT.value, "No patient"
    BY_HAND = Reason.BY_HAND.value, "Taken off by hand"


class LedgerKind(models.TextChoices):
    """What a line of the workload ledger counts."""

    ASSIGNED = "assigned", "Assigned"
    COMPLETED = "completed", "Completed"
    RETURNED = "returned", "Taken away"


class CheckState(models.TextChoices):
    """What making a stored decision again came to."""

    SAME = "same", "The same, byte for byte"
    DRIFTED = "drifted", "Another answer"
    NO_BASIS = "no_basis", "Its configuration was not kept"


PARKED = frozenset(
    {
        ReasonChoices.UNKNOWN_SITE.value,
        ReasonChoices.UNKNOWN_MODALITY.value,
        ReasonChoices.UNKNOWN_PROCEDURE.value,
        ReasonChoices.NO_PATIENT.value,
    }
)
"""Reasons that no roster mends: intake reads those orders again when a mapping changes."""
