"""Writes rotations: who takes turns from a date on; what was before stays as it was."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import date, timedelta

from django.db import transaction

from apps.roster.models import Radiologist, Rotation, RotationTurn
from apps.roster.services.roster import ChangedMeanwhileError

_DAY = timedelta(days=1)


@transaction.atomic
def save_rotation(rotation: Rotation, people: Sequence[Radiologist | None]) -> Rotation:
    """Write a rotation and who takes turns in it, in order; None is nobody's turn."""
    rotation.save()
    known = {turn.position: turn for turn in rotation.turns.select_for_update()}
    for position, person in enumerate(people):
        turn = known.pop(position, None) or RotationTurn(rotation=rotation, position=position)
        is_new = turn._state.adding  # noqa: SLF001 -- Django's public name for it
        if is_new or turn.radiologist_id != (person.pk if person else None):
            turn.radiologist = person
            turn.save()
    rotation.turns.filter(position__in=known).delete()
    return rotation


@transaction.atomic
def change_from(
    stored: Rotation,
    wanted: Rotation,
    people: Sequence[Radiologist | None],
    *,
    from_date: date,
) -> Rotation:
    """End a rotation before a date and begin another there; return the one that begins.

    Args:
        stored: as the caller read it.
        wanted: what it shall be from then on; its key and first day do not count.
        people: who takes turns; the first has the turn that begins on the date.
        from_date: within the stored rotation; on its first day that one is changed itself.

    Raises:
        ChangedMeanwhileError: it is no longer as the caller read it.
    """
    _check_is(stored)
    ended, begun = parted(stored, wanted, from_date)
    if ended is not None:
        ended.save()
    return save_rotation(begun, people)


@transaction.atomic
def end_rotation(stored: Rotation, last_on: date) -> Rotation:
    """Let a rotation hold no longer than a day, included.

    Raises:
        ChangedMeanwhileError: it is no longer as the caller read it.
    """
    _check_is(stored)
    ended = ended_on(stored, last_on)
    ended.save(update_fields=["end_date"])
    return ended


def parted(
    stored: Rotation, wanted: Rotation, from_date: date
) -> tuple[Rotation | None, Rotation]:
    """Return the stored rotation as it ends, None where it does not, and the one that begins."""
    begun = _copy(wanted)
    if from_date <= stored.start_date:
        begun.pk, begun.start_date = stored.pk, stored.start_date
        return None, begun
    begun.pk, begun.start_date = None, from_date
    begun._state.adding = True  # noqa: SLF001 -- Django's public name for it
    return ended_on(stored, from_date - _DAY), begun


def ended_on(stored: Rotation, last_on: date) -> Rotation:
    """Return a rotation, unsaved, as it is with another last day."""
    ended = _copy(stored)
    ended.end_date = last_on
    return ended


def _copy(rotation: Rotation) -> Rotation:
    made = copy(rotation)
    made._state = copy(rotation._state)  # noqa: SLF001 -- else both would share one
    # What was prefetched are the stored one's turns.
    made._prefetched_objects_cache = {}  # type: ignore[attr-defined] # noqa: SLF001 -- as above
    return made


def _check_is(stored: Rotation) -> None:
    found = Rotation.objects.select_for_update(of=("self",)).filter(pk=stored.pk).first()
    if found is None or _told(found) != _told(stored):
        raise ChangedMeanwhileError(f"{stored} was changed meanwhile")


def _told(rotation: Rotation) -> tuple[object, ...]:
    pattern = (rotation.unit, rotation.length, *rotation.weekdays)
    return (rotation.shift_id, rotation.start_date, rotation.end_date, rotation.status, *pattern)
