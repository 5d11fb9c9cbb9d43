"""The states of a draft that is worked out: taken, told of, settled. One process at a time.

Attempts are counted, each before it is made: a draft whose process dies with it again and again
fails in the end, with words, instead of being tried for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q

from apps.core.actor import Actor, acting_as
from apps.roster.choices import DraftState
from apps.roster.models import DraftProgress, DraftTurn, RosterDraft
from apps.roster.planning.facts import Seat
from apps.roster.queries.drafting.posing import Posed

MOST_ATTEMPTS = 2
_PLANNER = Actor.system("planner")
_UNSETTLED = Q(state__in=(DraftState.WAITING, DraftState.SOLVING)) | Q(
    state=DraftState.CANCELLED, ended_at=None
)


def waiting_since() -> datetime | None:
    """Return since when the oldest draft waits to be worked out or to be settled."""
    found = RosterDraft.objects.filter(_UNSETTLED).order_by("made_at")
    return found.values_list("made_at", flat=True).first()


def take_next(at: datetime) -> RosterDraft | None:
    """Take the oldest draft that waits; None where none does.

    One found as being worked out was left by a process that died: nobody else takes drafts now.
    Whose attempts are used up has failed.
    """
    with acting_as(_PLANNER):
        waiting = RosterDraft.objects.select_for_update(skip_locked=True).filter(_UNSETTLED)
        draft = waiting.order_by("made_at").first()
        if draft is None:
            return None
        progress, _made = DraftProgress.objects.get_or_create(draft=draft)
        if draft.state == DraftState.CANCELLED:
            draft.ended_at = at
        elif progress.attempt >= MOST_ATTEMPTS:
            _fail(draft, "The process that worked it out was ended twice.", at)
        else:
            draft.state, draft.started_at = DraftState.SOLVING, draft.started_at or at
            DraftProgress.objects.filter(draft=draft).update(attempt=F("attempt") + 1, said={})
        draft.save()
        return draft


def tell_progress(draft: RosterDraft, said: Mapping[str, Any]) -> bool:
    """Keep how far it is; False where it is no longer wanted."""
    asked = DraftProgress.objects.filter(draft=draft, draft__state=DraftState.SOLVING)
    return asked.update(said=dict(said)) == 1


def give_back(draft: RosterDraft) -> None:
    """Leave it to the next process, this attempt not counted: the worker is told to stop."""
    with acting_as(_PLANNER):
        asked = RosterDraft.objects.filter(pk=draft.pk, state=DraftState.SOLVING)
        if asked.update(state=DraftState.WAITING):
            DraftProgress.objects.filter(draft=draft).update(attempt=F("attempt") - 1)


def fail(draft: RosterDraft, words: str, at: datetime) -> None:
    """Note that it cannot be worked out, and why."""
    with acting_as(_PLANNER):
        found = RosterDraft.objects.select_for_update().filter(pk=draft.pk).first()
        if found is not None:
            _fail(found, words, at)
            found.save()


@transaction.atomic
def settle(
    draft: RosterDraft,
    posed: Posed,
    seats: Collection[Seat],
    report: Mapping[str, Any],
    at: datetime,
) -> None:
    """Keep what was found in place of what was found before; fixed turns stay.

    A draft that was deleted meanwhile stays so.
    """
    with acting_as(_PLANNER):
        found = RosterDraft.objects.select_for_update().filter(pk=draft.pk).first()
        if found is None:
            return
        found.turns.filter(is_fixed=False).delete()
        DraftTurn.objects.bulk_create(_turn(found, posed, seat) for seat in sorted(seats))
        found.state, found.ended_at = DraftState.READY, at
        found.report = dict(report)
        found.save()


def _fail(draft: RosterDraft, words: str, at: datetime) -> None:
    draft.state, draft.ended_at, draft.report = DraftState.FAILED, at, {"failed": words}


def _turn(draft: RosterDraft, posed: Posed, seat: Seat) -> DraftTurn:
    turn = posed.problem.demands[seat.demand].turn
    return DraftTurn(
        draft=draft,
        shift_id=turn.shift,
        radiologist_id=posed.people[seat.person].pk,
        on=turn.on,
    )
