"""The states of a what-if that is played: taken, told of, settled. One process at a time.

Attempts are counted, each before it is made: what ends its process again and again has failed in
the end, with words, instead of being tried for ever.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from apps.core.actor import Actor, acting_as
from apps.trials.choices import RunState
from apps.trials.models import MovedOrder, WhatIf
from apps.trials.whatif.playing import Played

MOST_ATTEMPTS = 3
_PLAYER = Actor.system("what-if")
_BATCH = 1000


def waiting_since() -> datetime | None:
    """Return since when the oldest what-if waits to be played."""
    found = WhatIf.objects.filter(state__in=(RunState.WAITING, RunState.RUNNING))
    return found.order_by("made_at").values_list("made_at", flat=True).first()


def take_next(at: datetime) -> WhatIf | None:
    """Take the oldest what-if that waits; None where none does.

    One found as being played was left by a process that died: nobody else plays now. Whose
    attempts are used up has failed.
    """
    with acting_as(_PLAYER):
        waiting = WhatIf.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state__in=(RunState.WAITING, RunState.RUNNING)
        )
        found = waiting.order_by("made_at").first()
        if found is None:
            return None
        if found.attempt >= MOST_ATTEMPTS:
            _fail(found, "The process that played it was ended three times.", at)
        else:
            found.state, found.started_at = RunState.RUNNING, at
            found.attempt, found.done = found.attempt + 1, 0
            found.save()
        return found


def tell_progress(found: WhatIf, done: int) -> bool:
    """Keep how far it is; False where it is no longer wanted."""
    asked = WhatIf.objects.filter(pk=found.pk, state=RunState.RUNNING)
    return asked.update(done=done) == 1


def give_back(found: WhatIf) -> None:
    """Leave it to the next process, this attempt not counted: the worker is told to stop."""
    with acting_as(_PLAYER):
        asked = WhatIf.objects.filter(pk=found.pk, state=RunState.RUNNING)
        asked.update(state=RunState.WAITING, attempt=F("attempt") - 1, done=0)


def fail(found: WhatIf, words: str, at: datetime) -> None:
    """Note that it cannot be played, and why."""
    with acting_as(_PLAYER):
        kept = WhatIf.objects.select_for_update().filter(pk=found.pk).first()
        if kept is not None and kept.state == RunState.RUNNING:
            _fail(kept, words, at)


@transaction.atomic
def settle(found: WhatIf, played: Played, at: datetime) -> None:
    """Keep what it came to; one that was cancelled or deleted meanwhile stays so."""
    with acting_as(_PLAYER):
        kept = WhatIf.objects.select_for_update().filter(pk=found.pk).first()
        if kept is None or kept.state != RunState.RUNNING:
            return
        kept.moves.all().delete()
        MovedOrder.objects.bulk_create(
            (
                MovedOrder(
                    whatif=kept,
                    order_id=move.order,
                    at=move.at,
                    before=move.before,
                    after=move.after,
                )
                for move in played.moves
            ),
            batch_size=_BATCH,
        )
        kept.state, kept.ended_at, kept.problem = RunState.DONE, at, ""
        kept.report = played.report
        kept.done = kept.total = played.report["orders"]
        kept.save()


def _fail(found: WhatIf, words: str, at: datetime) -> None:
    found.state, found.ended_at, found.problem = RunState.FAILED, at, words
    found.save()
