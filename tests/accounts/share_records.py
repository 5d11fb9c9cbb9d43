"""The records that pages of units and of other work show."""

from __future__ import annotations

from datetime import timedelta

from apps.catalog.models import UnitTable
from apps.core import clock
from apps.roster.models import Radiologist, WorkCredit

Values = dict[str, object]


def unit_table() -> Values:
    """Return the key of a table whose day has not come."""
    number = UnitTable.objects.count()
    day = clock.now().date() + timedelta(days=10 + number)
    return {"table_id": UnitTable.objects.create(name=f"T{number}", from_date=day).pk}


def credit(reader: Radiologist) -> Values:
    """Return the key of other work that a reader did an hour ago."""
    at = clock.now()
    made = WorkCredit.objects.create(
        radiologist=reader, kind="board", start_at=at - timedelta(hours=1), end_at=at
    )
    return {"credit_id": made.pk}
