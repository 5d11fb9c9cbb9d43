"""What a draft's page shows: how far it is, or the grid of what it proposes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.audit.queries.history import HistoryRow, history
from apps.core import clock
from apps.roster.choices import DraftState
from apps.roster.effects import drafts as words
from apps.roster.models import RosterDraft
from apps.roster.planning.wishes import Wishes
from apps.roster.queries.drafting import drafts as queries
from apps.roster.queries.drafting.sheet import sheet_of

_TOLD_ABOVE = frozenset({"report", "wishes"})
_AT_WORK = (DraftState.WAITING, DraftState.SOLVING)
_SHOWN = (DraftState.READY, DraftState.PUBLISHED)


def page_context(draft: RosterDraft) -> dict[str, Any]:
    """Return what the page of a draft needs."""
    is_ending = draft.state == DraftState.CANCELLED and draft.ended_at is None
    context: dict[str, Any] = {
        "draft": draft,
        "at": clock.now(),
        "summary": words.summary(Wishes.read(draft.wishes)),
        "is_at_work": draft.state in _AT_WORK or is_ending,
        "is_editable": draft.state == DraftState.READY,
    }
    if context["is_at_work"]:
        said = queries.progress_of(draft)
        context |= {"progress": said, "gap": words.gap_of(said)}
    if draft.state in _SHOWN:
        context |= sheet_context(draft)
    return context


def sheet_context(draft: RosterDraft) -> dict[str, Any]:
    """Return what the grid of a draft needs."""
    turns = queries.turns_of(draft)
    sheet = sheet_of(draft, turns)
    shifts = {line.shift.pk: line.shift for line in sheet.shifts}
    people = [line.person for line in sheet.people]
    return {
        "draft": draft,
        "at": clock.now(),
        "is_editable": draft.state == DraftState.READY,
        "sheet": sheet,
        "proposes": bool(turns),
        "outcome": words.outcome_words(draft),
        "unfilled": words.unfilled(draft, shifts, people),
        "history": _history(draft),
    }


def _history(draft: RosterDraft) -> list[HistoryRow]:
    """Return who changed the draft; what it was asked and came to is told above."""
    return [
        replace(row, changes=[one for one in row.changes if one.column not in _TOLD_ABOVE])
        for row in history(queries.subject_of(draft))
    ]
