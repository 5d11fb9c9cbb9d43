"""A configuration made ready: indexed, its rules compiled, its coverage remembered.

What is remembered (who is on shift between two boundaries, the pools for one kind of order)
follows from the configuration alone, so it makes answers faster and never different.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from apps.engine.codes import Strategy
from apps.engine.coverage import Coverage, cover
from apps.engine.duty import DutyBook, Span
from apps.engine.facts import Config, RadiologistFacts, SiteFacts
from apps.engine.occurrences import is_zone, local_date
from apps.engine.remembered import Remembered
from apps.engine.roster import RosterBook
from apps.engine.rota import ShiftFacts
from apps.engine.rules import RuleBook
from apps.engine.vocabulary import REGIONS

_MAX_COVERAGES = 8
_MAX_REMEMBERED = 6
_AHEAD = timedelta(days=3)


class CompiledConfig:
    """One version of what people edit, shared by every decision made from it.

    ``shifts``, ``people`` and ``sites`` are by code or id, in that order. ``read_where`` remembers
    what follows from shifts and sites alone, ``may_read`` what follows from them and the people's
    competencies, each for as long as these stay the same. ``problems`` names what could not be
    used: a shift or site whose zone is unknown, a rule that is broken.
    """

    def __init__(self, config: Config, like: CompiledConfig | None = None) -> None:
        self.config = config
        self.versions = dict(sorted(config.versions.items()))
        self.regions: Mapping[str, frozenset[str]] = config.regions or REGIONS
        self.weights = config.weights
        self.people: dict[str, RadiologistFacts] = {
            person.id: person for person in sorted(config.radiologists, key=lambda p: p.id)
        }
        placed = like if like and self._is_placed_as(like) else None
        self.shifts: dict[str, ShiftFacts] = placed.shifts if placed else _shifts(config)
        self.sites: dict[str, SiteFacts] = placed.sites if placed else _sites(config)
        self.read_where: Remembered = placed.read_where if placed else Remembered(_MAX_REMEMBERED)
        able = placed if placed and placed.config.radiologists is config.radiologists else None
        self.may_read: Remembered = able.may_read if able else Remembered(_MAX_REMEMBERED)
        self.roster = RosterBook(
            rows=config.roster,
            extras=config.extras,
            swaps=config.swaps,
            leaves=config.leaves,
            rotations=config.rotations,
        )
        ruled = like if like and self._is_ruled_as(like) else None
        self.rules: RuleBook = ruled.rules if ruled else RuleBook(config.rules, self.regions)
        self.asking: RuleBook | None = ruled.asking if ruled else self.rules.asking(self.regions)
        self.problems = _problems(config, self.rules)
        self._clusters = _clusters(self.sites)
        self._coverages: list[Coverage] = []
        self.duties = DutyBook(self)
        self.has_optimal = _has_optimal(self.shifts.values(), self.rules)

    def _is_ruled_as(self, other: CompiledConfig) -> bool:
        return self.config.rules is other.config.rules and self.regions is other.regions

    def _is_placed_as(self, other: CompiledConfig) -> bool:
        """Return whether shifts and sites, and with them who reads what where, are the same."""
        mine, theirs = self.config, other.config
        return (
            mine.shifts is theirs.shifts
            and mine.sites is theirs.sites
            and mine.calendars is theirs.calendars
            and self.regions is other.regions
        )

    def coverage_at(self, at: datetime) -> Coverage:
        """Return who is on shift at a moment."""
        for coverage in self._coverages:
            if coverage.start_at <= at < coverage.end_at:
                return coverage
        coverage = cover(self.shifts.values(), self.roster, at)
        # A new list, so that another thread never walks one that changes.
        self._coverages = [coverage, *self._coverages[: _MAX_COVERAGES - 1]]
        return coverage

    def forget(self) -> None:
        """Drop what is remembered; answers stay the same."""
        self._coverages = []

    def forget_pools(self) -> None:
        """Drop the pools alone, and keep who is on shift."""
        for coverage in self._coverages:
            coverage.pools.clear()
            coverage.grounds.clear()
            coverage.seated.clear()

    def reading_ahead(self, at: datetime, person: str) -> tuple[Span, ...]:
        """Return when somebody is there to read in the next days, what is past not taken off."""
        coverage = self.coverage_at(at)
        if person not in coverage.ahead:
            start_at = coverage.start_at
            spans = self.duties.spans_of(person, start_at, start_at + _AHEAD)
            coverage.ahead[person] = spans
        return coverage.ahead[person]

    def sites_in_cluster(self, site: SiteFacts) -> frozenset[str]:
        """Return the codes of the sites in this one's cluster, itself among them."""
        return self._clusters.get(site.cluster, frozenset({site.code}))

    def local_date(self, site: SiteFacts, at: datetime) -> date:
        """Return the calendar date at a site."""
        return local_date(at, site.zone)


def compile_config(config: Config, like: CompiledConfig | None = None) -> CompiledConfig:
    """Return the configuration made ready for ``decide``; worth doing once per version.

    Args:
        config: what people have set up.
        like: made of an earlier version or another draft of it. What follows from parts that are
            the very same objects in both is taken over.
    """
    return CompiledConfig(config, like)


def _shifts(config: Config) -> dict[str, ShiftFacts]:
    return {
        shift.code: with_holidays(shift, config.calendars)
        for shift in sorted(config.shifts, key=lambda s: s.code)
        if is_zone(shift.zone)
    }


def _sites(config: Config) -> dict[str, SiteFacts]:
    return {
        site.code: site
        for site in sorted(config.sites, key=lambda s: s.code)
        if is_zone(site.zone)
    }


def with_holidays(shift: ShiftFacts, calendars: Mapping[str, frozenset[date]]) -> ShiftFacts:
    """Return a shift that knows the holidays of its calendar."""
    if not shift.calendar:
        return shift
    return replace(shift, holidays=calendars.get(shift.calendar, frozenset()))


def _has_optimal(shifts: Iterable[ShiftFacts], rules: RuleBook) -> bool:
    """Return whether any shift or rule may have OPTIMAL choose."""
    named = [rule.target.strategy for rule in rules.rules if not rule.problem]
    return Strategy.OPTIMAL in (*(shift.strategy for shift in shifts), *named)


def _clusters(sites: Mapping[str, SiteFacts]) -> dict[str, frozenset[str]]:
    members: dict[str, set[str]] = {}
    for site in sites.values():
        if site.cluster:
            members.setdefault(site.cluster, set()).add(site.code)
    return {cluster: frozenset(codes) for cluster, codes in members.items()}


def _problems(config: Config, rules: RuleBook) -> tuple[str, ...]:
    with_hours = [leave for leave in config.leaves if leave.start_local is not None]
    found = [
        f"{what} {code}: unknown time zone {zone!r}"
        for what, code, zone in (
            *(("shift", shift.code, shift.zone) for shift in config.shifts),
            *(("site", site.code, site.zone) for site in config.sites),
            *(("hours away of", leave.radiologist, leave.zone) for leave in with_hours),
        )
        if not is_zone(zone)
    ]
    found += [f"rule {rule.facts.id}: {rule.problem}" for rule in rules.rules if rule.problem]
    return tuple(sorted(found))
