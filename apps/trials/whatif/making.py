"""Asks for a what-if, stops one, and puts one away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from apps.core.access import Scope
from apps.core.queue import jobs
from apps.trials.choices import RunState
from apps.trials.models import PutAway, WhatIf
from apps.trials.whatif import history
from apps.trials.whatif.wishes import Wishes

MOST_DAYS = 90
MOST_ORDERS = 1_000_000
AT_WORK = (RunState.WAITING, RunState.RUNNING)
_KEPT_FOR_UNDO = timedelta(days=7)


class CannotAskError(Exception):
    """There is nothing to be replayed, or too much; the words say which."""


class NotInThatStateError(Exception):
    """The what-if is no longer in a state in which this can be done; the words say which it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a what-if is asked with; ``until`` is not included."""

    name: str
    since: datetime
    until: datetime
    rule_draft: int | None
    roster_draft: int | None
    wishes: Wishes


@transaction.atomic
def ask(asked: Asked, *, made_by: str, scope: Scope, at: datetime) -> WhatIf:
    """Make a what-if and have it played soon.

    Args:
        asked: the question.
        made_by: whose it is.
        scope: where they may change rules, which says who else sees it.
        at: now.

    Raises:
        CannotAskError: no order came in that time, or more than can be replayed.
    """
    total = history.count(history.Wanted(asked.since, asked.until))
    if not total:
        raise CannotAskError("No order came in these days, so there is nothing to replay.")
    if total > MOST_ORDERS:
        raise CannotAskError(f"{total:,} orders came in these days; choose fewer days.")
    _clear_away(at)
    found = WhatIf.objects.create(
        name=asked.name,
        since=asked.since,
        until=asked.until,
        rule_draft_id=asked.rule_draft,
        roster_draft_id=asked.roster_draft,
        wishes=asked.wishes.written(),
        total=total,
        made_by=made_by,
        sites=None if scope.everywhere else sorted(scope.site_ids),
        made_at=at,
    )
    jobs.wake()
    return found


@transaction.atomic
def ask_again(*, whatif_id: int) -> WhatIf:
    """Have a what-if played once more, as everything stands now.

    Raises:
        NotInThatStateError: it is waiting or being played.
    """
    found = WhatIf.objects.select_for_update().get(pk=whatif_id)
    if found.state in AT_WORK:
        raise NotInThatStateError(_is(found))
    found.moves.all().delete()
    found.state, found.problem, found.report = RunState.WAITING, "", {}
    found.attempt = found.done = 0
    found.started_at = found.ended_at = None
    found.total = history.count(history.Wanted(found.since, found.until))
    found.save()
    jobs.wake()
    return found


@transaction.atomic
def cancel(*, whatif_id: int, at: datetime) -> WhatIf:
    """Have a what-if end; who plays it sees it within a second.

    Raises:
        NotInThatStateError: it is neither waiting nor being played.
    """
    found = WhatIf.objects.select_for_update().get(pk=whatif_id)
    if found.state not in AT_WORK:
        raise NotInThatStateError(_is(found))
    found.state, found.ended_at = RunState.CANCELLED, at
    found.save(update_fields=["state", "ended_at"])
    return found


@transaction.atomic
def put_away(*, whatif_id: int, at: datetime) -> WhatIf:
    """Show a what-if to nobody any more; it is kept for a week, so that Undo brings it back.

    Raises:
        NotInThatStateError: it is waiting or being played.
    """
    found = WhatIf.objects.select_for_update().get(pk=whatif_id)
    if found.state in AT_WORK:
        raise NotInThatStateError(f"{_is(found)} Cancel it first.")
    PutAway.objects.get_or_create(whatif=found, defaults={"at": at})
    return found


def _clear_away(at: datetime) -> None:
    WhatIf.objects.filter(put_away__at__lt=at - _KEPT_FOR_UNDO).delete()


def _is(found: WhatIf) -> str:
    return f"{found.name} is {found.get_state_display().lower()}."
