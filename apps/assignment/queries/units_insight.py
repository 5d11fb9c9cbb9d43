"""What a unit table would have counted, reader by reader: said before it is saved."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Count, Sum

from apps.assignment.lifecycle import COUNTS
from apps.assignment.models import Assignment
from apps.audit.editing import Effect
from apps.catalog.effects import UnitsChange
from apps.catalog.queries.units import UnitsFrom, Work
from apps.core import clock
from apps.core.namesakes import told_apart
from apps.roster.models import Radiologist

DAYS = 7
_MOST_READERS = 8
_NOTHING = Decimal(0)
_HUNDRED = 100


class Counted(NamedTuple):
    """What a reader's studies counted, and would have counted."""

    radiologist: str
    before: Decimal
    after: Decimal


def units_effects(change: UnitsChange) -> Iterable[Effect]:
    """Return what the last days would have counted by the table: the largest shifts first."""
    counted = recounted(change.after)
    before = sum((one.before for one in counted), _NOTHING)
    after = sum((one.after for one in counted), _NOTHING)
    if not before or not after:
        return [
            Effect(f"No study counted in the last {DAYS} days, so there is nothing to compare.")
        ]
    names = _names(one.radiologist for one in counted)
    moved = sorted(counted, key=lambda one: (-abs(_moved(one, before, after)), one.radiologist))
    head = (
        f"The last {DAYS} days: {before:,.2f} counted, {after:,.2f} {change.unit} by this table."
    )
    return [
        Effect(head),
        *(
            Effect(
                f"{names.get(one.radiologist, one.radiologist)}: {one.before:,.2f} → "
                f"{one.after:,.2f}, {_share(one.before, before)} → {_share(one.after, after)} of all"
            )
            for one in moved[:_MOST_READERS]
        ),
    ]


def recounted(table: UnitsFrom) -> list[Counted]:
    """Return each reader's studies of the last days, as they counted and by another table."""
    since = clock.now() - timedelta(days=DAYS)
    kinds = ("radiologist", "order__procedure", "order__modality", "order__body_part", "rvu")
    rows = (
        Assignment.objects.filter(assigned_at__gte=since, state__in=COUNTS)
        .order_by()
        .values_list(*kinds)
        .annotate(count=Count("pk"), counted=Sum("units"))
    )
    found: dict[str, Counted] = {}
    for radiologist, procedure, modality, body_part, rvu, count, counted in rows:
        one = found.get(radiologist, Counted(radiologist, _NOTHING, _NOTHING))
        units = table.units(Work(procedure, modality, body_part, rvu)) * count
        found[radiologist] = one._replace(before=one.before + counted, after=one.after + units)
    return sorted(found.values())


def _moved(one: Counted, before: Decimal, after: Decimal) -> Decimal:
    return one.after / after - one.before / before


def _share(part: Decimal, whole: Decimal) -> str:
    return f"{_HUNDRED * part / whole:.1f} %"


def _names(ids: Iterable[str]) -> dict[str, str]:
    people = Radiologist.objects.filter(pk__in=list(ids))
    return told_apart({one.pk: one.full_name for one in people})
