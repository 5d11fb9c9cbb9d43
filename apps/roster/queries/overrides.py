"""Leave, swaps and extra turns as a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.places import seen_overrides
from apps.roster.queries.plan import plan_of, within
from apps.roster.queries.roster import Span, naming, sorted_by, spanning

_SORTS: Mapping[str, str] = {
    "kind": "kind",
    "radiologist": "radiologist__family_name",
    "shift": "shift__code",
    "from": "start_date",
    "to": "end_date",
    "status": "status",
}
DEFAULT_SORT = "from"
_LOOKED_AT = 366
"""Days after which a swap is not looked through any further."""


@dataclass(frozen=True, slots=True)
class OverrideFilter:
    """What the list is narrowed by; empty values narrow nothing."""

    words: str = ""
    kind: str = ""
    span: Span = Span.OPEN


def overrides(
    wanted: OverrideFilter, scope: Scope, *, today: date, sort: str = DEFAULT_SORT
) -> QuerySet[RosterOverride]:
    """Return overrides, sorted by a key of the list's columns, ``-`` before it for down."""
    found = seen_overrides(scope).filter(spanning(wanted.span, today))
    if wanted.kind:
        found = found.filter(kind=wanted.kind)
    if wanted.words:
        found = found.filter(
            Q(shift__code__icontains=wanted.words)
            | naming("radiologist", wanted.words)
            | naming("taker", wanted.words)
        )
    return sorted_by(found.select_related("shift", "radiologist", "taker"), _SORTS, sort)


def known_sort(asked: str) -> str:
    """Return the sort asked for, or the default where there is no such column."""
    return asked if asked.removeprefix("-") in _SORTS else DEFAULT_SORT


def subject_of(override: RosterOverride) -> Subject:
    """Return whose history the override's page shows."""
    return Subject("roster_rosteroverride", str(override.pk))


def same_kind_overlapping(override: RosterOverride) -> RosterOverride | None:
    """Return an active override of the same kind, person and shift that shares a day."""
    others = RosterOverride.objects.filter(
        within(override.start_date, override.end_date),
        kind=override.kind,
        radiologist=override.radiologist_id,
        shift=override.shift_id,
        status=RosterStatus.ACTIVE,
    )
    return others.exclude(pk=override.pk).order_by("start_date").first()


def leave_of(person: Radiologist, first_on: date, last_on: date) -> RosterOverride | None:
    """Return a person's first leave that shares a day with these, both included."""
    leaves = RosterOverride.objects.filter(
        within(first_on, last_on),
        kind=OverrideKind.LEAVE,
        radiologist=person,
        status=RosterStatus.ACTIVE,
    )
    return leaves.order_by("start_date").first()


def is_ever_on(person: Radiologist, shift: Shift, first_on: date, last_on: date) -> bool:
    """Return whether a person has a seat on any run that starts on these dates."""
    plan = plan_of([shift], first_on, last_on)
    days = min((last_on - first_on).days + 1, _LOOKED_AT)
    return any(
        seat.person.pk == person.pk for run in plan.runs_from(first_on, days) for seat in run.seats
    )
