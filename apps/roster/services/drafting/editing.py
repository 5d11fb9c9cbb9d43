"""Changes a draft by hand; what a person decided is fixed, so that the solver keeps it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db import transaction

from apps.roster.choices import DraftState
from apps.roster.models import DraftTurn, RosterDraft
from apps.roster.queries.drafting.asking import Day, day_of
from apps.roster.queries.drafting.drafts import turns_of
from apps.roster.services.drafting.making import NotInThatStateError


class StaleDraftError(Exception):
    """Somebody changed it after it was shown."""


class ImpossibleTurnError(Exception):
    """No decision of a person's makes it possible; the words say why."""


@transaction.atomic
def set_day(
    *, draft_id: int, person_id: str, on: date, shifts: Collection[int], fixed: bool, seen: str
) -> Day:
    """Give somebody these shifts on a day, and no others of the draft.

    Args:
        draft_id: whose.
        person_id: who.
        on: the day on which the runs start.
        shifts: by key.
        fixed: whether the solver shall keep them when it runs again.
        seen: ``Day.seen`` of the day as it was shown.

    Raises:
        RosterDraft.DoesNotExist: the day is none of the draft's.
        NotInThatStateError: the draft is worked out at this moment, or published.
        StaleDraftError: the day is no longer as it was shown.
        ImpossibleTurnError: they are away then, or on it already.
    """
    draft = RosterDraft.objects.select_for_update().get(pk=draft_id)
    if draft.state != DraftState.READY:
        raise NotInThatStateError(f"{draft.name} is {draft.get_state_display().lower()}.")
    day = day_of(draft, person_id, on, turns_of(draft))
    if day is None:
        raise RosterDraft.DoesNotExist(f"{on} of {person_id} is no day of {draft.name}")
    if day.seen != seen:
        raise StaleDraftError
    _write(draft, day, set(shifts), fixed=fixed)
    return day


def _write(draft: RosterDraft, day: Day, shifts: set[int], *, fixed: bool) -> None:
    for choice in day.choices:
        wanted = choice.shift.pk in shifts
        turns = DraftTurn.objects.filter(
            draft=draft, shift=choice.shift, radiologist=day.person, on=day.on
        )
        if wanted and not choice.is_on:
            if not choice.is_possible:
                raise ImpossibleTurnError(f"{day.person.full_name} {choice.words}.")
            turns.create(
                draft=draft,
                shift=choice.shift,
                radiologist=day.person,
                on=day.on,
                is_fixed=fixed,
            )
        elif wanted and choice.is_fixed is not fixed:
            turns.update(is_fixed=fixed)
        elif not wanted and choice.is_on:
            turns.delete()
