"""Ends shadows when their time comes or when they fail, and forgets what old ones came to."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import Sum

from apps.assignment.models import ShadowTally
from apps.core import bulk, clock, due
from apps.core.actor import Actor, acting_as
from apps.core.failures import describe
from apps.rules.choices import ShadowState
from apps.rules.events import DraftChanged, DraftEnded
from apps.rules.models import Shadow
from apps.rules.services import shadows

log = logging.getLogger(__name__)

ACTOR = Actor.system("clock")
MOST_FAILURES = 20
"""A draft that gave no answer this often will give none to the next order either."""
MOST_KEPT = 500_000
"""Results of one shadow; it ends when it has seen so many."""
KEPT_FOR = timedelta(days=90)
"""How long the results of a shadow that ended are kept; its counts stay."""
FORGET_KIND = "shadow_forgotten"
_UNDONE_WITHIN = timedelta(hours=2)
"""So long an Undo may have it run again, and then it must still end at its time."""
_CHUNK = 10_000
_FORGET = """
    DELETE FROM assignment_shadowresult WHERE id IN (
        SELECT id FROM assignment_shadowresult WHERE shadow_id = %s ORDER BY id LIMIT %s)
"""
_DO_NOT_WAIT = "SET LOCAL lock_timeout = '200ms'"
"""Whoever holds the shadow's row must not hold up the decider that comes from its commit."""
_NO_ANSWER = f"its draft gave no answer {MOST_FAILURES} times"
_FULL = f"it has seen {MOST_KEPT:,} decisions, the most that are kept"


def on_end_due(what: due.Due, at: datetime) -> None:
    """End a shadow whose time has come, or look at it again; the handler of ``ENDS_KIND``."""
    shadow = Shadow.objects.filter(pk=int(what.subject)).first()
    if shadow is None:
        return
    if shadow.state == ShadowState.RUNNING:
        _end_if_over(shadow, at)
        shadow.refresh_from_db()
    if shadow.state == ShadowState.RUNNING:
        look_at = min(shadow.ends_at, at + shadows.LOOK)
        due.schedule_due(shadows.ENDS_KIND, what.subject, look_at)
    elif shadow.ended_at is not None and at - shadow.ended_at < _UNDONE_WITHIN:
        due.schedule_due(shadows.ENDS_KIND, what.subject, at + shadows.LOOK)
    else:
        due.schedule_due(FORGET_KIND, what.subject, (shadow.ended_at or at) + KEPT_FOR)


def on_forget_due(what: due.Due, at: datetime) -> None:
    """Delete some results of a shadow that ended long ago; the handler of ``FORGET_KIND``."""
    is_over = Shadow.objects.filter(pk=int(what.subject), state=ShadowState.ENDED).exists()
    if is_over and bulk.execute(_FORGET, [int(what.subject), _CHUNK]) == _CHUNK:
        due.schedule_due(FORGET_KIND, what.subject, at)


def end_failing(shadow_ids: Iterable[int], *, at: datetime) -> None:
    """End those that gave no answer too often; call it after the commit that counted them.

    What goes wrong here is logged and left to the next failure: the decisions stand.
    """
    for shadow_id in shadow_ids:
        try:
            with acting_as(ACTOR):
                bulk.execute(_DO_NOT_WAIT, [])
                if _failures(shadow_id) >= MOST_FAILURES:
                    shadows.end(shadow_id, at=at, because=_NO_ANSWER)
        except DatabaseError as error:
            log.warning("shadow %d could not be ended: %s", shadow_id, describe(error))


def on_draft_changed(event: DraftChanged) -> None:
    """End the shadow of a draft that somebody changed."""
    shadows.end_changed(event, at=clock.now())


def on_draft_ended(event: DraftEnded) -> None:
    """End the shadow of a draft that is over."""
    shadows.end_over(event, at=clock.now())


def _end_if_over(shadow: Shadow, at: datetime) -> None:
    because = shadows.BY_TIME if shadow.ends_at <= at else ""
    if not because and _seen(shadow.pk) >= MOST_KEPT:
        because = _FULL
    if because:
        with acting_as(ACTOR):
            shadows.end(shadow.pk, at=at, because=because)


def _seen(shadow_id: int) -> int:
    counted = ShadowTally.objects.filter(shadow=shadow_id).aggregate(
        decided=Sum("decided"), again=Sum("again")
    )
    return (counted["decided"] or 0) + (counted["again"] or 0)


def _failures(shadow_id: int) -> int:
    counted = ShadowTally.objects.filter(shadow=shadow_id).aggregate(failed=Sum("failed"))
    return counted["failed"] or 0
