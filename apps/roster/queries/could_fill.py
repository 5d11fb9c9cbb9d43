"""Who could take time on a shift that nobody is on, best fit first, with the reasons in words.

Best is who may read all of its work, is free then, has rested before and rests after, and works
the fewest hours in that week. Whoever could not is named too, with what stands against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import IntEnum
from typing import NamedTuple

from apps.core.access import Scope
from apps.engine.codes import Refused
from apps.engine.competency import Demand
from apps.engine.occurrences import local_date, wall_to_utc
from apps.engine.rota import WorkType
from apps.engine.words import refusal_words
from apps.roster.hours import Span, merged
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.competence import demands_of, lacks, with_competencies
from apps.roster.queries.diary import Diary, Duty, almanac
from apps.roster.queries.places import seen_people, seen_shifts
from apps.roster.words import length_words, listed

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
# Rest longer than this is no rest between turns, and is not looked for.
_REST_SOUGHT = timedelta(days=3)


class Fit(IntEnum):
    """How well somebody fits; lower is better. ``PARTLY``: with something to mind."""

    FULLY = 0
    PARTLY = 1
    NOT = 2


class Reason(NamedTuple):
    """What speaks for somebody or against them, in words; tone is good, warn or alarm."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class Opening:
    """Time on a shift for which somebody is wanted: the run of a date, or a part of it.

    ``site`` (a code) and ``work`` narrow what the person must be able to read; without them it
    is all of the shift's. ``is_part`` where it is not the whole run.
    """

    shift: Shift
    start_on: date
    start_at: datetime
    end_at: datetime
    site: str = ""
    work: WorkType | None = None
    is_part: bool = False

    @property
    def span(self) -> Span:
        """Return its moments."""
        return Span(self.start_at, self.end_at)

    @property
    def week(self) -> Span:
        """Return the week, Monday to Sunday on the shift's clock, in which it starts."""
        on = local_date(self.start_at, self.shift.time_zone)
        monday = on - (on.isoweekday() - 1) * _DAY
        ends = (
            wall_to_utc(datetime.combine(day, time.min), self.shift.time_zone, is_end=False)
            for day in (monday, monday + _WEEK)
        )
        return Span(*ends)


@dataclass(frozen=True, slots=True)
class Filler:
    """Somebody who was looked at: how they fit and why; ``hours`` they work in that week.

    ``target`` is what they should work in a week, None where nothing is said.
    """

    person: Radiologist
    fit: Fit
    reasons: Sequence[Reason]
    is_free: bool
    hours: timedelta
    target: timedelta | None

    @property
    def can(self) -> bool:
        """Return whether they could take it, be it with something to mind."""
        return self.fit is not Fit.NOT


def could_fill(opening: Opening, *, scope: Scope) -> list[Filler]:
    """Return everybody of the scope, best fit first, those who could not last.

    A fixed number of reads, however many people there are.

    Args:
        opening: what is to be filled.
        scope: whose people are looked at; shifts outside of it are not named.
    """
    return could_fill_each([opening], scope=scope)[0]


def could_fill_each(openings: Sequence[Opening], *, scope: Scope) -> list[list[Filler]]:
    """Return what ``could_fill`` does for each of some openings; everybody's turns are read once."""
    spans = [_looked_at(opening) for opening in openings]
    if not spans:
        return []
    turns = almanac(min(span.start_at for span in spans), max(span.end_at for span in spans))
    in_sight = set(seen_shifts(scope).values_list("pk", flat=True))
    people = list(with_competencies(seen_people(scope).filter(is_active=True)))
    questions = [
        _question(opening, turns.between(*span), in_sight)
        for opening, span in zip(openings, spans, strict=True)
    ]
    return [
        sorted((question.filler(person) for person in people), key=_best_first)
        for question in questions
    ]


def _question(opening: Opening, found: Diary, in_sight: set[int]) -> _Question:
    demands = demands_of(
        opening.shift, opening.start_at, opening.end_at, site=opening.site, work=opening.work
    )
    return _Question(opening, found, demands, found.turning_points(opening.span), in_sight)


def _looked_at(opening: Opening) -> Span:
    """Return the time in which other turns matter: the week, and where rest is sought."""
    week, span = opening.week, opening.span
    return Span(
        min(week.start_at, span.start_at - _REST_SOUGHT),
        max(week.end_at, span.end_at + _REST_SOUGHT),
    )


def _best_first(filler: Filler) -> tuple[object, ...]:
    is_over = filler.target is not None and filler.hours >= filler.target
    return (filler.fit, not filler.is_free, is_over, filler.hours, filler.person.pk)


@dataclass(frozen=True, slots=True)
class _Question:
    """What everybody is asked."""

    opening: Opening
    diary: Diary
    demands: Sequence[Demand]
    moments: set[datetime]
    in_sight: set[int]

    def filler(self, person: Radiologist) -> Filler:
        """Return how one person answers."""
        clashing = self._clashing(person)
        hours = self.diary.hours(person.pk, self.opening.week)
        target = _span_of(person.target_hours_per_week)
        reasons = [
            *self._competence(person),
            *self._absence(person),
            *self._clashes(clashing),
            *self._rest(person),
            _load(hours, target),
        ]
        return Filler(person, _fit(reasons), reasons, not clashing, hours, target)

    def _competence(self, person: Radiologist) -> Iterator[Reason]:
        found = lacks(person, self.demands, self.opening.shift.required_subspecialty)
        if not found.words:
            yield Reason("may read all of it", "good")
        elif found.for_all:
            yield Reason(listed(found.words), "alarm")
        else:
            yield Reason(f"may read some of it: {listed(found.words)}", "warn")

    def _absence(self, person: Radiologist) -> Iterator[Reason]:
        away = self.diary.absences(person.pk, self.opening.start_on, self.moments)
        for refused in (Refused.ON_LEAVE, Refused.NON_READING):
            if refused in away:
                yield Reason(refusal_words(refused), "alarm")

    def _clashing(self, person: Radiologist) -> list[Duty]:
        span = self.opening.span
        found = {
            duty.shift.pk: duty
            for duty in self.diary.of(person.pk)
            if duty.span.start_at < span.end_at and duty.span.end_at > span.start_at
        }
        return sorted(found.values(), key=lambda duty: duty.shift.code)

    def _clashes(self, duties: Sequence[Duty]) -> Iterator[Reason]:
        """Yield what else they are on then, what stands against it first."""
        if not duties:
            yield Reason("free then", "good")
            return
        against = list(filter(None, map(self._against, duties)))
        yield from (Reason(words, "alarm") for words in against)
        if not against:
            names = list(dict.fromkeys(map(self._name, duties)))
            yield Reason(f"also on {listed(names, most=2)} then", "note")

    def _against(self, duty: Duty) -> str:
        if duty.shift.pk == self.opening.shift.pk:
            return "is on it already"
        if duty.shift.is_exclusive:
            return f"on {self._name(duty)} then, which allows no other"
        if self.opening.shift.is_exclusive:
            return f"on {self._name(duty)} then, and this shift allows no other"
        return ""

    def _name(self, duty: Duty) -> str:
        return duty.shift.name if duty.shift.pk in self.in_sight else "another shift"

    def _rest(self, person: Radiologist) -> Iterator[Reason]:
        wanted = _span_of(person.min_rest_hours)
        if not wanted:
            return
        before, after = rest_around(self.diary.of(person.pk), self.opening.span)
        if before is None and after is None and self._is_around_the_clock(person):
            yield Reason("on a shift around the clock, no rest to count", "note")
            return
        short = [
            f"{length_words(rest) or 'no time'} of rest {when} it"
            for rest, when in ((before, "before"), (after, "after"))
            if rest is not None and rest < wanted
        ]
        if short:
            yield Reason(f"only {' and '.join(short)}, {length_words(wanted)} are asked", "warn")
        else:
            yield Reason("rested", "good")

    def _is_around_the_clock(self, person: Radiologist) -> bool:
        """Return whether they are on shifts without an end in sight on either side."""
        spans = merged(duty.span for duty in self.diary.of(person.pk))
        around = [span for span in spans if span.start_at <= self.opening.start_at < span.end_at]
        return any(span.end_at - span.start_at > _REST_SOUGHT for span in around)


def rest_around(duties: Iterable[Duty], span: Span) -> tuple[timedelta | None, timedelta | None]:
    """Return how long somebody is free before and after a span of work joined to their own.

    None where no other work lies near. Turns that touch each other or the span are one stretch
    of work, with nothing to rest between.
    """
    pieces = merged([span, *(duty.span for duty in duties)])
    at = next(number for number, piece in enumerate(pieces) if piece.end_at >= span.end_at)
    before = pieces[at].start_at - pieces[at - 1].end_at if at else None
    after = pieces[at + 1].start_at - pieces[at].end_at if at + 1 < len(pieces) else None
    return before, after


def _fit(reasons: Iterable[Reason]) -> Fit:
    tones = {reason.tone for reason in reasons}
    if "alarm" in tones:
        return Fit.NOT
    return Fit.PARTLY if "warn" in tones else Fit.FULLY


def _load(hours: timedelta, target: timedelta | None) -> Reason:
    said = f"{length_words(hours) or 'no hours'} that week"
    if target is None:
        return Reason(said, "note")
    is_over = hours >= target
    return Reason(f"{said} of {length_words(target)}", "note" if is_over else "good")


def _span_of(hours: object) -> timedelta | None:
    return None if hours is None else timedelta(hours=float(str(hours)))
