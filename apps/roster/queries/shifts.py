"""Shifts as their pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Prefetch, Q, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.models import Site
from apps.core.access import NOWHERE, Scope
from apps.core.paging import Page
from apps.engine.coverage import OnShift
from apps.roster.models import Shift, ShiftSite, ShiftWorkType
from apps.roster.queries.people import Person, active_people
from apps.roster.queries.turns import Turn, roster_book, running, turns, work_of
from apps.roster.words import days_words, hours_words, listed, work_words

AHEAD = timedelta(days=7)
DEFAULT_SORT = "code"
_SORTS: Mapping[str, str] = {
    "code": "code",
    "name": "name",
    "hours": "start_local",
    "level": "priority_level",
    "strategy": "strategy",
    "active": "is_active",
}


@dataclass(frozen=True, slots=True)
class ShiftFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    words: str = ""
    site: int | None = None
    modality: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """A shift as a line of the list shows it; ``people`` are on it now."""

    shift: Shift
    work: Sequence[str]
    hours: str
    days: str
    sites: str
    people: Sequence[Person]
    is_running: bool
    may_change: bool

    @property
    def is_bare(self) -> bool:
        """Return whether it runs with nobody on it."""
        return self.is_running and not self.people


@dataclass(frozen=True, slots=True)
class Now:
    """Who is on which shift at one moment: the running shifts by code, the active people by id."""

    running: Mapping[str, OnShift]
    people: Mapping[str, Person]

    def on(self, code: str) -> Sequence[Person]:
        """Return the active people on a shift, in order of their ids."""
        one = self.running.get(code)
        return (
            [self.people[person] for person in one.people if person in self.people] if one else []
        )


@dataclass(frozen=True, slots=True)
class Staffing:
    """Who is on a shift now (None while it does not run), and its runs that lie ahead."""

    now: Turn | None
    next: Turn | None
    ahead: Sequence[Turn]
    people: Mapping[str, Person]


def seen(scope: Scope) -> QuerySet[Shift]:
    """Return the shifts that serve one of the viewer's sites."""
    if not scope or scope.everywhere:
        return Shift.objects.all() if scope else Shift.objects.none()
    placed = scope.limit_placed(Shift.objects.all(), "site_rows__site")
    return Shift.objects.filter(Q(all_sites=True) | Q(pk__in=placed.values("pk")))


def changeable(scope: Scope) -> QuerySet[Shift]:
    """Return the shifts all of whose sites the viewer may speak for."""
    if scope.everywhere:
        return Shift.objects.all()
    mine = ShiftSite.objects.filter(site__in=scope.site_ids)
    others = ShiftSite.objects.exclude(site__in=scope.site_ids)
    return Shift.objects.filter(all_sites=False, pk__in=mine.values("shift")).exclude(
        pk__in=others.values("shift")
    )


def in_full(rows: QuerySet[Shift]) -> QuerySet[Shift]:
    """Return the shifts with their work and sites read at once."""
    sites = Prefetch("site_rows", queryset=ShiftSite.objects.select_related("site"))
    return rows.prefetch_related("work_types", sites)


def may_change(shift: Shift, scope: Scope) -> bool:
    """Return whether the shift is among those that ``changeable`` returns."""
    sites = [] if shift.all_sites else [row.site_id for row in shift.site_rows.all()]
    return scope.changes(sites)


def now(scope: Scope, *, at: datetime, people: Scope) -> Now:
    """Return the shifts in sight that run at the moment, and who is on them.

    Args:
        scope: the sites whose shifts the viewer sees.
        at: the moment.
        people: the sites whose radiologists they see.
    """
    found = running(seen(scope).filter(is_active=True), at)
    ids = {person for one in found.values() for person in one.people}
    return Now(found, active_people(ids, people))


def shifts(
    wanted: ShiftFilter, scope: Scope, *, here: Now, sort: str = DEFAULT_SORT
) -> QuerySet[Shift]:
    """Return the shifts that are wanted, with what a line shows; ``-`` before a sort is down."""
    rows = _narrowed(seen(scope), wanted)
    if wanted.state == "running":
        rows = rows.filter(code__in=list(here.running))
    elif wanted.state == "bare":
        rows = rows.filter(code__in=[code for code in here.running if not here.on(code)])
    elif wanted.state:
        rows = rows.filter(is_active=wanted.state == "on")
    column = F(_SORTS[sort.removeprefix("-")])
    order = column.desc() if sort.startswith("-") else column.asc()
    return in_full(rows.order_by(order, "pk"))


def _narrowed(rows: QuerySet[Shift], wanted: ShiftFilter) -> QuerySet[Shift]:
    work = ShiftWorkType.objects.all()
    if wanted.words:
        is_about = Q(body_part__icontains=wanted.words) | Q(subspecialty__icontains=wanted.words)
        rows = rows.filter(
            Q(code__icontains=wanted.words)
            | Q(name__icontains=wanted.words)
            | Q(pk__in=work.filter(is_about).values("shift"))
        )
    if wanted.site is not None:
        there = ShiftSite.objects.filter(site=wanted.site).values("shift")
        rows = rows.filter(Q(all_sites=True) | Q(pk__in=there))
    if wanted.modality:
        rows = rows.filter(pk__in=work.filter(modality=wanted.modality).values("shift"))
    return rows


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def rows_of(page: Page[Shift], here: Now, *, view: Scope, change: Scope) -> Page[ShiftRow]:
    """Return the page's shifts as lines.

    Args:
        page: of ``shifts``.
        here: who is on which shift now.
        view: the sites at which the viewer sees shifts.
        change: the sites at which they may change them.
    """
    rows = [_row(shift, here, view, change) for shift in page.rows]
    return Page(rows, page.number, has_next=page.has_next)


def _row(shift: Shift, here: Now, view: Scope, change: Scope) -> ShiftRow:
    return ShiftRow(
        shift=shift,
        work=[work_words(work) for work in work_of(shift)],
        hours=hours_words(shift.start_local, shift.end_local),
        days=days_words(shift.weekdays),
        sites=sites_words(shift, view),
        people=here.on(shift.code),
        is_running=shift.code in here.running,
        may_change=may_change(shift, change),
    )


def facts(shift: Shift, scope: Scope) -> ShiftRow:
    """Return the shift's facts in words, without its people."""
    return _row(shift, Now({}, {}), scope, NOWHERE)


def sites_words(shift: Shift, scope: Scope) -> str:
    """Return the sites that the shift serves; those out of the viewer's sight are counted."""
    if shift.all_sites:
        return "every site"
    rows = shift.site_rows.all()
    codes = sorted(row.site.code for row in rows if scope.covers(row.site_id))
    hidden = len(rows) - len(codes)
    if not codes and not hidden:
        return "no site"
    return " and ".join(
        part for part in (listed(codes), f"{hidden} not yours" if hidden else "") if part
    )


def staffing(shift: Shift, *, at: datetime, people: Scope) -> Staffing:
    """Return who is on the shift now and in the next 7 days."""
    until = at + AHEAD
    book = roster_book(
        (at - timedelta(days=2)).date(), (until + timedelta(days=7)).date(), shift_ids=[shift.pk]
    )
    # A weekly shift's next run may lie just behind the seven days.
    found = turns([shift], book, at, until + timedelta(days=2))
    now = next((turn for turn in found if turn.start_at <= at), None)
    coming = next((turn for turn in found if turn.start_at > at), None)
    ids = {person for turn in found for person in (*turn.people, *turn.on_leave)}
    ahead = [turn for turn in found if turn.start_at < until]
    return Staffing(now, coming, ahead, active_people(ids, people))


def sites_in(scope: Scope) -> QuerySet[Site]:
    """Return the sites at which something is allowed, by code."""
    return scope.limit(Site.objects.order_by("code"), "pk")


def modalities() -> list[str]:
    """Return the modalities that shifts read."""
    found = ShiftWorkType.objects.exclude(modality="").order_by("modality")
    return list(found.values_list("modality", flat=True).distinct())


def zones(sites: Iterable[Site]) -> list[str]:
    """Return the time zones of the sites."""
    return sorted({site.time_zone for site in sites})


def subject_of(shift: Shift) -> Subject:
    """Return whose history the shift's page shows: with its work and sites."""
    parts = {"roster_shiftworktype": "shift_id", "roster_shiftsite": "shift_id"}
    return Subject("roster_shift", str(shift.pk), parts)
