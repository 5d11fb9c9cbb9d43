"""Closed vocabularies of rules and policies."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import ActionType


class ActionChoices(models.TextChoices):
    """What a rule does."""

    ASSIGN_TO_SHIFT = ActionType.ASSIGN_TO_SHIFT.value, "Assign to shift"
    ASSIGN_TO_RADIOLOGIST = ActionType.ASSIGN_TO_RADIOLOGIST.value, "Assign to radiologist"
    ASSIGN_TO_WORKLIST = ActionType.ASSIGN_TO_WORKLIST.value, "Put on a shared list"
    OVERFLOW = ActionType.OVERFLOW.value, "Let flow over to shifts"
    ESCALATE = ActionType.ESCALATE.value, "Escalate"
    HOLD = ActionType.HOLD.value, "Hold"
    EXCLUDE = ActionType.EXCLUDE.value, "Exclude radiologists"
    SET_PRIORITY = ActionType.SET_PRIORITY.value, "Set urgency"
    PREFER = ActionType.PREFER.value, "Prefer radiologists"
    REQUIRE_CREDENTIAL = ActionType.REQUIRE_CREDENTIAL.value, "Require credentials"
    USE_STRATEGY = ActionType.USE_STRATEGY.value, "Choose by strategy"


class Together(models.TextChoices):
    """Which unread studies of a patient go to one reader."""

    OFF = "off", "None"
    LINKED = "linked", "Those ordered together"
    PATIENT = "patient", "All of the patient's"


class DraftState(models.TextChoices):
    """Where a draft of rules is."""

    OPEN = "open", "Draft"
    WAITING = "waiting", "Waits for a second person"
    SCHEDULED = "scheduled", "Goes live at its time"
    LIVE = "live", "Went live"
    DROPPED = "dropped", "Dropped"


class ShadowState(models.TextChoices):
    """Whether a shadow is asked."""

    RUNNING = "running", "Running"
    ENDED = "ended", "Ended"


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
