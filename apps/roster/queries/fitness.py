"""What a person lacks for the work of a shift, judged by the engine's own competency step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from apps.catalog.models import Site
from apps.engine.competency import Demand, competency_refusal
from apps.engine.facts import Dated, RadiologistFacts, SiteFacts
from apps.engine.refusals import Refusal
from apps.engine.vocabulary import REGIONS
from apps.engine.words import refusal_words
from apps.roster.models import Radiologist, Shift, ShiftWorkType


def lacking(person: Radiologist, shift: Shift, on: date) -> list[str]:
    """Return what the person lacks for some of the shift's work on a date, in words.

    Each is to be read after their name: "has no valid licence for NSW". What a procedure
    itself asks for is left to each study.
    """
    facts = _facts_of(person)
    found = (
        competency_refusal(facts, demand, REGIONS, shift_subspecialty=shift.required_subspecialty)
        for demand in _demands(shift, on)
    )
    return list(dict.fromkeys(_words(refusal) for refusal in found if refusal is not None))


def _demands(shift: Shift, on: date) -> Iterator[Demand]:
    """Yield each kind of the shift's work at each of its sites."""
    work_types = list(shift.work_types.all()) or [ShiftWorkType()]
    for site in _sites_of(shift):
        for work in work_types:
            yield Demand(site, work.modality, work.body_part, frozenset(), "", on)


def _sites_of(shift: Shift) -> Iterable[SiteFacts]:
    sites = Site.objects.filter(is_active=True).order_by("code")
    if not shift.all_sites:
        sites = sites.filter(shift_rows__shift=shift)
    for site in sites:
        yield SiteFacts(
            code=site.code,
            cluster="",
            zone=site.time_zone,
            jurisdiction=site.jurisdiction,
            requires_licence=site.requires_licence,
            requires_privilege=site.requires_privilege,
        )


def _facts_of(person: Radiologist) -> RadiologistFacts:
    licences = person.licences.all()
    privileges = person.privileges.select_related("site")
    return RadiologistFacts(
        id=person.pk,
        name=person.full_name,
        is_active=person.is_active,
        specialties=frozenset(person.specialties),
        licences=tuple(
            Dated(jurisdiction=row.jurisdiction, start_on=row.start_date, end_on=row.end_date)
            for row in licences
        ),
        privileges=tuple(
            Dated(
                site=row.site.code if row.site else "",
                modality=row.modality,
                body_part=row.body_part,
                start_on=row.start_date,
                end_on=row.end_date,
            )
            for row in privileges
        ),
    )


def _words(refusal: Refusal) -> str:
    return refusal_words(refusal.code, refusal.params)
