"""The drafts that somebody may see, and which version of one they looked at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.models import DraftProgress, DraftTurn, RosterDraft
from apps.roster.queries.places import changed_shifts


def drafts(scope: Scope) -> QuerySet[RosterDraft]:
    """Return the drafts of which every shift may be changed from the scope, newest first."""
    found = RosterDraft.objects.order_by("-made_at", "-pk")
    if scope.everywhere:
        return found
    shifts = list(changed_shifts(scope).values_list("pk", flat=True))
    return scope.limit(found).filter(wishes__shifts__contained_by=shifts)


def turns_of(draft: RosterDraft) -> list[DraftTurn]:
    """Return what is proposed, in order of time."""
    return list(draft.turns.order_by("on", "shift", "radiologist"))


def progress_of(draft: RosterDraft) -> Mapping[str, Any]:
    """Return what the solver said last of how far it is, nothing where it has not begun."""
    rows = DraftProgress.objects.filter(draft=draft)
    return rows.values_list("said", flat=True).first() or {}


def version_of(draft: RosterDraft, turns: Iterable[DraftTurn]) -> str:
    """Return a mark that changes whenever what is proposed does."""
    said = [draft.state, *(str(_content(turn)) for turn in turns)]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:16]


def subject_of(draft: RosterDraft) -> Subject:
    """Return whose history the draft's page shows."""
    return Subject("roster_rosterdraft", str(draft.pk))


def _content(turn: DraftTurn) -> tuple[object, ...]:
    return (turn.on, turn.shift_id, turn.radiologist_id, turn.is_fixed)
