"""Which shifts read which work where, by the decision's own measure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from apps.engine.codes import Urgency
from apps.engine.competency import Demand
from apps.engine.compiled import CompiledConfig
from apps.engine.facts import SiteFacts
from apps.engine.rota import ShiftFacts
from apps.engine.specificity import PoolKey, specificity
from apps.engine.timeline.facts import Asked, Work
from apps.engine.vocabulary import specialty_for

_ANY_DAY = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Lanes:
    """A kind of work of one urgency at some sites, and the shifts that read it at each of them.

    ``shifts`` are in the order in which they are asked: the highest level first, in a level the
    most specific. Those of a negative level come last; nothing is assigned to them by itself.
    """

    work: Work
    urgency: Urgency
    sites: tuple[SiteFacts, ...]
    shifts: tuple[ShiftFacts, ...]


def key_of(work: Work, urgency: Urgency, site: SiteFacts, on: date) -> PoolKey:
    """Return what the decision asks its pools by for an order that says no more than this."""
    demand = Demand(site, work.modality, work.body_part, frozenset(), "", on)
    return PoolKey(demand, specialty_for(*work), urgency)


def works_of(compiled: CompiledConfig, asked: Asked) -> list[Work]:
    """Return the kinds of work that shifts name, in order; with a body part, what is asked for."""
    if asked.body_part:
        return _works_of_part(compiled, asked)
    return sorted(
        {
            Work(work.modality, work.body_part, work.subspecialty)
            for shift in compiled.shifts.values()
            for work in shift.work_types
            if asked.holds(Work(work.modality, work.body_part, work.subspecialty))
        }
    )


def _works_of_part(compiled: CompiledConfig, asked: Asked) -> list[Work]:
    named = {
        work.modality
        for shift in compiled.shifts.values()
        for work in shift.work_types
        if work.modality
    }
    modalities = {asked.modality} if asked.modality else named or {""}
    return [Work(modality, asked.body_part) for modality in sorted(modalities)]


def lanes_of(compiled: CompiledConfig, asked: Asked) -> Sequence[Lanes]:
    """Return every kind of work at every site that is asked for."""
    return compiled.read_where.get(asked, lambda: tuple(_lanes(compiled, asked)))


def _lanes(compiled: CompiledConfig, asked: Asked) -> Iterator[Lanes]:
    groups = _sites_by_shifts(compiled, asked)
    for work in works_of(compiled, asked):
        for urgency in Urgency:
            readers = _readers(compiled, work, urgency)
            for served, sites in groups.items():
                shifts = tuple(shift for shift in readers if shift.code in served)
                yield Lanes(work, urgency, sites, shifts)


def _readers(compiled: CompiledConfig, work: Work, urgency: Urgency) -> list[ShiftFacts]:
    """Return the shifts that read some work at the sites that they serve, in order."""
    ranked = []
    for shift in compiled.shifts.values():
        if all(other.modality not in ("", work.modality) for other in shift.work_types):
            continue
        site = _served_site(compiled, shift)
        if site is None:
            continue
        rank = specificity(shift, key_of(work, urgency, site, _ANY_DAY), compiled.regions)
        if rank is not None:
            is_automatic = shift.priority_level >= 0
            ranked.append((not is_automatic, -shift.priority_level, rank, shift))
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:3])]


def _served_site(compiled: CompiledConfig, shift: ShiftFacts) -> SiteFacts | None:
    """Return any site that a shift serves; which one does not matter to what it reads there."""
    if shift.sites is None:
        return next(iter(compiled.sites.values()), None)
    codes = (code for code in shift.sites if code in compiled.sites)
    return next((compiled.sites[code] for code in codes), None)


def _sites_by_shifts(
    compiled: CompiledConfig, asked: Asked
) -> Mapping[frozenset[str], tuple[SiteFacts, ...]]:
    """Return the sites that are asked for by the codes of the shifts that serve them."""
    sites = {
        code: site
        for code, site in compiled.sites.items()
        if asked.sites is None or code in asked.sites
    }
    everywhere = {shift.code for shift in compiled.shifts.values() if shift.sites is None}
    served: dict[str, set[str]] = {code: set(everywhere) for code in sites}
    for shift in compiled.shifts.values():
        for code in (shift.sites or frozenset()) & served.keys():
            served[code].add(shift.code)
    groups: dict[frozenset[str], list[SiteFacts]] = defaultdict(list)
    for code, site in sites.items():
        groups[frozenset(served[code])].append(site)
    return {codes: tuple(there) for codes, there in groups.items()}
