"""Reads everything people edit into the engine's frozen facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple, TypeVar

from apps.catalog.models import Site
from apps.catalog.queries.holidays import days_off
from apps.engine.codes import ActionType
from apps.engine.facts import (
    Balance,
    Config,
    Credential,
    Dated,
    RadiologistFacts,
    RuleFacts,
    SiteFacts,
    Weights,
)
from apps.engine.rota import ShiftFacts, WorkType
from apps.roster.choices import RosterStatus
from apps.roster.facts import RosterFacts, roster_facts, shift_facts, with_work
from apps.roster.models import (
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RosterAssignment,
    RosterOverride,
    Rotation,
    Shift,
    ShiftSite,
    ShiftWorkType,
)
from apps.rules.models import AssignmentRule, DecisionPolicy, RuleVersion, ScoringWeights

_Part = TypeVar("_Part")


def load_config(versions: Mapping[str, int], known: Config | None = None) -> Config:
    """Return the configuration as the current transaction sees it.

    Args:
        versions: what the areas' versions were before the first read; the caller looks
            whether they still are after the last.
        known: an earlier one. Areas whose version has not moved since are taken over from it, and
            what of the others is equal stays the same object, so that whoever made something of
            it need not make it again.
    """
    # Days off are read every time: they reach further ahead with every year that passes.
    roster, calendars = _roster(), days_off()
    placed = _unmoved(known, versions, "catalog")
    ruled = _unmoved(known, versions, "rules") or _ruled()
    return Config(
        versions=versions,
        sites=placed.sites if placed else tuple(_sites()),
        shifts=_kept(tuple(_shifts()), known.shifts if known else ()),
        radiologists=_kept(tuple(_radiologists()), known.radiologists if known else ()),
        roster=tuple(roster.rows),
        rules=ruled.rules,
        leaves=tuple(roster.leaves),
        swaps=tuple(roster.swaps),
        extras=tuple(roster.extras),
        rotations=tuple(roster.rotations),
        weights=ruled.weights,
        balance=ruled.balance,
        holidays=_holidays(calendars),
        calendars=_kept(calendars, known.calendars if known else {}),
    )


class _Ruled(NamedTuple):
    """What is read of the rules."""

    rules: tuple[RuleFacts, ...]
    weights: Weights
    balance: Balance


def _ruled() -> _Ruled:
    return _Ruled(tuple(_rules()), _weights(), _balance())


def _unmoved(known: Config | None, versions: Mapping[str, int], area: str) -> Config | None:
    """Return the configuration known if an area is still as it was in it."""
    if known is None or known.versions.get(area) != versions.get(area):
        return None
    return known


def _kept(now: _Part, before: _Part) -> _Part:
    """Return what is read now, as the object that stood for it before where they are equal."""
    return before if now == before else now


def _sites() -> Iterable[SiteFacts]:
    for site in Site.objects.select_related("cluster").order_by("code"):
        yield SiteFacts(
            code=site.code,
            cluster=site.cluster.code,
            zone=site.time_zone,
            jurisdiction=site.jurisdiction,
            requires_licence=site.requires_licence,
            requires_privilege=site.requires_privilege,
        )


def _shifts() -> Iterable[ShiftFacts]:
    work_types = _grouped(
        (row.shift_id, WorkType(row.modality, row.body_part, row.subspecialty, row.urgency))
        for row in ShiftWorkType.objects.order_by("id")
    )
    sites = _grouped(ShiftSite.objects.order_by("id").values_list("shift_id", "site__code"))
    for shift in Shift.objects.filter(is_active=True).select_related("calendar").order_by("code"):
        served = None if shift.all_sites else sites[shift.pk]
        yield with_work(shift_facts(shift), work_types[shift.pk], served)


def _radiologists() -> Iterable[RadiologistFacts]:
    credentials = _grouped(
        (row.radiologist_id, Credential(row.name, row.start_date, row.end_date))
        for row in RadiologistCredential.objects.order_by("id")
    )
    licences = _grouped(
        (
            row.radiologist_id,
            Dated(jurisdiction=row.jurisdiction, start_on=row.start_date, end_on=row.end_date),
        )
        for row in Licence.objects.order_by("id")
    )
    privileges = _grouped(
        (
            row.radiologist_id,
            Dated(
                site=row.site.code if row.site else "",
                modality=row.modality,
                body_part=row.body_part,
                start_on=row.start_date,
                end_on=row.end_date,
            ),
        )
        for row in Privilege.objects.select_related("site").order_by("id")
    )
    for person in Radiologist.objects.order_by("id"):
        yield RadiologistFacts(
            id=person.pk,
            name=person.full_name,
            is_active=person.is_active,
            credentials=tuple(credentials[person.pk]),
            specialties=frozenset(person.specialties),
            seniority_years=person.seniority_years,
            max_concurrent_studies=person.max_concurrent_studies,
            max_studies_per_hour=person.max_studies_per_hour,
            max_concurrent_rvu=person.max_concurrent_rvu,
            max_rvu_per_hour=person.max_rvu_per_hour,
            licences=tuple(licences[person.pk]),
            privileges=tuple(privileges[person.pk]),
        )


def _roster() -> RosterFacts:
    return roster_facts(
        rows=RosterAssignment.objects.filter(status=RosterStatus.ACTIVE).order_by("id"),
        overrides=RosterOverride.objects.filter(status=RosterStatus.ACTIVE).order_by("id"),
        rotations=Rotation.objects.filter(status=RosterStatus.ACTIVE)
        .prefetch_related("turns")
        .order_by("id"),
        codes=dict(Shift.objects.filter(is_active=True).values_list("pk", "code")),
    )


def _rules() -> Iterable[RuleFacts]:
    versions: dict[int, int] = dict(
        RuleVersion.objects.order_by("rule_id", "version").values_list("rule_id", "version")
    )
    for rule in AssignmentRule.objects.filter(enabled=True):
        yield RuleFacts(
            id=rule.pk,
            version=versions.get(rule.pk, 0),
            name=rule.name,
            priority_order=rule.priority_order,
            conditions=rule.condition_filters,
            action=ActionType(rule.action_type),
            target=rule.action_target.strip(),
            is_terminal=rule.is_terminal,
            is_strict=rule.is_strict,
            active_from=rule.active_from,
            active_until=rule.active_until,
        )


def _holidays(calendars: Mapping[str, frozenset[date]]) -> dict[str, frozenset[date]]:
    """Return the days off of the sites that have a calendar, by the site's code."""
    sites = Site.objects.filter(calendar__isnull=False).values_list("code", "calendar__code")
    return {code: calendars[calendar] for code, calendar in sites}


def _weights() -> Weights:
    row = ScoringWeights.objects.first()
    if row is None:
        return Weights()
    return Weights(**{name: getattr(row, name) for name in Weights.__dataclass_fields__})


def _balance() -> Balance:
    row = DecisionPolicy.objects.first()
    if row is None:
        return Balance()
    return Balance(row.catch_up_units, row.company_share)


def _grouped(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        groups[key].append(value)
    return groups
