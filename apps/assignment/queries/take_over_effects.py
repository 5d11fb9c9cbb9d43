"""What a take-over will do, in words, before it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from apps.assignment.desk.take_over import Became
from apps.assignment.queries.take_over import TakeOver
from apps.audit.editing import Effect
from apps.roster.choices import OverrideKind
from apps.roster.effects.clashes import clash_effects
from apps.roster.hours import Span
from apps.roster.models import Radiologist, RosterOverride
from apps.roster.queries.clashes import clashes_of_change
from apps.roster.queries.take_over import Turns, Until
from apps.roster.words import counted, listed, run_words

_SHOWN_TURNS = 3


def effects_of(done: TakeOver) -> list[Effect]:
    """Return what will happen: to the roster, to the studies, and what does not go together."""
    return [*_effects(done), *_clashes(done)]


def turns_words(turns: Turns) -> str:
    """Return when the ill person would have been there, the last turns counted."""
    return _spans_words([span for _, spans in turns.own for span in spans], turns)


def _effects(done: TakeOver) -> Iterator[Effect]:
    yield from _of_leave(done)
    for turns in done.scene.left.turns:
        yield from _of_turns(done, turns)
    yield from _of_studies(done)
    if done.scene.elsewhere:
        them = counted(done.scene.elsewhere, "open study", "open studies")
        yield Effect(f"{them} at other sites stay: they are not yours to move.", "warn")


def _of_leave(done: TakeOver) -> Iterator[Effect]:
    name = done.scene.left.person.full_name
    records = [one for one in done.handed.records if one.kind == OverrideKind.LEAVE]
    if records:
        yield Effect(f"{name} is on leave {_leave_words(done, records)}.")
    elif not done.scene.left.may_send_away:
        yield Effect(
            f"Leave for {name} is not yours to enter: only the turns below change.", "warn"
        )


def _leave_words(done: TakeOver, records: Sequence[RosterOverride]) -> str:
    period = done.asked.period
    last = records[-1]
    if period.from_on is not None or last.start_local is None:
        begins = "from now" if period.from_on is None else f"from {_day(period.first_on)}"
        same = period.from_on is not None and last.end_date == period.first_on
        return f"on {_day(last.end_date)}" if same else f"{begins} to {_day(last.end_date)}"
    end_at = done.scene.left.end_at
    if period.until is Until.TURN and end_at is not None:
        return f"from now until {end_at.astimezone(ZoneInfo(period.zone)):%H:%M}"
    return "for the rest of today"


def _of_turns(done: TakeOver, turns: Turns) -> Iterator[Effect]:
    name, ill = turns.shift.name, done.scene.left.person.full_name
    if not turns.may_change:
        yield Effect(f"{name} serves sites that are not yours: nobody is put there.", "warn")
    for taker in done.handed.takers.get(turns.shift.pk, ()):
        yield _of_taker(done, turns, taker)
    bare = list(_bare(done, turns))
    if bare:
        yield Effect(f"Nobody is left on {name}: {_spans_words(bare, turns)}.", "alarm")
    elif turns.may_change and not done.handed.takers.get(turns.shift.pk):
        there = listed(_there(done, turns))
        yield Effect(f"Nobody takes {ill}'s place on {name}: {there} stay on it.")


def _of_taker(done: TakeOver, turns: Turns, taker: Radiologist) -> Effect:
    name, shift = taker.full_name, turns.shift.name
    own = [one for one in done.handed.records if one.shift_id == turns.shift.pk]
    lacking = done.handed.partial.get((turns.shift.pk, taker.pk))
    if any(one.taker_id == taker.pk for one in own):
        return Effect(f"{name} stands in on {shift}: {turns_words(turns)}.")
    if not any(one.radiologist_id == taker.pk for one in own):
        return Effect(f"{name} is on {shift} already and stays.")
    if lacking is not None:
        said = listed(lacking.words)
        return Effect(f"{name} joins {shift} and may not read all of it: {said}.", "warn")
    return Effect(f"{name} joins {shift} too: {turns_words(turns)}.")


def _bare(done: TakeOver, turns: Turns) -> Iterator[Span]:
    """Yield the parts of the turns in which nobody will be there."""
    for run, spans in turns.own:
        for gap in done.run_after(run).gaps:
            for span in spans:
                both = Span(max(gap.start_at, span.start_at), min(gap.end_at, span.end_at))
                if both.start_at < both.end_at:
                    yield both


def _there(done: TakeOver, turns: Turns) -> list[str]:
    """Return the names of who else is there when the first turn is left."""
    run, span = turns.first
    return [
        done.names.get(person, person)
        for part in done.run_after(run).stretches
        if part.start_at <= span.start_at < part.end_at
        for person in part.people
    ]


def _spans_words(spans: Sequence[Span], turns: Turns) -> str:
    zone = turns.shift.time_zone
    said = [run_words(span.start_at, span.end_at, zone) for span in spans]
    return listed(said, most=_SHOWN_TURNS)


def _of_studies(done: TakeOver) -> Iterator[Effect]:
    moved = [one.reader for one in done.fates if one.became is Became.MOVES]
    for reader in dict.fromkeys(moved):
        studies = counted(moved.count(reader), "study goes", "studies go")
        yield Effect(f"{studies} to {done.names.get(reader, reader)}.")
    for kind, (one, many, tone) in _REST.items():
        count = sum(fate.became is kind for fate in done.fates)
        if count:
            yield Effect(f"{counted(count, one, many)}.", tone)


_REST: Mapping[Became, tuple[str, str, str]] = {
    Became.DECIDED: (
        "study is decided again and finds another reader",
        "studies are decided again and find other readers",
        "calm",
    ),
    Became.WAITS: (
        "study finds nobody and waits among the unassigned",
        "studies find nobody and wait among the unassigned",
        "alarm",
    ),
    Became.STAYS: ("study stays where it is", "studies stay where they are", "warn"),
    Became.READING: (
        "study is being read and stays, unless you tick it",
        "studies are being read and stay, unless you tick them",
        "warn",
    ),
}


def _clashes(done: TakeOver) -> list[Effect]:
    """Return what does not go together for those who take over."""
    plus = [one for one in done.handed.records if one.kind != OverrideKind.LEAVE]
    if not plus:
        return []
    period = done.asked.period
    found = clashes_of_change(
        [], plus, first_on=period.today, last_on=period.last_on, at=period.at
    )
    return clash_effects(one for one in found if one.person.pk != done.asked.ill)


def _day(on: date) -> str:
    return f"{on:%a} {on:%d %b}"
