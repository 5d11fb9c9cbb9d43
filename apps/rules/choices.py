"""Closed vocabularies of rules and policies."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import ActionType


class ActionChoices(models.TextChoices):
    """What a rule does."""

    ASSIGN_TO_SHIFT = ActionType.ASSIGN_TO_SHIFT.value, "Assign to shift"
    ASSIGN_TO_RADIOLOGIST = ActionType.ASSIGN_TO_RADIOLOGIST.value, "Assign to radiologist"
    ESCALATE = ActionType.ESCALATE.value, "Escalate"
    HOLD = ActionType.HOLD.value, "Hold"
    EXCLUDE = ActionType.EXCLUDE.value, "Exclude radiologists"
    SET_PRIORITY = ActionType.SET_PRIORITY.value, "Set urgency"


class TierAction(models.TextChoices):
    """What a step after a breach does."""

    FLAG = "flag", "Flag and count the breach"
    ALERT = "alert", "Alert"
    REASSIGN = "reassign", "Reassign"
    SUPERVISOR = "supervisor", "Tell the supervisor"


class ClockStart(models.TextChoices):
    """The event at which an SLA clock starts."""

    RECEIVED = "received", "Order received"
    ORDERED = "ordered", "Ordered (ORC-9)"
    EXAM = "exam", "Exam (OBR-7)"
