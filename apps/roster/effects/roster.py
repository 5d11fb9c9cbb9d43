"""Says what a change of the roster does, before it is saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from apps.audit.editing import Effect
from apps.roster.choices import RosterStatus
from apps.roster.effects.clashes import clash_effects
from apps.roster.models import RosterAssignment, RosterOverride, Shift
from apps.roster.queries.change import (
    LOOK_AHEAD,
    Difference,
    Outlook,
    Part,
    on_already,
    open_studies,
    outlook,
    shifts_of,
)
from apps.roster.queries.clashes import ClashKind, clashes_of_change
from apps.roster.queries.fitness import lacking
from apps.roster.queries.overrides import leave_of
from apps.roster.queries.plan import Run, plan_of
from apps.roster.queries.records import Record
from apps.roster.words import times_words

_NAMED = 3
"""Days, people or gaps in a sentence; the others are counted."""


def effects_of(without: Sequence[Record], plus: Sequence[Record], *, at: datetime) -> list[Effect]:
    """Return what follows from exchanging some stored records for others, the worst first."""
    leaves = [
        record
        for record in (*without, *plus)
        if isinstance(record, RosterOverride) and record.shift is None
    ]
    shifts = {shift.pk: shift for leave in leaves for shift in _shifts_of(leave)}
    # Who comes back from leave is where they were; who is put on somewhere is looked at.
    is_put_on = any(record.shift is not None for record in plus)
    found = outlook(without, plus, at=at, of=list(shifts.values()))
    said = _of_outlook(found, at, is_put_on=is_put_on)
    said += _doubled(plus, found)
    said += _clashes(without, plus, found, at)
    return sorted(said, key=lambda effect: _WORST_FIRST.index(effect.tone))


def over_effects(override: RosterOverride, *, at: datetime) -> list[Effect]:
    """Say that all the turns that a swap or an extra turn is about have ended."""
    shift, days = override.shift, (override.end_date - override.start_date).days + 1
    # Of a run that starts a day ago some is ahead still, wherever it is.
    if shift is None or override.end_date > at.date() or days > LOOK_AHEAD.days:
        return []
    plan = plan_of([shift], override.start_date, override.end_date)
    runs = list(plan.runs_from(override.start_date, days))
    if not runs or any(run.end_at > at for run in runs):
        return []
    turns = "This turn is" if len(runs) == 1 else "These turns are"
    words = f"{turns} over: what was decided then stays, only the roster is written anew."
    return [Effect(words, "warn")]


def _doubled(plus: Iterable[Record], found: Outlook) -> Iterator[Effect]:
    """Say where a swap brings somebody who is on the run already, so that it loses a reader."""
    for swap in plus:
        if not isinstance(swap, RosterOverride) or swap.taker is None:
            continue
        for difference in found.differences:
            parts = on_already(difference, swap) if difference.shift.pk == swap.shift_id else []
            if parts:
                yield Effect(
                    f"{swap.taker.full_name} is on {difference.shift.code} {days_words(parts)} "
                    f"already: nobody comes for {swap.radiologist.full_name}.",
                    "warn",
                )


def _clashes(
    without: Sequence[Record], plus: Sequence[Record], found: Outlook, at: datetime
) -> list[Effect]:
    """Say what no longer goes together; of leave it is told already which turns it takes away."""
    starts = [difference.first.start_on for difference in found.differences]
    if not starts or not plus:
        return []
    worse = clashes_of_change(without, plus, first_on=min(starts), last_on=found.last_on, at=at)
    is_leave = any(record.shift is None for record in plus)
    return clash_effects(
        clash for clash in worse if not (is_leave and clash.kind is ClashKind.AWAY)
    )


def away_effects(row: RosterAssignment, *, at: datetime) -> list[Effect]:
    """Say where somebody who is put on a shift is on leave on some of the days."""
    first_on = max(row.start_date, at.date())
    leave = leave_of(row.radiologist, first_on, row.end_date or date.max)
    if leave is None or row.status != RosterStatus.ACTIVE:
        return []
    dates = span_words(leave.start_date, leave.end_date)
    return [Effect(f"{row.radiologist.full_name} is on leave {dates}: leave wins.", "warn")]


def _shifts_of(leave: RosterOverride) -> list[Shift]:
    return shifts_of(leave.radiologist, leave.start_date, leave.end_date)


def _of_outlook(found: Outlook, at: datetime, *, is_put_on: bool) -> list[Effect]:
    if not found.differences:
        return [Effect("Nobody's turns change from now on.")]
    said = [effect for difference in found.differences for effect in _of_shift(difference)]
    if is_put_on:
        said += _lack(found.differences)
    said += _stay(found.differences)
    if any(run.start_at <= at for run in _changed(found.differences)):
        said.append(Effect("A turn under way changes: it counts from the next decision on."))
    if found.goes_on:
        said.append(
            Effect(f"Looked ahead until {day_words(found.last_on)}; it goes on after that.")
        )
    return said


def _of_shift(found: Difference) -> Iterator[Effect]:
    code = found.shift.code
    if found.bared:
        yield Effect(f"Nobody is left on {code} {days_words(found.bared)}.", "alarm")
    for person, runs in found.joined.items():
        yield Effect(f"{person.full_name} is on {code} {days_words(runs)}.")
    for person, runs in found.left.items():
        yield Effect(f"{person.full_name} is no longer on {code} {days_words(runs)}.")
    if found.covered:
        yield Effect(f"{code} had nobody {days_words(found.covered)}, and has somebody then.")
    if found.first.present and not found.covered:
        on = day_words(found.first.start_on)
        yield Effect(f"{code} on {on}: {_names(found.first)}.")


def _lack(differences: Iterable[Difference]) -> Iterator[Effect]:
    for found in differences:
        for person, runs in found.joined.items():
            lacks = lacking(person, found.shift, runs[0].start_on)
            if lacks:
                yield Effect(
                    f"{person.full_name} may not read all of {found.shift.code}'s work: "
                    f"{some(lacks)}. Such studies go to others.",
                    "warn",
                )


def _stay(differences: Iterable[Difference]) -> Iterator[Effect]:
    leaving = list(dict.fromkeys(person for found in differences for person in found.left))
    if not leaving:
        return
    names: Mapping[str, str] = {person.pk: person.full_name for person in leaving}
    for person, count in open_studies(leaving).items():
        studies, them = (
            ("1 open study stays", "it") if count == 1 else (f"{count} open studies stay", "them")
        )
        yield Effect(f"{studies} with {names[person]} until somebody moves {them}.")


def _changed(differences: Iterable[Difference]) -> Iterator[Part]:
    for found in differences:
        for runs in (*found.joined.values(), *found.left.values()):
            yield from runs


def days_words(runs: Sequence[Run | Part]) -> str:
    """Return the days on which runs start, as ``on Wed 4 Feb, Thu 5 Feb and 12 more days``.

    Of parts of runs also their hours: ``on Wed 4 Feb 10:00 to 12:00``.
    """
    return f"on {some([_when(run) for run in runs], ' more turns')}"


def _when(run: Run | Part) -> str:
    day = day_words(run.start_on)
    if isinstance(run, Run) or run.is_whole:
        return day
    hours = [times_words(*span, run.run.shift.time_zone) for span in run.hours]
    return f"{day} {', '.join(hours)}"


def some(words: Sequence[str], unit: str = " more") -> str:
    """Return a few of the words, and how many more there are."""
    if len(words) <= _NAMED + 1:
        return _listed(words)
    return f"{', '.join(words[:_NAMED])} and {len(words) - _NAMED}{unit}"


def day_words(on: date) -> str:
    """Return ``Wed 4 Feb``."""
    return f"{on:%a} {on.day} {on:%b}"


def span_words(first_on: date, last_on: date | None) -> str:
    """Return two dates, both included, as ``4 Feb 2026 to 9 Feb 2026``, or without an end."""
    first = f"{first_on.day} {first_on:%b %Y}"
    if last_on is None:
        return f"from {first} on"
    return first if last_on == first_on else f"{first} to {last_on.day} {last_on:%b %Y}"


def _names(run: Run) -> str:
    return some([seat.person.full_name for seat in run.present])


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


_WORST_FIRST = ("alarm", "warn", "calm")
