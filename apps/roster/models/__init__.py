"""People, their competencies, shifts and who is on them."""

from __future__ import annotations

from apps.roster.models.credits import WorkCredit
from apps.roster.models.drafts import DraftProgress, DraftTurn, RosterDraft
from apps.roster.models.feeds import (
    CalendarFeed,
    CalendarUse,
    RosterName,
    RosterSource,
    RosterSourceState,
)
from apps.roster.models.people import (
    CompetencyDocument,
    DocumentContent,
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RadiologistSite,
    Workload,
)
from apps.roster.models.rota import (
    PlannedGap,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
)
from apps.roster.models.shifts import Shift, ShiftSite, ShiftWorkType, every_weekday
from apps.roster.models.swaps import SwapRequest

__all__ = [
    "CalendarFeed",
    "CalendarUse",
    "CompetencyDocument",
    "DocumentContent",
    "DraftProgress",
    "DraftTurn",
    "Licence",
    "PlannedGap",
    "Privilege",
    "Radiologist",
    "RadiologistCredential",
    "RadiologistSite",
    "RosterAssignment",
    "RosterDraft",
    "RosterName",
    "RosterOverride",
    "RosterSource",
    "RosterSourceState",
    "Rotation",
    "RotationTurn",
    "Shift",
    "ShiftSite",
    "ShiftWorkType",
    "SwapRequest",
    "WorkCredit",
    "Workload",
    "every_weekday",
]
