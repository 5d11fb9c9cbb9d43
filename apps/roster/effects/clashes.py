"""Says what does not go together in a roster, before it is saved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

from apps.audit.editing import Effect
from apps.roster.models import RosterOverride
from apps.roster.queries.clashes import Clash, ClashKind, monday
from apps.roster.queries.plan import Run
from apps.roster.words import counted, length_words, listed

_NAMED = 2
"""Clashes of one kind and person that are told; the others are counted."""


def clash_effects(clashes: Iterable[Clash]) -> list[Effect]:
    """Return what to say of clashes: a sentence for each person and kind, the worst first."""
    told: defaultdict[tuple[ClashKind, str], list[Clash]] = defaultdict(list)
    for clash in clashes:
        told[clash.kind, clash.person.pk].append(clash)
    kinds = list(ClashKind)
    ordered = sorted(told.items(), key=lambda one: (kinds.index(one[0][0]), one[0][1]))
    return [_effect(kind, found) for (kind, _person), found in ordered]


def clash_words(clash: Clash) -> str:
    """Return one clash as a sentence of its own."""
    return f"{clash.person.full_name} {_BEGINS[clash.kind]([clash])}: {_TELLS[clash.kind](clash)}."


def _effect(kind: ClashKind, clashes: Sequence[Clash]) -> Effect:
    told = listed([_TELLS[kind](clash) for clash in clashes], most=_NAMED)
    words = f"{clashes[0].person.full_name} {_BEGINS[kind](clashes)}: {told}."
    return Effect(words, "alarm" if kind is ClashKind.TWO_PLACES else "warn")


def _two_places_begin(_clashes: Sequence[Clash]) -> str:
    return "would be in two places at once"


def _tell_two_places(clash: Clash) -> str:
    one, two = clash.runs
    return f"{one.shift.code} and {two.shift.code} on {_day(two)} for {length_words(clash.by)}"


def _away_begins(clashes: Sequence[Clash]) -> str:
    leave = _leave_of(clashes[0])
    is_work = leave is not None and leave.kind == "other_work"
    turns = counted(len(clashes), "turn of theirs", "turns of theirs")
    return f"is {'at other work' if is_work else 'on leave'} during {turns}"


def _tell_away(clash: Clash) -> str:
    (run,) = clash.runs
    part = "" if clash.by >= run.length else f" for {length_words(clash.by)}"
    return f"{run.shift.code} on {_day(run)}{part}"


def _rest_begins(clashes: Sequence[Clash]) -> str:
    wanted = timedelta(hours=float(clashes[0].person.min_rest_hours or 0))
    times = "" if len(clashes) == 1 else f" {len(clashes)} times"
    return f"rests less than {length_words(wanted)}{times}"


def _tell_rest(clash: Clash) -> str:
    before, after = clash.runs
    rest = clash.span.end_at - clash.span.start_at
    start = clash.span.end_at.astimezone(ZoneInfo(after.shift.time_zone))
    return (
        f"{length_words(rest)} between {before.shift.code} and {after.shift.code} "
        f"on {start:%a} {start.day} {start:%b} {start:%H:%M}"
    )


def _hours_begin(clashes: Sequence[Clash]) -> str:
    target = timedelta(hours=float(clashes[0].person.target_hours_per_week or 0))
    return f"works more than the {length_words(target) or '0 h'} a week that are their target"


def _tell_hours(clash: Clash) -> str:
    on = monday(clash.runs[0].start_on)
    return f"{length_words(clash.by)} more in the week of {on:%a} {on.day} {on:%b}"


def _leave_of(clash: Clash) -> RosterOverride | None:
    seats = (seat for run in clash.runs for seat in run.seats)
    return next((seat.leave for seat in seats if seat.person.pk == clash.person.pk), None)


def _day(run: Run) -> str:
    return f"{run.start_on:%a} {run.start_on.day} {run.start_on:%b}"


_BEGINS: Mapping[ClashKind, Callable[[Sequence[Clash]], str]] = {
    ClashKind.TWO_PLACES: _two_places_begin,
    ClashKind.AWAY: _away_begins,
    ClashKind.REST: _rest_begins,
    ClashKind.HOURS: _hours_begin,
}
_TELLS: Mapping[ClashKind, Callable[[Clash], str]] = {
    ClashKind.TWO_PLACES: _tell_two_places,
    ClashKind.AWAY: _tell_away,
    ClashKind.REST: _tell_rest,
    ClashKind.HOURS: _tell_hours,
}
