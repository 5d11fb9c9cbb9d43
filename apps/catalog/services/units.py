"""Writes unit tables: their versions, and the values of one that does not count yet."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from apps.catalog.models import UnitTable, UnitValue


def next_version(name: str) -> int:
    """Return the number of the next version of the tables of a name."""
    latest = UnitTable.objects.filter(name=name).aggregate(latest=Max("version"))["latest"]
    return (latest or 0) + 1


@transaction.atomic
def set_values(table: UnitTable, values: Sequence[UnitValue]) -> None:
    """Let the table have these values; one that stays as it is is not written."""
    wanted = {(row.procedure_id, row.modality, row.body_part): row for row in values}
    for row in table.values_of.all():
        new = wanted.pop((row.procedure_id, row.modality, row.body_part), None)
        if new is None:
            row.delete()
        elif new.units != row.units:
            row.units = new.units
            row.save(update_fields=["units"])
    for row in wanted.values():
        row.table = table
    UnitValue.objects.bulk_create(wanted.values())
