"""Step 4: may this reader read this study. Nothing in the engine ever relaxes it.

Credentials, licence and privilege must be valid on today's date in the site's zone.
Source: spec 2, step 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from apps.engine.codes import Refused, Step
from apps.engine.facts import Credential, Dated, RadiologistFacts, SiteFacts
from apps.engine.refusals import Refusal
from apps.engine.vocabulary import covers_part


class Demand(NamedTuple):
    """What an order asks of its reader, at its site and on its local date."""

    site: SiteFacts
    modality: str
    body_part: str
    credentials: frozenset[str]
    subspecialty: str
    on: date


def competency_refusal(
    person: RadiologistFacts,
    demand: Demand,
    regions: Mapping[str, frozenset[str]],
    *,
    shift_subspecialty: str = "",
) -> Refusal | None:
    """Return what the reader lacks, or None.

    Args:
        person: the reader.
        demand: what the order asks.
        regions: which body parts a region holds.
        shift_subspecialty: what the shift requires of those who read its work, empty when
            nothing or when the study is not read on a shift.
    """
    return (
        _credential_refusal(person, demand)
        or _subspecialty_refusal(person, (demand.subspecialty, shift_subspecialty))
        or _licence_refusal(person, demand)
        or _privilege_refusal(person, demand, regions)
    )


def _is_valid(item: Credential | Dated, on: date) -> bool:
    return (item.start_on is None or item.start_on <= on) and (
        item.end_on is None or on <= item.end_on
    )


def missing_credentials(
    person: RadiologistFacts, wanted: frozenset[str], on: date
) -> tuple[str, ...]:
    """Return which of the credentials the reader does not hold on a date, sorted."""
    if not wanted:
        return ()
    held = {item.name for item in person.credentials if _is_valid(item, on)}
    return tuple(sorted(wanted - held))


def _credential_refusal(person: RadiologistFacts, demand: Demand) -> Refusal | None:
    missing = missing_credentials(person, demand.credentials, demand.on)
    return Refusal(Step.COMPETENCY, Refused.CREDENTIAL, missing) if missing else None


def _subspecialty_refusal(person: RadiologistFacts, required: tuple[str, str]) -> Refusal | None:
    for subspecialty in required:
        if subspecialty and subspecialty not in person.specialties:
            return Refusal(Step.COMPETENCY, Refused.SUBSPECIALTY, (subspecialty,))
    return None


def _licence_refusal(person: RadiologistFacts, demand: Demand) -> Refusal | None:
    if not demand.site.requires_licence:
        return None
    jurisdiction = demand.site.jurisdiction
    for licence in person.licences:
        if licence.jurisdiction == jurisdiction and _is_valid(licence, demand.on):
            return None
    return Refusal(Step.COMPETENCY, Refused.LICENCE, (jurisdiction,))


def _privilege_refusal(
    person: RadiologistFacts, demand: Demand, regions: Mapping[str, frozenset[str]]
) -> Refusal | None:
    if not demand.site.requires_privilege:
        return None
    for privilege in person.privileges:
        if _is_valid(privilege, demand.on) and _covers(privilege, demand, regions):
            return None
    params = (demand.site.code, demand.modality, demand.body_part)
    return Refusal(Step.COMPETENCY, Refused.PRIVILEGE, params)


def _covers(privilege: Dated, demand: Demand, regions: Mapping[str, frozenset[str]]) -> bool:
    return (
        privilege.site in ("", demand.site.code)
        and privilege.modality in ("", demand.modality)
        and (
            not privilege.body_part or covers_part(privilege.body_part, demand.body_part, regions)
        )
    )
