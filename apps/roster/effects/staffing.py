"""What follows when a shift asks for more people, for none, or for people of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.audit.editing import Effect
from apps.roster.effects.clashes import clash_effects
from apps.roster.effects.roster import days_words
from apps.roster.models import Shift
from apps.roster.queries.change import LOOK_AHEAD
from apps.roster.queries.clashes import ClashKind, clashes, shifts_of_people
from apps.roster.queries.plan import plan_of
from apps.roster.words import counted


@dataclass(frozen=True, slots=True)
class Staffing:
    """How many readers a shift asks for on each run, and whether they may be elsewhere."""

    readers_wanted: int
    is_exclusive: bool


def staffing_effects(shift: Shift, was: Staffing | None, *, at: datetime) -> Iterator[Effect]:
    """Yield what follows from how a shift is to ask for people.

    Args:
        shift: as it is to be; it need not be stored so.
        was: how it asked before; None for a new shift.
        at: from when its runs are looked at.
    """
    if was is None or not shift.is_active:
        return
    if shift.readers_wanted != was.readers_wanted:
        yield _wanted(shift, at)
    if shift.is_exclusive and not was.is_exclusive:
        yield from _elsewhere(shift, at)


def _wanted(shift: Shift, at: datetime) -> Effect:
    if shift.readers_wanted == 0:
        return Effect("A turn that nobody is on no longer counts as uncovered.", "warn")
    runs = plan_of([shift], at.date(), at.date() + LOOK_AHEAD).runs_from(
        at.date(), LOOK_AHEAD.days
    )
    short = [run for run in runs if len(run.present) < shift.readers_wanted]
    wanted = counted(shift.readers_wanted, "reader")
    if short:
        return Effect(f"Each turn asks for {wanted}: too few {days_words(short)}.", "warn")
    return Effect(f"Each turn asks for {wanted}, and has them in the next weeks.")


def _elsewhere(shift: Shift, at: datetime) -> Iterator[Effect]:
    first_on, last_on = at.date(), at.date() + LOOK_AHEAD
    around = (first_on - timedelta(days=9), last_on + timedelta(days=9))
    people = dict(plan_of([shift], first_on, last_on).people)
    others = [one for one in shifts_of_people(people, *around) if one.pk != shift.pk]
    found = clashes(
        plan_of([shift, *others], *around),
        people.values(),
        first_on=first_on,
        last_on=last_on,
        at=at,
    )
    yield from clash_effects(
        clash
        for clash in found
        if clash.kind is ClashKind.TWO_PLACES and shift in [run.shift for run in clash.runs]
    )
