"""One radiologist as their page shows them: competencies, turns, leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.core.access import Scope
from apps.engine.facts import Credential, Dated, RadiologistFacts
from apps.roster import insight
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import (
    CompetencyDocument,
    Licence,
    Privilege,
    Radiologist,
    RadiologistCredential,
    RosterAssignment,
    RosterOverride,
    RotationTurn,
    Shift,
)
from apps.roster.queries import shifts as shift_queries
from apps.roster.queries.rostered import Load, Rota, loads, rota_of
from apps.roster.queries.turns import Turn, turns
from apps.roster.standing import Standing, standing
from apps.roster.words import day_words, hours_words

AHEAD = timedelta(days=14)
_READ_IN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Competency:
    """A credential, licence or privilege with how it stands today."""

    kind: str
    words: str
    standing: Standing
    document: CompetencyDocument | None = None


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
        Competency("Credential", row.name, _standing(row, today), row.document)
        for row in person.credentials.select_related("document").order_by("name", "pk")
    ]
    found += [
        Competency("Licence", _licence_words(row), _standing(row, today), row.document)
        for row in person.licences.select_related("document").order_by("jurisdiction", "pk")
    ]
    rows = person.privileges.select_related("site", "document")
    found += [
        Competency(
            "Privilege",
            privilege_words(row.site.code if row.site else "", row.modality, row.body_part),
            _standing(row, today),
            row.document,
        )
        for row in rows.order_by("site__code", "modality", "pk")
    ]
    return found


def _standing(row: RadiologistCredential | Licence | Privilege, today: date) -> Standing:
    return standing(row.start_date, row.end_date, today)


def _licence_words(row: Licence) -> str:
    return " ".join(word for word in (row.jurisdiction, row.number) if word)


def privilege_words(site: str, modality: str, body_part: str) -> str:
    """Return what a privilege covers; what is empty covers all."""
    work = " ".join(word for word in (modality, body_part) if word) or "all work"
    return f"{work} at {site or 'every site'}"


def rota_for(person: Radiologist, *, at: datetime) -> Rota:
    """Return the roster of the shifts on which the person may have turns."""
    return rota_of(shifts_of(person), today=timezone.localdate(at))


def turns_ahead(person: Radiologist, rota: Rota, scope: Scope, *, at: datetime) -> Ahead:
    """Return the person's turns in the next 14 days, on shifts in the viewer's sight.

    Args:
        person: whose.
        rota: of ``rota_for``.
        scope: the sites whose shifts the viewer sees.
        at: the moment.
    """
    if not rota.shifts or not person.is_active:
        return Ahead((), 0)
    found = turns(rota.shifts, rota.book, at, at + AHEAD)
    theirs = [turn for turn in found if person.pk in turn.people]
    seen = shift_queries.seen(scope).filter(pk__in={turn.shift.pk for turn in theirs})
    in_sight = set(seen.values_list("pk", flat=True))
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
    turns = RotationTurn.objects.filter(radiologist=person, rotation__status=RosterStatus.ACTIVE)
    on_them = Q(pk__in=rows.values("shift")) | Q(pk__in=overrides.values("shift"))
    on_them |= Q(pk__in=turns.values("rotation__shift"))
    return Shift.objects.filter(on_them, is_active=True).select_related("calendar")


@dataclass(frozen=True, slots=True)
class Away:
    """Leave or other work of a person's: its days, its hours on each of them, and its note."""

    kind: str
    days: str
    hours: str
    note: str


def away(person: Radiologist, *, today: date) -> Sequence[Away]:
    """Return the person's leave and other work that has not ended, the nearest first."""
    rows = RosterOverride.objects.filter(
        radiologist=person,
        kind__in=(OverrideKind.LEAVE, OverrideKind.OTHER_WORK),
        status=RosterStatus.ACTIVE,
        end_date__gte=today,
    ).order_by("start_date", "start_local", "pk")
    return [
        Away(
            row.get_kind_display(),
            _days(row.start_date, row.end_date, today),
            _hours(row),
            row.note,
        )
        for row in rows
    ]


def _days(start_on: date, end_on: date, today: date) -> str:
    start = "today" if start_on == today else day_words(start_on)
    return start if start_on == end_on else f"{start} to {day_words(end_on)}"


def _hours(row: RosterOverride) -> str:
    if row.start_local is None or row.end_local is None:
        return ""
    return f"{hours_words(row.start_local, row.end_local)} ({row.time_zone})"


@dataclass(frozen=True, slots=True)
class Measured:
    """How much somebody is rostered and read, beside what they should."""

    load: Load
    target_hours: Decimal | None
    rvu_read: Decimal
    target_rvu: Decimal | None

    @property
    def over_hours(self) -> Decimal | None:
        """Return by how many hours this week is above the target, below zero when it is under."""
        if self.target_hours is None:
            return None
        return self.load.this_week.hours - self.target_hours


def measured(people: Sequence[Radiologist], rota: Rota, *, at: datetime) -> Mapping[str, Measured]:
    """Return how much people are rostered and read, by id.

    Args:
        people: whose.
        rota: of every shift on which they may have turns.
        at: the moment.
    """
    rostered = loads([person.pk for person in people if person.is_active], rota)
    with_target = [person.pk for person in people if person.target_rvu_per_week is not None]
    read = insight.known().rvu_read(with_target, at - _READ_IN, at)
    return {
        person.pk: Measured(
            rostered.get(person.pk, Load()),
            person.target_hours_per_week,
            read.get(person.pk, Decimal(0)),
            person.target_rvu_per_week,
        )
        for person in people
    }
