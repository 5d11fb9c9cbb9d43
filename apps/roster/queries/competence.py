"""What many people lack for the work of one shift, judged by the engine's own competency step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from apps.catalog.models import Site
from apps.engine.competency import Demand, competency_refusal
from apps.engine.facts import Dated, RadiologistFacts, SiteFacts
from apps.engine.occurrences import local_date
from apps.engine.rota import WorkType
from apps.engine.vocabulary import REGIONS
from apps.engine.words import refusal_words
from apps.roster.models import Radiologist, Shift
from apps.roster.queries.turns import work_of

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Lacks:
    """What a person lacks, in words to be read after their name; for some of the work or all."""

    words: Sequence[str]
    for_all: bool


def with_competencies(people: QuerySet[Radiologist]) -> QuerySet[Radiologist]:
    """Return the people with everything that ``lacks`` looks at, in few reads."""
    return people.prefetch_related("licences", "privileges__site")


def demands_of(
    shift: Shift,
    start_at: datetime,
    end_at: datetime,
    *,
    site: str = "",
    work: WorkType | None = None,
) -> list[Demand]:
    """Return each kind of the shift's work at each of its sites, on each local date of a span.

    Places that ask for the same are there once. What a procedure itself asks for is left to
    each study.

    Args:
        shift: whose work and sites.
        start_at: included.
        end_at: not included.
        site: only this one, by its code; empty is all that the shift serves.
        work: only this kind; None is all.
    """
    works = [work] if work else list(work_of(shift)) or [WorkType()]
    found: dict[Demand, None] = {}
    for place in _places(shift, site):
        for on in _dates(place, start_at, end_at):
            for kind in works:
                found[_demand(place, kind, on)] = None
    return list(found)


def lacks(person: Radiologist, demands: Iterable[Demand], required: str) -> Lacks:
    """Return what somebody lacks for the demands.

    Args:
        person: best one of ``with_competencies``.
        demands: at least one.
        required: the subspecialty that the shift requires, empty for none.
    """
    facts = _facts_of(person)
    refusals = [
        competency_refusal(facts, demand, REGIONS, shift_subspecialty=required)
        for demand in demands
    ]
    words = [refusal_words(found.code, found.params) for found in refusals if found]
    return Lacks(list(dict.fromkeys(words)), for_all=all(refusals))


def _places(shift: Shift, code: str) -> list[SiteFacts]:
    sites = Site.objects.filter(is_active=True).order_by("code")
    if not shift.all_sites:
        sites = sites.filter(shift_rows__shift=shift)
    if code:
        sites = sites.filter(code=code)
    return [
        SiteFacts(
            code=site.code,
            cluster="",
            zone=site.time_zone,
            jurisdiction=site.jurisdiction if site.requires_licence else "",
            requires_licence=site.requires_licence,
            requires_privilege=site.requires_privilege,
        )
        for site in sites
    ]


def _dates(place: SiteFacts, start_at: datetime, end_at: datetime) -> list[date]:
    first_on = local_date(start_at, place.zone)
    last_on = local_date(end_at - _INSTANT, place.zone)
    return [first_on + timedelta(days=ahead) for ahead in range((last_on - first_on).days + 1)]


def _demand(place: SiteFacts, work: WorkType, on: date) -> Demand:
    """Return the demand without what nobody is asked for, so that equal ones are equal."""
    if not place.requires_privilege:
        shared = replace(place, code="", zone="")
        return Demand(shared, "", "", frozenset(), "", on)
    return Demand(replace(place, zone=""), work.modality, work.body_part, frozenset(), "", on)


def _facts_of(person: Radiologist) -> RadiologistFacts:
    return RadiologistFacts(
        id=person.pk,
        name=person.full_name,
        is_active=person.is_active,
        specialties=frozenset(person.specialties),
        licences=tuple(
            Dated(jurisdiction=row.jurisdiction, start_on=row.start_date, end_on=row.end_date)
            for row in person.licences.all()
        ),
        privileges=tuple(
            Dated(
                site=row.site.code if row.site else "",
                modality=row.modality,
                body_part=row.body_part,
                start_on=row.start_date,
                end_on=row.end_date,
            )
            for row in person.privileges.all()
        ),
    )
