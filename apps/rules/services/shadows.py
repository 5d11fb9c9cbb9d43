"""Starts and ends the shadows of drafts. A shadow decides nothing: whatever ends it, nothing moves."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from apps.core import due
from apps.rules.choices import ShadowState
from apps.rules.events import DraftChanged, DraftEnded
from apps.rules.exceptions import ShadowError
from apps.rules.models import RuleDraft, Shadow
from apps.rules.queries.drafts import UNFINISHED
from apps.rules.queries.shadows import MOST_AT_ONCE, running

ENDS_KIND = "shadow_ends"
"""The due time at which a shadow is looked at and at last ends; its subject is its id."""
LONGEST_DAYS = 30
LOOK = timedelta(hours=1)
"""How often a running shadow is looked at: an hour is shorter than the shortest."""
_ONE_AT_A_TIME = 0x7368_6164  # "shad"

BY_HAND = "stopped by hand"
BY_TIME = "its time was over"
BY_CHANGE = "its draft was changed"
BY_GOING_LIVE = "its draft went live"
BY_DROPPING = "its draft was dropped"


@transaction.atomic
def start(*, draft_id: int, days: int, at: datetime, actor: str) -> Shadow:
    """Ask a draft beside the live rules from the next decision on.

    Args:
        draft_id: a draft that may still change something.
        days: for how long, 1 to ``LONGEST_DAYS``.
        at: the moment.
        actor: who starts it.

    Raises:
        ShadowError: the draft is over, empty or asked already, or enough others are.
    """
    if not 1 <= days <= LONGEST_DAYS:
        raise ShadowError(f"A shadow runs for 1 to {LONGEST_DAYS} days.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ONE_AT_A_TIME])
    draft = RuleDraft.objects.select_for_update().filter(pk=draft_id).first()
    _check_can_start(draft, draft_id)
    ends_at = at + timedelta(days=days)
    shadow = Shadow.objects.create(
        draft_id=draft_id, started_by=actor, started_at=at, ends_at=ends_at
    )
    # Looked at until it ends: one that has seen enough ends before its time.
    due.schedule_due(ENDS_KIND, str(shadow.pk), at + LOOK)
    return shadow


def end(shadow_id: int, *, at: datetime, because: str) -> bool:
    """Ask it no more; return whether it was still running. Its results stay."""
    rows = Shadow.objects.filter(pk=shadow_id, state=ShadowState.RUNNING)
    ended = rows.update(state=ShadowState.ENDED, ended_at=at, ended_because=because)
    return ended > 0


def end_changed(event: DraftChanged, *, at: datetime) -> None:
    """End the shadow of a draft that is no longer what was asked until now."""
    _end_of_draft(event.draft_id, at=at, because=BY_CHANGE)


def end_over(event: DraftEnded, *, at: datetime) -> None:
    """End the shadow of a draft that went live or was dropped."""
    because = BY_GOING_LIVE if event.is_live else BY_DROPPING
    _end_of_draft(event.draft_id, at=at, because=because)


def _end_of_draft(draft_id: int, *, at: datetime, because: str) -> None:
    rows = Shadow.objects.filter(draft=draft_id, state=ShadowState.RUNNING)
    # Asked first: an update of no row would raise the rules' version all the same.
    for shadow_id in rows.values_list("pk", flat=True):
        end(shadow_id, at=at, because=because)


def _check_can_start(draft: RuleDraft | None, draft_id: int) -> None:
    if draft is None or draft.state not in UNFINISHED:
        raise ShadowError("The draft is live or dropped, so there is nothing to compare.")
    if not draft.changes.exists():
        raise ShadowError("The draft changes no rule yet, so it would always agree.")
    others = list(running().values_list("draft", flat=True))
    if draft_id in others:
        raise ShadowError("The draft runs beside the live rules already.")
    if len(others) >= MOST_AT_ONCE:
        raise ShadowError(f"{MOST_AT_ONCE} drafts run already; stop one of them first.")
