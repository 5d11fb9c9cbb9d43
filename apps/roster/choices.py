"""Closed vocabularies of people and shifts."""

from __future__ import annotations

from django.db import models

from apps.engine.codes import Presence, Strategy
from apps.engine.rota import HolidayMode, RotationUnit


class PresenceChoices(models.TextChoices):
    """Where a radiologist is; unknown, online and away count as there, busy and offline not."""

    UNKNOWN = Presence.UNKNOWN.value, "Unknown"
    ONLINE = Presence.ONLINE.value, "Online"
    AWAY = Presence.AWAY.value, "Away"
    BUSY = Presence.BUSY.value, "Busy"
    OFFLINE = Presence.OFFLINE.value, "Offline"


class DocumentType(models.TextChoices):
    """What the proof of a competency may be; all of them are looked at and never run."""

    PDF = "application/pdf", "PDF"
    PNG = "image/png", "PNG"
    JPEG = "image/jpeg", "JPEG"


class StrategyChoices(models.TextChoices):
    """The strategies that a shift may be given."""

    LOAD_BALANCED = Strategy.LOAD_BALANCED.value, "Load balanced"
    SCORED = Strategy.SCORED.value, "Scored"
    ROUND_ROBIN = Strategy.ROUND_ROBIN.value, "Round robin"
    URGENT = Strategy.URGENT.value, "Urgent (seniors first)"
    FAIR = Strategy.FAIR.value, "Fair (least work for the hours worked)"
    OPTIMAL = Strategy.OPTIMAL.value, "Optimal (all that wait together)"


class RosterStatus(models.TextChoices):
    """Whether a roster row or override counts."""

    ACTIVE = "active", "Active"
    CANCELLED = "cancelled", "Cancelled"


class OverrideKind(models.TextChoices):
    """How a roster row is overridden for some dates."""

    LEAVE = "leave", "Leave"
    SWAP = "swap", "Swap"
    EXTRA = "extra", "Extra"
    OTHER_WORK = "other_work", "Other work"


class HolidayModeChoices(models.TextChoices):
    """What a shift does on the holidays and closures of its calendar."""

    RUNS = HolidayMode.RUNS.value, "Runs as on any day"
    RESTS = HolidayMode.RESTS.value, "Does not run"
    ALSO = HolidayMode.ALSO.value, "Runs too, whatever the weekday"
    ONLY = HolidayMode.ONLY.value, "Runs on these days only"


class RotationUnitChoices(models.TextChoices):
    """What the length of a turn is counted in."""

    WEEKS = RotationUnit.WEEKS.value, "weeks"
    DAYS = RotationUnit.DAYS.value, "days"
    RUNS = RotationUnit.RUNS.value, "runs of the shift"


class SwapState(models.TextChoices):
    """What became of a request that somebody take a turn."""

    OPEN = "open", "Open"
    TAKEN = "taken", "Taken"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SourceKind(models.TextChoices):
    """What a roster from elsewhere comes as."""

    FILE = "file", "File (CSV or Excel)"
    ICAL = "ical", "iCalendar feed"


class NameKind(models.TextChoices):
    """What a name in a roster from elsewhere stands for."""

    PERSON = "person", "Person"
    SHIFT = "shift", "Shift"


class CalendarKind(models.TextChoices):
    """Whose schedule a published calendar holds."""

    PERSON = "person", "Person"
    SHIFT = "shift", "Shift"
    TEAM = "team", "Team"


class DraftState(models.TextChoices):
    """How far a proposed roster is."""

    WAITING = "waiting", "Waiting"
    SOLVING = "solving", "Being worked out"
    READY = "ready", "Ready to edit"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    PUBLISHED = "published", "Published"


class CreditKind(models.TextChoices):
    """What somebody on duty did instead of reading."""

    CALL = "call", "Phone calls"
    BOARD = "board", "Tumour board or meeting"
    PROCEDURE = "procedure", "Procedure"
    TEACHING = "teaching", "Teaching"
    BUSY = "busy", "Busy"
    OTHER = "other", "Other"
