"""Radiologists as their list shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, FloatField, Func, OuterRef, Prefetch, Q, QuerySet, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast, NullIf
from django.utils import timezone

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.core.paging import Page
from apps.roster.models import Radiologist, RadiologistSite, Shift
from apps.roster.queries import shifts as shift_queries
from apps.roster.queries.person import Measured, measured
from apps.roster.queries.rostered import Rota, rota_of

DEFAULT_SORT = "name"
OnNow = Mapping[str, Sequence[Shift]]
"""The shifts that somebody is on now, by the person's id."""

_OPEN = F("workload__open_stat") + F("workload__open_urgent") + F("workload__open_routine")
_USED = Cast(_OPEN, FloatField()) / NullIf(F("max_concurrent_studies"), Value(0))
_SORTS: Mapping[str, tuple[F | CombinedExpression, ...]] = {
    "id": (F("id"),),
    "name": (F("family_name"), F("given_name")),
    "seniority": (F("seniority_years"),),
    "open": (_OPEN,),
    "used": (_USED,),
    "rvu": (F("workload__open_rvu"),),
    "presence": (F("workload__presence"),),
    "active": (F("is_active"),),
}
_PARTS = ("radiologistsite", "radiologistcredential", "licence", "privilege")


@dataclass(frozen=True, slots=True)
class RadiologistFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    words: str = ""
    site: int | None = None
    specialty: str = ""
    presence: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class RadiologistRow:
    """A radiologist as a line of the list shows them; ``shifts`` are those they are on now."""

    person: Radiologist
    shifts: Sequence[Shift]
    may_change: bool
    measured: Measured

    @property
    def open_studies(self) -> int:
        """Return the studies assigned, not held and not yet preliminary."""
        return self.person.workload.open_studies

    @property
    def used_percent(self) -> int:
        """Return how much of the concurrent limits is used: the fuller of studies and RVU."""
        return used_percent(self.person)

    @property
    def is_full(self) -> bool:
        """Return whether a concurrent limit is reached, so that nothing new comes."""
        return is_full(self.person)


def used_percent(person: Radiologist) -> int:
    """Return how much of the person's concurrent limits is used, the fuller of the two."""
    load = person.workload
    shares = [_share(load.open_studies, person.max_concurrent_studies)]
    if person.max_concurrent_rvu is not None:
        shares.append(_share(float(load.open_rvu), float(person.max_concurrent_rvu)))
    return max(shares)


def _share(used: float, limit: float) -> int:
    # A limit of nothing is used up, and 199 of 200 is not full yet.
    return int(100 * used / limit) if limit else 100


def is_full(person: Radiologist) -> bool:
    """Return whether the person is at a concurrent limit."""
    load, max_rvu = person.workload, person.max_concurrent_rvu
    return load.open_studies >= person.max_concurrent_studies or (
        max_rvu is not None and load.open_rvu >= max_rvu
    )


def seen(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people whom managers of one of the viewer's sites look after."""
    rows = Radiologist.objects.select_related("workload")
    return scope.limit_placed(rows, "home_sites__site") if scope else rows.none()


def in_full(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people in sight with what a page of one of them shows."""
    homes = RadiologistSite.objects.select_related("site")
    people = seen(scope).select_related("user")
    return people.prefetch_related(Prefetch("home_sites", queryset=homes))


def changeable(scope: Scope) -> QuerySet[Radiologist]:
    """Return the people all of whose home sites the viewer may speak for."""
    if scope.everywhere:
        return Radiologist.objects.all()
    mine = RadiologistSite.objects.filter(site__in=scope.site_ids)
    others = RadiologistSite.objects.exclude(site__in=scope.site_ids)
    return Radiologist.objects.filter(pk__in=mine.values("radiologist")).exclude(
        pk__in=others.values("radiologist")
    )


def may_change(person: Radiologist, scope: Scope) -> bool:
    """Return whether the person is among those that ``changeable`` returns."""
    return scope.changes([home.site_id for home in person.home_sites.all()])


def radiologists(
    wanted: RadiologistFilter,
    scope: Scope,
    *,
    here: OnNow,
    sort: str = DEFAULT_SORT,
) -> QuerySet[Radiologist]:
    """Return the people who are wanted, sorted by a key of the list's columns.

    Args:
        wanted: what the list is narrowed by.
        scope: the sites whose people the viewer sees.
        here: who is on shift now.
        sort: ``-`` before it is down.
    """
    rows = _in_state(_narrowed(seen(scope), wanted), wanted.state, here)
    columns = _SORTS[sort.removeprefix("-")]
    order = [
        column.desc(nulls_last=True) if sort.startswith("-") else column.asc(nulls_first=True)
        for column in columns
    ]
    return rows.order_by(*order, "pk").prefetch_related("home_sites")


def _narrowed(rows: QuerySet[Radiologist], wanted: RadiologistFilter) -> QuerySet[Radiologist]:
    for word in wanted.words.split():
        rows = rows.filter(
            Q(pk__icontains=word) | Q(family_name__icontains=word) | Q(given_name__icontains=word)
        )
    if wanted.site is not None:
        there = RadiologistSite.objects.filter(site=wanted.site).values("radiologist")
        rows = rows.filter(Q(pk__in=there) | Q(home_sites__isnull=True))
    if wanted.specialty:
        rows = rows.filter(specialties__contains=[wanted.specialty])
    if wanted.presence:
        rows = rows.filter(workload__presence=wanted.presence)
    return rows


def _in_state(rows: QuerySet[Radiologist], state: str, here: OnNow) -> QuerySet[Radiologist]:
    if state == "on_shift":
        return rows.filter(pk__in=list(here), is_active=True)
    if state == "full":
        full = Q(max_concurrent_studies__lte=_OPEN)
        return rows.filter(full | Q(max_concurrent_rvu__lte=F("workload__open_rvu")))
    return rows.filter(is_active=state == "on") if state else rows


def rota_seen(scope: Scope, *, at: datetime) -> Rota:
    """Return the roster of every active shift; ``in_sight`` of one says who sees it."""
    seen = Exists(shift_queries.seen(scope).filter(pk=OuterRef("pk")))
    shifts = Shift.objects.filter(is_active=True).select_related("calendar")
    return rota_of(shifts.annotate(in_sight=seen), today=timezone.localdate(at))


def on_now(rota: Rota, *, at: datetime) -> OnNow:
    """Return the shifts of ``rota_seen`` that run now and are in sight, by the people on them."""
    shifts = {row.code: row for row in rota.shifts if getattr(row, "in_sight", False)}
    found: dict[str, list[Shift]] = defaultdict(list)
    for code, now in sorted(rota.running(at).items()):
        for person in now.people if code in shifts else ():
            found[person].append(shifts[code])
    return found


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def rows_of(
    page: Page[Radiologist], rota: Rota, here: OnNow, *, change: Scope, at: datetime
) -> Page[RadiologistRow]:
    """Return the page's people as lines.

    Args:
        page: of ``radiologists``.
        rota: of ``rota_seen``.
        here: who is on shift now.
        change: the sites whose people they may change.
        at: the moment.
    """
    figures = measured(page.rows, rota, at=at)
    rows = [
        RadiologistRow(
            person,
            here.get(person.pk, ()) if person.is_active else (),
            may_change(person, change),
            figures[person.pk],
        )
        for person in page.rows
    ]
    return Page(rows, page.number, has_next=page.has_next)


def home_codes(person: Radiologist, scope: Scope) -> Sequence[str]:
    """Return the person's home sites in the viewer's sight; prefetched ones are used."""
    homes = person.home_sites.all()
    return sorted(home.site.code for home in homes if scope.covers(home.site_id))


def specialties() -> list[str]:
    """Return the specialties that people have."""
    each = Func(F("specialties"), function="unnest")
    found = Radiologist.objects.annotate(specialty=each).values_list("specialty", flat=True)
    return sorted(set(found.order_by().distinct()))


def subject_of(person: Radiologist) -> Subject:
    """Return whose history the person's page shows: with sites and competencies."""
    parts = {f"roster_{name}": "radiologist_id" for name in _PARTS}
    return Subject("roster_radiologist", person.pk, parts)
