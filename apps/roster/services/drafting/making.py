"""Asks for a draft, asks again, and stops one that is being worked out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from apps.core.queue import jobs
from apps.roster.choices import DraftState
from apps.roster.models import DraftProgress, RosterDraft, ShiftSite
from apps.roster.planning.wishes import Wishes

_AT_WORK = (DraftState.WAITING, DraftState.SOLVING)


class NotInThatStateError(Exception):
    """The draft is no longer in a state in which this can be done; the words say which it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a draft is asked with; both days are included."""

    name: str
    first_on: date
    last_on: date
    wishes: Wishes


@transaction.atomic
def ask_for_draft(asked: Asked, *, made_by: str, at: datetime) -> RosterDraft:
    """Make a draft and have it worked out soon."""
    draft = RosterDraft(made_by=made_by, made_at=at)
    _ask(draft, asked)
    draft.save()
    jobs.wake()
    return draft


@transaction.atomic
def ask_again(*, draft_id: int, asked: Asked | None = None) -> RosterDraft:
    """Have a draft worked out once more; the turns that a person fixed stay.

    Args:
        draft_id: which.
        asked: what it is asked with from now on; None leaves that as it is.

    Raises:
        NotInThatStateError: it is being worked out, or published.
    """
    draft = RosterDraft.objects.select_for_update().get(pk=draft_id)
    if draft.state in (*_AT_WORK, DraftState.PUBLISHED):
        raise NotInThatStateError(f"{draft.name} is {draft.get_state_display().lower()}.")
    if asked is not None:
        _ask(draft, asked)
    draft.state = DraftState.WAITING
    DraftProgress.objects.filter(draft=draft).delete()
    draft.started_at = draft.ended_at = None
    draft.save()
    jobs.wake()
    return draft


@transaction.atomic
def stop_working(*, draft_id: int, at: datetime) -> RosterDraft:
    """Have the solver end; the best that it found so far is kept.

    Raises:
        NotInThatStateError: it is not being worked out.
    """
    draft = RosterDraft.objects.select_for_update().get(pk=draft_id)
    if draft.state not in _AT_WORK:
        raise NotInThatStateError(f"{draft.name} is {draft.get_state_display().lower()}.")
    if draft.state == DraftState.WAITING:
        draft.ended_at = at  # whoever works it out settles the others
    draft.state = DraftState.CANCELLED
    draft.save()
    return draft


def site_of(shifts: Iterable[int]) -> int | None:
    """Return a site whose managers may change the shifts; None where one is every site's."""
    wanted = list(shifts)
    served = ShiftSite.objects.filter(shift__in=wanted, shift__all_sites=False)
    placed = set(served.values_list("shift", flat=True))
    if not wanted or placed != set(wanted):
        return None
    return min(served.values_list("site", flat=True))


def _ask(draft: RosterDraft, asked: Asked) -> None:
    draft.name = asked.name
    draft.start_date, draft.end_date = asked.first_on, asked.last_on
    draft.wishes = asked.wishes.written()
    draft.site_id = site_of(asked.wishes.shifts)
