"""What a change of shifts or people leaves uncovered in the days ahead.

A kind of work at a site is covered at a moment when a shift that takes it automatically runs and
somebody active is on it. Whether they may read and have room left is decided study by study.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from django.db.models import Q

from apps.engine.occurrences import occurrences
from apps.engine.roster import RosterBook, Stretch
from apps.engine.rota import ShiftFacts, WorkType
from apps.engine.vocabulary import REGIONS, covers_part
from apps.roster.hours import Span, merged, without
from apps.roster.models import Radiologist, Shift, ShiftSite, ShiftWorkType
from apps.roster.queries.shifts import in_full
from apps.roster.queries.turns import calendars_of, facts_of, roster_book
from apps.roster.words import work_words

AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Loss:
    """Hours that a shift no longer has, and those of them in which nobody takes its work.

    ``work`` names what is left alone, in words.
    """

    hours: Sequence[Span]
    uncovered: Sequence[Span]
    work: Sequence[str]


class Cover:
    """Who covers what between two moments."""

    def __init__(
        self, start_at: datetime, end_at: datetime, *, shift_ids: Collection[int]
    ) -> None:
        """Read the roster of these days and shifts."""
        self._span = Span(start_at, end_at)
        day = timedelta(days=1)
        first_on, last_on = (start_at - 2 * day).date(), (end_at + day).date()
        self._book: RosterBook = roster_book(first_on, last_on, shift_ids=shift_ids)
        active = Radiologist.objects.filter(is_active=True)
        self._active = frozenset(active.values_list("pk", flat=True))
        self.staffed = cache(self._staffed)

    def _staffed(self, shift: ShiftFacts) -> tuple[Span, ...]:
        """Return when somebody active is on the shift."""
        return tuple(
            Span(part.start_at, part.end_at) for part, people in self.parts(shift) if people
        )

    def parts(self, shift: ShiftFacts) -> Iterator[tuple[Stretch, frozenset[str]]]:
        """Yield the shift's hours in the span, and the active people who are there and not away."""
        for run in occurrences(shift, *self._span):
            for part in self._book.stretches(shift, run):
                within = self._within(Span(part.start_at, part.end_at))
                if within.start_at < within.end_at:
                    cut = part._replace(start_at=within.start_at, end_at=within.end_at)
                    yield cut, self._active.intersection(part.people)

    def _within(self, span: Span) -> Span:
        return Span(max(span.start_at, self._span.start_at), min(span.end_at, self._span.end_at))


def lost_hours(
    shift_id: int, before: ShiftFacts, after: ShiftFacts | None, *, at: datetime
) -> Loss:
    """Return what the next 7 days lose when a shift changes; None: it runs no more."""
    # The roster is bound to the shift, whatever its code is to be.
    stays = [replace(after, code=before.code)] if after else []
    others = dict(_others(shift_id, before))
    cover = Cover(at, at + AHEAD, shift_ids=[shift_id, *others])
    had = cover.staffed(before)
    hours = without(had, [span for shift in stays for span in cover.staffed(shift)])
    return _loss(cover, before, had, [*stays, *others.values()], hours)


def _others(shift_id: int, before: ShiftFacts) -> Iterator[tuple[int, ShiftFacts]]:
    """Yield the active shifts that may take some of the work automatically, by their keys."""
    there = Q(all_sites=True)
    if before.sites is not None:
        sites = ShiftSite.objects.filter(site__code__in=before.sites)
        there |= Q(pk__in=sites.values("shift"))
    modalities = {"", *(work.modality for work in before.work_types)}
    work = ShiftWorkType.objects.filter(modality__in=modalities)
    rows = Shift.objects.filter(
        there, is_active=True, priority_level__gte=0, pk__in=work.values("shift")
    ).exclude(pk=shift_id)
    found = list(in_full(rows))
    calendars = calendars_of(found)
    for row in found:
        yield row.pk, facts_of(row, calendars)


def _loss(
    cover: Cover,
    before: ShiftFacts,
    had: Sequence[Span],
    others: Sequence[ShiftFacts],
    hours: Sequence[Span],
) -> Loss:
    uncovered: list[Span] = []
    alone: list[str] = []
    for work in before.work_types:
        left = _left_alone(cover, before, work, had, others)
        uncovered += left
        alone += [work_words(work)] if left else []
    return Loss(hours, merged(uncovered), alone)


def _left_alone(
    cover: Cover,
    before: ShiftFacts,
    work: WorkType,
    had: Sequence[Span],
    others: Iterable[ShiftFacts],
) -> list[Span]:
    """Return when nobody takes one kind of work at one of the shift's sites."""
    takers = [shift for shift in others if any(takes(other, work) for other in shift.work_types)]
    left: list[Span] = []
    for site in before.sites if before.sites is not None else (None,):
        there = [shift for shift in takers if _serves(shift, site)]
        left += without(had, [span for shift in there for span in cover.staffed(shift)])
    return merged(left)


def _serves(shift: ShiftFacts, site: str | None) -> bool:
    """Return whether the shift serves the site; None is every site."""
    return shift.sites is None or (site is not None and site in shift.sites)


def takes(mine: WorkType, work: WorkType) -> bool:
    """Return whether every study of ``work`` is also one of ``mine``."""
    return (
        mine.modality in ("", work.modality)
        and mine.urgency in ("", work.urgency)
        and _takes_part(mine, work)
    )


def _takes_part(mine: WorkType, work: WorkType) -> bool:
    if not mine.body_part and not mine.subspecialty:
        return True
    asked = [
        not work.body_part or covers_part(mine.body_part, work.body_part, REGIONS),
        not work.subspecialty or mine.subspecialty == work.subspecialty,
    ]
    return bool(work.body_part or work.subspecialty) and all(asked)
