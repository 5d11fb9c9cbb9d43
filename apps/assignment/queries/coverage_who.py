"""Who may be given some work at a moment or in a column of the coverage page, and who may not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from apps.assignment.coverage.swept import Found, coverage
from apps.assignment.coverage.words import causes_words, lanes_words
from apps.assignment.queries.coverage import (
    CoverageFilter,
    Span,
    asked_of,
    columns_of,
    found_of,
    rows_of,
)
from apps.core.access import Scope
from apps.engine.timeline.facts import Cause, Cover, Lack
from apps.engine.timeline.grid import lowest
from apps.engine.timeline.rows import Row
from apps.engine.words import refusal_words
from apps.roster.queries.places import seen_people

AHEAD = timedelta(hours=24)
"""How far is looked, to say until when the answer at a moment holds."""
ANSWERS = 30
_INSTANT = timedelta(microseconds=1)
# Told of each person by name instead.
_OF_PEOPLE = {Lack.UNFIT, Lack.ON_LEAVE, Lack.OTHER_WORK}


class _Told(NamedTuple):
    """What is the same for a stretch of time; ids and codes, with words for who may not."""

    cover: Cover
    eligible: tuple[tuple[str, tuple[str, ...]], ...]
    refused: tuple[tuple[str, str, str], ...]
    causes: tuple[Cause, ...]


class Somebody(NamedTuple):
    """A person whom the viewer sees, and on which shifts or why not."""

    person_id: str
    name: str
    words: str


class Stretch(NamedTuple):
    """A stretch of time with the same answer.

    The ``others`` are people whom the viewer does not look after: counted, never named.
    ``is_longer`` says that nobody looked beyond its end.
    """

    span: Span
    cover: Cover
    eligible: Sequence[Somebody]
    others: int
    refused: Sequence[Somebody]
    other_refused: int
    causes: Sequence[str]
    is_longer: bool


class Answer(NamedTuple):
    """Kinds of work and the sites at which the same people may be given it."""

    works: Sequence[str]
    sites: Sequence[str]
    stretches: Sequence[Stretch]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The answers for a moment, or for a column where ``is_moment`` is false."""

    span: Span
    is_moment: bool
    answers: Sequence[Answer]
    more: int
    unread: Sequence[str]


def who_at(wanted: CoverageFilter, scope: Scope, *, at: datetime) -> Sheet:
    """Return who may be given the work that is asked for at a moment, and until when."""
    found = coverage(at, at + AHEAD, asked_of(wanted, scope))
    return _sheet(found, found.swept.rows, (at, at + _INSTANT), scope, is_moment=True)


def who_of_line(
    wanted: CoverageFilter, scope: Scope, *, key: str, column: int | None, at: datetime
) -> Sheet | None:
    """Return who may be given the work of a line, in a column or (without one) at a moment.

    Returns:
        The sheet; None where the page has no such line or column (any more).
    """
    columns = list(columns_of(wanted, at))
    if column is None:
        span = (at, at + _INSTANT) if any(one.is_now for one in columns) else None
    else:
        span = columns[column][:2] if column < len(columns) else None
    found = found_of(wanted, scope)
    rows = rows_of(found, key)
    if span is None or not rows:
        return None
    return _sheet(found, rows, span, scope, is_moment=column is None)


def _sheet(
    found: Found, rows: Sequence[Row], span: Span, scope: Scope, *, is_moment: bool
) -> Sheet:
    alike: dict[tuple[object, ...], list[Row]] = defaultdict(list)
    for row in rows:
        if row.shifts:
            alike[row.sites, tuple(_stretches(row, span, found))].append(row)
    shown = list(alike.items())[:ANSWERS]
    told = [(same, _stretches(same[0], span, found)) for _key, same in shown]
    seen = _seen({id_ for _same, times in told for _, one in times for id_ in _ids(one)}, scope)
    answers = [
        Answer(
            lanes_words(same),
            same[0].sites,
            [_words(*one, found=found, seen=seen) for one in times],
        )
        for same, times in told
    ]
    unread = lanes_words(row for row in rows if not row.shifts)
    return Sheet(span, is_moment, answers, len(alike) - len(shown), unread)


def _stretches(row: Row, span: Span, found: Found) -> list[tuple[Span, _Told]]:
    """Return what is told of the time that touches a span, in order; it may go beyond it."""
    evidence = row.evidence
    together: dict[_Told, int] = defaultdict(int)
    for part in evidence.alike(evidence.grid.all):
        together[_told(row, lowest(part), found)] |= part
    return sorted(
        (time, told)
        for told, pieces in together.items()
        for time in evidence.grid.spans(pieces)
        if time[0] < span[1] and span[0] < time[1]
    )


def _told(row: Row, piece: int, found: Found) -> _Told:
    verdict = row.evidence.verdict(piece)
    shifts: dict[str, list[str]] = {id_: [] for id_ in verdict.eligible}
    refused: list[tuple[str, str, str]] = []
    for crew, unfit in row.evidence.crews_at(piece):
        is_automatic = found.view.shifts[crew.shift].priority_level >= 0
        for id_ in crew.people:
            if id_ in unfit:
                why = refusal_words(unfit[id_].code, unfit[id_].params)
                refused.append((id_, crew.shift, why))
            elif is_automatic:
                shifts[id_].append(crew.shift)
            else:
                refused.append((id_, crew.shift, "its work is given by hand alone"))
        refused += ((id_, crew.shift, "on leave") for id_ in crew.on_leave)
        refused += ((id_, crew.shift, "at work that is not reading") for id_ in crew.on_other_work)
    eligible = tuple((id_, tuple(codes)) for id_, codes in shifts.items())
    causes = tuple(cause for cause in verdict.causes if cause.lack not in _OF_PEOPLE)
    return _Told(verdict.cover, eligible, tuple(refused), causes)


def _ids(told: _Told) -> Iterator[str]:
    yield from (id_ for id_, _shifts in told.eligible)
    yield from (id_ for id_, _shift, _why in told.refused)


def _seen(ids: Iterable[str], scope: Scope) -> set[str]:
    if scope.everywhere:
        return set(ids)
    return set(seen_people(scope).filter(pk__in=ids).values_list("pk", flat=True))


def _words(span: Span, told: _Told, *, found: Found, seen: set[str]) -> Stretch:
    eligible = [
        Somebody(id_, found.person_name(id_), ", ".join(map(found.shift_name, codes)))
        for id_, codes in told.eligible
        if id_ in seen
    ]
    refused = [
        Somebody(id_, found.person_name(id_), f"{found.shift_name(code)}: {why}")
        for id_, code, why in told.refused
        if id_ in seen
    ]
    unseen = {id_ for id_, *_ in told.refused} - seen
    return Stretch(
        span,
        told.cover,
        eligible,
        len(told.eligible) - len(eligible),
        refused,
        len(unseen),
        causes_words(told.causes, found),
        is_longer=span[1] == found.swept.end_at,
    )
