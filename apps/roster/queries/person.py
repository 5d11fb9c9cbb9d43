"""One radiologist as their page shows them: competencies, turns, leave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.core.access import Scope
from apps.engine.facts import Credential, Dated, RadiologistFacts
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Privilege, Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries import shifts as shift_queries
from apps.roster.queries.turns import Turn, roster_book, turns
from apps.roster.standing import Standing, standing

AHEAD = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Competency:
    """A credential, licence or privilege with how it stands today."""

    kind: str
    words: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Day:
    """The turns that start on one local date, each in its shift's zone."""

    start_on: date
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A person's turns in the next 14 days; ``hidden`` counts those at sites out of sight."""

    days: Sequence[Day]
    hidden: int


def facts_of(person: Radiologist) -> RadiologistFacts:
    """Return the person as the engine takes them."""
    return RadiologistFacts(
        id=person.pk,
        name=person.full_name,
        is_active=person.is_active,
        credentials=tuple(
            Credential(row.name, row.start_date, row.end_date)
            for row in person.credentials.order_by("pk")
        ),
        specialties=frozenset(person.specialties),
        seniority_years=person.seniority_years,
        max_concurrent_studies=person.max_concurrent_studies,
        max_studies_per_hour=person.max_studies_per_hour,
        max_concurrent_rvu=person.max_concurrent_rvu,
        max_rvu_per_hour=person.max_rvu_per_hour,
        licences=tuple(
            Dated(jurisdiction=row.jurisdiction, start_on=row.start_date, end_on=row.end_date)
            for row in person.licences.order_by("pk")
        ),
    )


def privileges_in(person: Radiologist, scope: Scope) -> QuerySet[Privilege]:
    """Return the person's privileges at the sites of the scope.

    One that names no site counts at all of them, so it belongs to who may speak for all.
    """
    rows = person.privileges.select_related("site").order_by("site__code", "modality", "pk")
    return scope.limit(rows)


def competencies(person: Radiologist, *, today: date) -> Sequence[Competency]:
    """Return everything that the person holds or held, by kind."""
    found = [
        Competency("Credential", row.name, standing(row.start_date, row.end_date, today))
        for row in person.credentials.order_by("name", "pk")
    ]
    found += [
        Competency(
            "Licence",
            " ".join(word for word in (row.jurisdiction, row.number) if word),
            standing(row.start_date, row.end_date, today),
        )
        for row in person.licences.order_by("jurisdiction", "pk")
    ]
    rows = person.privileges.select_related("site").order_by("site__code", "modality", "pk")
    found += [
        Competency(
            "Privilege",
            privilege_words(row.site.code if row.site else "", row.modality, row.body_part),
            standing(row.start_date, row.end_date, today),
        )
        for row in rows
    ]
    return found


def privilege_words(site: str, modality: str, body_part: str) -> str:
    """Return what a privilege covers; what is empty covers all."""
    work = " ".join(word for word in (modality, body_part) if word) or "all work"
    return f"{work} at {site or 'every site'}"


def turns_ahead(person: Radiologist, scope: Scope, *, at: datetime) -> Ahead:
    """Return the person's turns in the next 14 days, on shifts in the viewer's sight."""
    until = at + AHEAD
    shifts = list(shifts_of(person).annotate(in_sight=_is_seen(scope)))
    if not shifts or not person.is_active:
        return Ahead((), 0)
    book = roster_book(
        (at - timedelta(days=2)).date(), until.date(), shift_ids=[row.pk for row in shifts]
    )
    theirs = [turn for turn in turns(shifts, book, at, until) if person.pk in turn.people]
    in_sight = {shift.pk for shift in shifts if shift.in_sight}
    shown = [turn for turn in theirs if turn.shift.pk in in_sight]
    return Ahead(_by_day(shown), len(theirs) - len(shown))


def _by_day(found: Sequence[Turn]) -> Sequence[Day]:
    by_day = sorted(found, key=lambda turn: turn.start_on)
    return [Day(day, list(same)) for day, same in groupby(by_day, key=lambda turn: turn.start_on)]


def shifts_of(person: Radiologist) -> QuerySet[Shift]:
    """Return the active shifts on which the person may have turns."""
    rows = RosterAssignment.objects.filter(radiologist=person, status=RosterStatus.ACTIVE)
    overrides = RosterOverride.objects.filter(
        Q(radiologist=person) | Q(taker=person), status=RosterStatus.ACTIVE, shift__isnull=False
    )
    return Shift.objects.filter(
        Q(pk__in=rows.values("shift")) | Q(pk__in=overrides.values("shift")), is_active=True
    )


def _is_seen(scope: Scope) -> Exists:
    return Exists(shift_queries.seen(scope).filter(pk=OuterRef("pk")))


def leaves(person: Radiologist, *, today: date) -> QuerySet[RosterOverride]:
    """Return the person's leave that has not ended, the nearest first."""
    return RosterOverride.objects.filter(
        radiologist=person,
        kind=OverrideKind.LEAVE,
        status=RosterStatus.ACTIVE,
        end_date__gte=today,
    ).order_by("start_date")
