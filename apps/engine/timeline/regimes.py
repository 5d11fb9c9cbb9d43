"""When somebody may not read what a lane asks, by the decision's own competency step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from apps.engine.competency import Demand, competency_refusal
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import Dated, RadiologistFacts, SiteFacts
from apps.engine.occurrences import local_date, wall_to_utc
from apps.engine.refusals import INACTIVE, UNKNOWN_PERSON, Refusal
from apps.engine.timeline.facts import Work

# A person, and the subspecialty that the shift on which they are requires, if any.
Need = tuple[str, str]
Unfit = frozenset[tuple[Need, Refusal]]
# From when to when, and the date on which it begins.
_Piece = tuple[datetime, datetime, date]
_DAY = timedelta(days=1)


class Regime(NamedTuple):
    """A span of time in which nobody's competency begins or ends, and who lacks what in it."""

    start_at: datetime
    end_at: datetime
    unfit: Unfit


def competencies_of(
    compiled: CompiledConfig, start_at: datetime, end_at: datetime, *, keep: bool
) -> Competencies:
    """Return what people lack between two moments; an edit of the roster changes none of it."""
    if not keep:
        return Competencies(compiled, start_at, end_at)
    return compiled.may_read.get(
        (start_at, end_at), lambda: Competencies(compiled, start_at, end_at)
    )


class Competencies:
    """What people lack for lanes between two moments; sites that ask for the same share answers."""

    def __init__(self, compiled: CompiledConfig, start_at: datetime, end_at: datetime) -> None:
        self._people, self._regions = compiled.people, compiled.regions
        self._start_at, self._end_at = start_at, end_at
        # Equal ones are made the same, so that what is known of them is found by identity.
        same: dict[SiteFacts, SiteFacts] = {}
        asking = {code: _asking(site) for code, site in compiled.sites.items()}
        self._asking = {code: same.setdefault(site, site) for code, site in asking.items()}
        self._refused: dict[Demand, dict[Need, Refusal | None]] = defaultdict(dict)
        self._found: dict[tuple[int, Work, frozenset[Need]], tuple[Regime, ...]] = {}
        self._cut: dict[tuple[int, frozenset[Need]], Sequence[_Piece]] = {}
        self._same: dict[tuple[Regime, ...], tuple[Regime, ...]] = {}

    def edges(self) -> Iterator[datetime]:
        """Yield every moment at which a competency of anybody may begin or end at a site."""
        days = {
            day
            for person in self._people.values()
            for day in _edges((*person.licences, *person.privileges))
        }
        for zone in {site.zone for site in self._asking.values() if _asks(site)}:
            yield from self._midnights(days, zone)

    def asking(self, site: SiteFacts) -> SiteFacts:
        """Return what a site asks of its readers; the same object where sites ask the same."""
        return self._asking[site.code]

    def regimes(self, asked: SiteFacts, work: Work, needs: frozenset[Need]) -> tuple[Regime, ...]:
        """Return who of some people may not read some work, over the whole span.

        Equal answers are the same object.

        Args:
            asked: what ``asking`` says of the site.
            work: what is read there.
            needs: the people, with what their shifts require.
        """
        kind = work if asked.requires_privilege else Work()
        key = (id(asked), kind, needs)
        if key not in self._found:
            found = tuple(self._joined(asked, kind, needs))
            self._found[key] = self._same.setdefault(found, found)
        return self._found[key]

    def _joined(self, site: SiteFacts, work: Work, needs: frozenset[Need]) -> Iterator[Regime]:
        """Yield the regimes, those that follow each other with the same answer as one."""
        last: Regime | None = None
        for start_at, end_at, on in self._pieces(site, needs):
            unfit = self._unfit(site, work, needs, on)
            if last is not None and last.unfit == unfit:
                last = Regime(last.start_at, end_at, unfit)
                continue
            if last is not None:
                yield last
            last = Regime(start_at, end_at, unfit)
        if last is not None:
            yield last

    def _pieces(self, site: SiteFacts, needs: frozenset[Need]) -> Sequence[_Piece]:
        """Return the span cut where something that a site asks of some people begins or ends."""
        key = (id(site), needs)
        if key not in self._cut:
            cuts = self._midnights(self._days(site, {person for person, _ in needs}), site.zone)
            edges = pairwise(sorted({self._start_at, *cuts, self._end_at}))
            self._cut[key] = [(*edge, local_date(edge[0], site.zone)) for edge in edges]
        return self._cut[key]

    def _days(self, site: SiteFacts, people: Iterable[str]) -> set[date]:
        """Return the days on which something begins or has ended that the site asks for."""
        known = self._people
        rows: list[Dated] = []
        for person in (known[id_] for id_ in people if id_ in known):
            if site.requires_licence:
                rows += [row for row in person.licences if row.jurisdiction == site.jurisdiction]
            if site.requires_privilege:
                rows += person.privileges
        return _edges(rows)

    def _midnights(self, days: Iterable[date], zone: str) -> Iterator[datetime]:
        # A day's start lies within a day of its UTC date; far ones need no look at the clock.
        first_on, last_on = self._start_at.date() - _DAY, self._end_at.date() + _DAY
        for day in days:
            if first_on <= day <= last_on:
                at = wall_to_utc(datetime.combine(day, time.min), zone, is_end=False)
                if self._start_at < at < self._end_at:
                    yield at

    def _unfit(self, site: SiteFacts, work: Work, needs: Iterable[Need], on: date) -> Unfit:
        demand = Demand(site, work.modality, work.body_part, frozenset(), "", on)
        known = self._refused[demand]
        for need in needs:
            if need not in known:
                known[need] = self._refusal(need, demand)
        return frozenset((need, found) for need in needs if (found := known[need]))

    def _refusal(self, need: Need, demand: Demand) -> Refusal | None:
        person: RadiologistFacts | None = self._people.get(need[0])
        if person is None:
            return UNKNOWN_PERSON
        if not person.is_active:
            return INACTIVE
        return competency_refusal(person, demand, self._regions, shift_subspecialty=need[1])


def _asks(site: SiteFacts) -> bool:
    return site.requires_licence or site.requires_privilege


def _asking(site: SiteFacts) -> SiteFacts:
    """Return what a site asks of readers; sites that ask for the same are equal."""
    if not _asks(site):
        return SiteFacts("", "", "UTC")
    return replace(
        site,
        code=site.code if site.requires_privilege else "",
        cluster="",
        jurisdiction=site.jurisdiction if site.requires_licence else "",
    )


def _edges(rows: Iterable[Dated]) -> set[date]:
    """Return the first days, and the days after the last ones."""
    found = {row.start_on for row in rows if row.start_on is not None}
    ends = {row.end_on for row in rows if row.end_on is not None and row.end_on < date.max}
    return found | {day + _DAY for day in ends}
