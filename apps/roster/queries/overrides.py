"""Leave, other work, swaps and extra turns as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.patterns import share_hours
from apps.roster.queries.places import seen_overrides
from apps.roster.queries.plan import Plan, plan_of
from apps.roster.queries.records import within
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
    """Return an active override of the same kind, person and shift that shares a day and hours."""
    others = RosterOverride.objects.filter(
        within(override.start_date, override.end_date),
        kind=override.kind,
        radiologist=override.radiologist_id,
        shift=override.shift_id,
        status=RosterStatus.ACTIVE,
    )
    hours = (override.start_local, override.end_local)
    return next(
        (
            other
            for other in others.exclude(pk=override.pk).order_by("start_date", "pk")
            if share_hours(hours, (other.start_local, other.end_local))
        ),
        None,
    )


def leave_of(person: Radiologist, first_on: date, last_on: date) -> RosterOverride | None:
    """Return a person's first leave of whole days that shares one with these, both included.

    Whether leave of some hours stands in the way of a turn is seen in its effects.
    """
    leaves = RosterOverride.objects.filter(
        within(first_on, last_on),
        kind=OverrideKind.LEAVE,
        radiologist=person,
        start_local=None,
        status=RosterStatus.ACTIVE,
    )
    return leaves.order_by("start_date").first()


def plan_with(records: Sequence[RosterOverride]) -> Plan:
    """Read who is on the one shift of some swaps or extra turns, as it would be with them."""
    first_on = min(record.start_date for record in records)
    shift = records[0].shift
    plan = plan_of([shift] if shift else [], first_on, max(one.end_date for one in records))
    return plan.with_changes(without=[one for one in records if one.pk], plus=records)


def kept_away(after: Plan, record: RosterOverride) -> RosterOverride | None:
    """Return what keeps somebody away all the time from a run that a record puts them on.

    Leave or other work, of days or hours; what takes only a part of a run does not stand in the
    way. None where they would be there.

    Args:
        after: the plan with the record.
        record: a swap or an extra turn, stored or not.
    """
    person = record.taker_id or record.radiologist_id
    days = min((record.end_date - record.start_date).days + 1, _LOOKED_AT)
    runs = (run for run in after.runs_from(record.start_date, days) if person in run.seated)
    seats = (seat for run in runs for seat in run.seats if seat.person.pk == person)
    return next((seat.leave for seat in seats if seat.is_away), None)


def away_words(record: RosterOverride) -> str:
    """Return where a record keeps somebody, to be read after "is"."""
    return "on leave" if record.kind == OverrideKind.LEAVE else "at other work"


def is_ever_on(person: Radiologist, shift: Shift, first_on: date, last_on: date) -> bool:
    """Return whether a person has a seat on any run that starts on these dates."""
    plan = plan_of([shift], first_on, last_on)
    days = min((last_on - first_on).days + 1, _LOOKED_AT)
    return any(
        seat.person.pk == person.pk for run in plan.runs_from(first_on, days) for seat in run.seats
    )
