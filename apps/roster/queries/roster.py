"""The roster as a list of rows: who is on which shift from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from django.db.models import F, Model, Q, QuerySet, TextChoices

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.choices import RosterStatus
from apps.roster.models import RosterAssignment
from apps.roster.queries.places import seen_rows
from apps.roster.queries.records import within

_SORTS: Mapping[str, str] = {
    "shift": "shift__code",
    "radiologist": "radiologist__family_name",
    "from": "start_date",
    "to": "end_date",
    "status": "status",
}
DEFAULT_SORT = "shift"
_Model = TypeVar("_Model", bound=Model)


class Span(TextChoices):
    """Which records of a list are shown, by their dates as seen from today."""

    OPEN = "", "now and later"
    CURRENT = "now", "now"
    FUTURE = "later", "later"
    PAST = "past", "past"
    CANCELLED = "cancelled", "cancelled"
    ALL = "all", "all"


@dataclass(frozen=True, slots=True)
class RowFilter:
    """What the list is narrowed by; empty words narrow nothing."""

    words: str = ""
    span: Span = Span.OPEN


def rows(
    wanted: RowFilter, scope: Scope, *, today: date, sort: str = DEFAULT_SORT
) -> QuerySet[RosterAssignment]:
    """Return roster rows, sorted by a key of the list's columns, ``-`` before it for down."""
    found = seen_rows(scope).filter(spanning(wanted.span, today))
    if wanted.words:
        found = found.filter(
            Q(shift__code__icontains=wanted.words)
            | Q(shift__name__icontains=wanted.words)
            | naming("radiologist", wanted.words)
        )
    return sorted_by(found.select_related("shift", "radiologist"), _SORTS, sort)


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def subject_of(row: RosterAssignment) -> Subject:
    """Return whose history the row's page shows."""
    return Subject("roster_rosterassignment", str(row.pk))


def overlapping(row: RosterAssignment) -> RosterAssignment | None:
    """Return another active row of the same shift and person that shares a day, the first."""
    last_on = row.end_date or date.max
    others = RosterAssignment.objects.filter(
        within(row.start_date, last_on),
        shift=row.shift_id,
        radiologist=row.radiologist_id,
        status=RosterStatus.ACTIVE,
    )
    return others.exclude(pk=row.pk).order_by("start_date").first()


def spanning(span: Span, today: date) -> Q:
    """Return the condition for records of a span of time; cancelled ones have their own."""
    active = Q(status=RosterStatus.ACTIVE)
    return {
        Span.OPEN: active & (Q(end_date=None) | Q(end_date__gte=today)),
        Span.CURRENT: active & within(today, today),
        Span.FUTURE: active & Q(start_date__gt=today),
        Span.PAST: active & Q(end_date__lt=today),
        Span.CANCELLED: Q(status=RosterStatus.CANCELLED),
        Span.ALL: Q(),
    }[span]


def naming(path: str, words: str) -> Q:
    """Return the condition under which a person's id or name holds the words."""
    columns = ("pk", "family_name", "given_name")
    return Q(
        *(Q(**{f"{path}__{column}__icontains": words}) for column in columns), _connector="OR"
    )


def sorted_by(found: QuerySet[_Model], sorts: Mapping[str, str], sort: str) -> QuerySet[_Model]:
    """Return the records in the order of a column; an open end comes last going up."""
    column = F(sorts[sort.removeprefix("-")])
    if sort.startswith("-"):
        return found.order_by(column.desc(nulls_first=True), "start_date", "pk")
    return found.order_by(column.asc(nulls_last=True), "start_date", "pk")
