"""What is offered when somebody is put on a turn: people for a run, runs for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.core.access import Scope
from apps.roster.models import Radiologist
from apps.roster.queries.could_fill import Filler, Opening, could_fill
from apps.roster.queries.grid.emptiness import emptiness_of
from apps.roster.queries.places import changed_shifts
from apps.roster.queries.plan import Run, plan_of


@dataclass(frozen=True, slots=True)
class OfferedTurn:
    """A run that a person may be put on; ``is_gap`` where nobody is on it for some of its time."""

    run: Run
    is_gap: bool


def fillers_of(run: Run, scope: Scope) -> Sequence[Filler]:
    """Return who could take a run, or where it has gaps the first of them; best fit first."""
    span = run.gaps[0] if run.gaps else (run.start_at, run.end_at)
    seated = set(run.seated)
    found = could_fill(Opening(run.shift, run.start_on, *span), scope=scope)
    return [filler for filler in found if filler.person.pk not in seated]


def best_of(run: Run, scope: Scope) -> str:
    """Return the id of who fits a run best, empty where nobody could take it."""
    return next((filler.person.pk for filler in fillers_of(run, scope) if filler.can), "")


def turns_on(on: date, person: Radiologist, scope: Scope) -> list[OfferedTurn]:
    """Return the runs that start on a date and that a person is not on; gaps come first."""
    shifts = changed_shifts(scope).filter(is_active=True).order_by("code")
    plan = plan_of(shifts.select_related("calendar"), on, on)
    empty = emptiness_of(plan, on, on)
    found = [
        OfferedTurn(run, empty.is_gap(run))
        for run in plan.runs_from(on, 1)
        if person.pk not in run.seated
    ]
    return sorted(found, key=lambda one: (not one.is_gap, one.run.start_at, one.run.shift.code))
