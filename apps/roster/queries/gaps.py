"""Days on which nobody is meant to be on a shift, as a list, and the turns that they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q, QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.models import PlannedGap
from apps.roster.patterns import is_on
from apps.roster.queries.change import LOOK_AHEAD
from apps.roster.queries.places import changed_shifts, seen_shifts
from apps.roster.queries.plan import Run, plan_of
from apps.roster.queries.records import within
from apps.roster.queries.roster import RowFilter, Span, sorted_by

_SORTS: Mapping[str, str] = {
    "shift": "shift__code",
    "from": "start_date",
    "to": "end_date",
    "reason": "reason",
}
DEFAULT_SORT = "from"


def gaps(
    wanted: RowFilter, scope: Scope, *, today: date, sort: str = DEFAULT_SORT
) -> QuerySet[PlannedGap]:
    """Return planned gaps, sorted by a key of the list's columns, ``-`` before it for down."""
    shifts = seen_shifts(scope).values("pk")
    found = PlannedGap.objects.filter(_spanning(wanted.span, today), shift__in=shifts)
    if wanted.words:
        found = found.filter(
            Q(reason__icontains=wanted.words)
            | Q(shift__code__icontains=wanted.words)
            | Q(shift__name__icontains=wanted.words)
        )
    return sorted_by(found.select_related("shift"), _SORTS, sort)


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def changed_gaps(scope: Scope) -> QuerySet[PlannedGap]:
    """Return the planned gaps that may be changed."""
    found = PlannedGap.objects.filter(shift__in=changed_shifts(scope).values("pk"))
    return found.select_related("shift__calendar")


def subject_of(gap: PlannedGap) -> Subject:
    """Return whose history the gap's page shows."""
    return Subject("roster_plannedgap", str(gap.pk))


def runs_in(gap: PlannedGap, *, at: datetime) -> Sequence[Run]:
    """Return the coming runs that a gap is about, as far as a change is looked ahead."""
    first_on = max(gap.start_date, at.date() - timedelta(days=1))
    last_on = min(gap.end_date or date.max, first_on + LOOK_AHEAD)
    if last_on < first_on or not gap.shift.is_active:
        return ()
    runs = plan_of([gap.shift], first_on, last_on).runs_from(
        first_on, (last_on - first_on).days + 1
    )
    return [run for run in runs if run.end_at > at and is_on(gap.weekdays, run.start_on)]


def _spanning(span: Span, today: date) -> Q:
    return {
        Span.OPEN: Q(end_date=None) | Q(end_date__gte=today),
        Span.CURRENT: within(today, today),
        Span.FUTURE: Q(start_date__gt=today),
        Span.PAST: Q(end_date__lt=today),
        Span.CANCELLED: Q(pk=None),
        Span.ALL: Q(),
    }[span]
