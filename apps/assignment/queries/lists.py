"""Lists of studies with their readers: what is at work now, and what was assigned when.

A list of what is at work reads orders with the assignment they have now; one that looks back
reads assignments, those that ended too, so that it holds as many rows as the board counts. Which
index serves a filter is said where the filter is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from django.db.models import (
    Case,
    DateTimeField,
    Expression,
    ExpressionWrapper,
    F,
    FilteredRelation,
    IntegerField,
    OrderBy,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Lower

from apps.assignment.choices import EndReason
from apps.assignment.models import Assignment
from apps.assignment.queries.filters import State, StudyFilter, day_of, since
from apps.assignment.queries.rows import StudyRow, study_row
from apps.catalog.choices import UrgencyChoices
from apps.core.access import Scope
from apps.core.paging import Page, page_of
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import AWAITS_REPORT
from apps.orders.models import Order

SOON = timedelta(minutes=30)
"""How long before its report is due a study counts as due soon."""
_OPEN = sorted(AWAITS_REPORT | {OrderStatus.HELD})
_AWAITED = sorted(AWAITS_REPORT)


@dataclass(frozen=True, slots=True)
class Moment:
    """When and where a list is looked at."""

    at: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Base:
    """The paths from a list's table to the order's columns and to the assignment's."""

    order: str
    assignment: str


_STUDIES = _Base(order="", assignment="current__")
_ASSIGNMENTS = _Base(order="order__", assignment="")


def _urgency_rank(path: str) -> Case:
    ranks = [When(**{path: value}, then=Value(rank)) for rank, value in enumerate(UrgencyChoices)]
    return Case(*ranks, default=Value(len(ranks)), output_field=IntegerField())


def _moment(path: str) -> Expression:
    return ExpressionWrapper(F(path) + timedelta(0), output_field=DateTimeField())


_SortBy = Callable[[str], Expression]
# Never a bare column: a planner that finds one in an index walks a million past orders in its
# order, in the hope of meeting the few that are asked for early.
_SORTS: Mapping[str, tuple[str, str, _SortBy]] = {
    "study": ("order", "accession", Lower),
    "urgency": ("order", "urgency", _urgency_rank),
    "modality": ("order", "modality", Lower),
    "site": ("order", "site__name", Lower),
    "radiologist": ("assignment", "radiologist__family_name", Lower),
    "shift": ("assignment", "shift_code", Lower),
    "assigned": ("assignment", "assigned_at", _moment),
    "due": ("order", "report_due_at", _moment),
}
_LATEST = "-assigned"


def sort_keys(wanted: StudyFilter) -> frozenset[str]:
    """Return the columns that the list can be sorted by: all of them only where it is short."""
    if wanted.is_bounded:
        return frozenset(_SORTS)
    return frozenset({"assigned"}) if wanted.state is State.ANY else frozenset()


def known_sort(wanted: StudyFilter, asked: str) -> str:
    """Return the sort asked for where the list has it, else its own: what is due or latest."""
    if asked.removeprefix("-") in sort_keys(wanted):
        return asked
    if wanted.is_live:
        return "due"
    return _LATEST if wanted.state is State.ANY else ""


def studies(
    wanted: StudyFilter, *, scope: Scope, moment: Moment, sort: str, number: int
) -> Page[StudyRow]:
    """Return one page of a list.

    Args:
        wanted: what it is narrowed by.
        scope: where the viewer may look at studies.
        moment: what *today* and *overdue* mean.
        sort: from ``known_sort``.
        number: the page, from 1.
    """
    read = _assignments if wanted.asks_assignments else _orders
    return read(wanted, scope, moment, sort, number)


def rows_of(orders: Sequence[Order], moment: Moment) -> list[StudyRow]:
    """Return orders as rows, each with the assignment it has now."""
    found = Assignment.objects.filter(order__in=[order.pk for order in orders], is_current=True)
    current = {
        row.order_id: row for row in found.select_related("radiologist", "shift").defer("trace")
    }
    return [
        study_row(order, current.get(order.pk), at=moment.at, zone=moment.zone) for order in orders
    ]


def with_current(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders joined with the assignment they have now, as ``current``."""
    now = Q(assignments__is_current=True)
    return orders.alias(current=FilteredRelation("assignments", condition=now))


# -- the two tables ----------------------------------------------------------------------


def _orders(
    wanted: StudyFilter, scope: Scope, moment: Moment, sort: str, number: int
) -> Page[StudyRow]:
    rows = scope.limit(with_current(Order.objects.all()))
    rows = rows.filter(_STATES[wanted.state](moment), _narrowed(wanted, _STUDIES))
    if not wanted.is_search:
        rows = rows.filter(_in_period(wanted, _STUDIES, moment))
    page = _ids_of(rows.order_by(*_ordering(wanted, sort, _STUDIES)), number)
    full = Order.objects.select_related("site", "procedure").defer("indication")
    found = full.in_bulk(page.rows)
    return Page(rows_of([found[id_] for id_ in page.rows], moment), page.number, page.has_next)


def _assignments(
    wanted: StudyFilter, scope: Scope, moment: Moment, sort: str, number: int
) -> Page[StudyRow]:
    rows = scope.limit(Assignment.objects.all(), "order__site")
    rows = rows.filter(_HISTORIES[wanted.state], _in_period(wanted, _ASSIGNMENTS, moment))
    rows = rows.filter(_narrowed(wanted, _ASSIGNMENTS))
    page = _ids_of(rows.order_by(*_ordering(wanted, sort, _ASSIGNMENTS)), number)
    full = Assignment.objects.select_related(
        "order__site", "order__procedure", "radiologist", "shift"
    )
    found = full.defer("trace", "order__indication").in_bulk(page.rows)
    shown = [
        study_row(row.order, row, at=moment.at, zone=moment.zone)
        for row in (found[id_] for id_ in page.rows)
    ]
    return Page(shown, page.number, page.has_next)


def _ids_of(rows: QuerySet[Any], number: int) -> Page[int]:
    """Return the keys of one page: long rows are neither sorted nor skipped, only the few shown.

    Between this read and the next a row cannot vanish: neither table's rows are ever deleted.
    """
    page = page_of(rows.values_list("pk", flat=True), number)
    return Page(list(page.rows), page.number, page.has_next)


# -- what a list is narrowed by ----------------------------------------------------------


def _any(_moment: Moment) -> Q:
    return Q()


def _due_soon(moment: Moment) -> Q:
    soon = Q(report_due_at__gt=moment.at, report_due_at__lte=moment.at + SOON)
    return Q(status__in=_AWAITED) & soon


def _late_today(moment: Moment) -> Q:
    """Say which reports due today are late, as the board counts them."""
    start, end = day_of(moment.at, moment.zone)
    today = Q(report_due_at__gte=start, report_due_at__lt=end)
    missing = Q(reported_at__isnull=True, report_due_at__lte=moment.at)
    return (
        today
        & ~Q(status=OrderStatus.CANCELLED)
        & (missing | Q(reported_at__gt=F("report_due_at")))
    )


# What is open is found by the index on the status, what is due by the one on report_due_at.
_STATES: Mapping[State, Callable[[Moment], Q]] = {
    State.ANY: _any,
    State.OPEN: lambda _moment: Q(status__in=_OPEN),
    State.OVERDUE: lambda moment: Q(status__in=_AWAITED, report_due_at__lte=moment.at),
    State.DUE_SOON: _due_soon,
    State.UNACKNOWLEDGED: lambda _moment: Q(
        status=OrderStatus.ASSIGNED, current__acknowledge_due_at__isnull=False
    ),
    State.HELD: lambda _moment: Q(status=OrderStatus.HELD),
    State.LATE_TODAY: _late_today,
    State.REPORTED: lambda _moment: Q(reported_at__isnull=False),
    State.CANCELLED: lambda _moment: Q(status=OrderStatus.CANCELLED),
}
_HISTORIES: Mapping[State, Q] = {
    State.ANY: Q(),
    State.REPORTED: Q(is_current=True, completed_at__isnull=False),
    State.CANCELLED: Q(end_reason__in=[EndReason.CANCELLED, EndReason.REPLACED]),
}
# By order_reported and order_cancelled, or assignment_completed, which hold nothing else; by
# assignment_by_time, or for one reader assignment_by_reader.
_TIMES: Mapping[tuple[State, _Base], str] = {
    (State.REPORTED, _STUDIES): "reported_at",
    (State.REPORTED, _ASSIGNMENTS): "completed_at",
    (State.CANCELLED, _ASSIGNMENTS): "assigned_at",
    (State.ANY, _ASSIGNMENTS): "assigned_at",
}


def _time(wanted: StudyFilter, base: _Base) -> str:
    """Return the column that says when what the list holds took place."""
    return _TIMES.get((wanted.state, base), "received_at")


def _in_period(wanted: StudyFilter, base: _Base, moment: Moment) -> Q:
    start = since(wanted.shown_period, moment.at, moment.zone)
    return Q() if start is None else Q(**{f"{_time(wanted, base)}__gte": start})


def _narrowed(wanted: StudyFilter, base: _Base) -> Q:
    order, assignment = base.order, base.assignment
    asked: Mapping[str, Any] = {
        f"{order}site": wanted.site_id,
        f"{order}site__cluster": wanted.cluster_id,
        f"{order}modality": wanted.modality,
        f"{order}urgency": wanted.urgency,
        f"{assignment}radiologist": wanted.radiologist,
        f"{assignment}shift_code": wanted.shift,
        f"{assignment}strategy": wanted.strategy,
        f"{assignment}escalated": wanted.is_escalated,
    }
    narrowed = Q(**{path: value for path, value in asked.items() if value})
    return narrowed if wanted.found is None else narrowed & _found(wanted, base)


def _found(wanted: StudyFilter, base: _Base) -> Q:
    found = wanted.found
    if found is None:
        return Q()
    if found.order_ids or not found.radiologist_ids:
        return Q(**{f"{base.order}pk__in": found.order_ids})
    return Q(**{f"{base.assignment}radiologist__in": found.radiologist_ids})


# -- in which order ----------------------------------------------------------------------


def _ordering(wanted: StudyFilter, sort: str, base: _Base) -> list[OrderBy | str]:
    if not sort:
        return [f"-{_time(wanted, base)}", "-pk"]
    key = sort.removeprefix("-")
    is_down = sort.startswith("-")
    if key == "assigned" and base is _ASSIGNMENTS:
        return ["-assigned_at", "-pk"] if is_down else ["assigned_at", "pk"]
    table, column, by = _SORTS[key]
    value = by(f"{getattr(base, table)}{column}")
    return [value.desc(nulls_last=True) if is_down else value.asc(nulls_last=True), "pk"]
