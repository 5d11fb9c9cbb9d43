"""What studies count for in fairness: the unit tables, and the value of one study.

A table counts from its date on, at each site from the midnight of its own zone. Everything is
decimal: units are sums of what tables say, and sums of them must not drift.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from django.db.models import Count, QuerySet

from apps.audit.queries.history import Subject
from apps.catalog.models import UnitTable, UnitValue

PLAIN_UNIT = "RVU"
_HUNDREDTH = Decimal("0.01")
_MOST = Decimal("9999999.99")
"""What a column of units holds."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the units of a study depend on; ``procedure`` is the catalogue's key."""

    procedure: int | None
    modality: str
    body_part: str
    rvu: Decimal


@dataclass(frozen=True, slots=True)
class UnitsFrom:
    """A table, ready to look up; ``kinds`` are by modality and body part ('': all of it)."""

    from_date: date
    unit: str
    per_rvu: Decimal
    procedures: Mapping[int, Decimal] = field(default_factory=dict)
    kinds: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)

    def units(self, work: Work) -> Decimal:
        """Return what a study counts: by procedure, by modality and body part, by modality."""
        if work.procedure is not None and work.procedure in self.procedures:
            return self.procedures[work.procedure]
        for kind in ((work.modality, work.body_part), (work.modality, "")):
            if kind in self.kinds:
                return self.kinds[kind]
        return min((work.rvu * self.per_rvu).quantize(_HUNDREDTH, ROUND_HALF_EVEN), _MOST)


@dataclass(frozen=True, slots=True)
class UnitBook:
    """Every table, the latest first."""

    tables: tuple[UnitsFrom, ...] = ()

    def in_force(self, on: date) -> UnitsFrom | None:
        """Return the table that counts on a day, None where RVU do."""
        return next((table for table in self.tables if table.from_date <= on), None)

    def units(self, work: Work, on: date) -> Decimal:
        """Return what a study that came on a day counts for."""
        table = self.in_force(on)
        return table.units(work) if table else work.rvu


def unit_book() -> UnitBook:
    """Return all tables as the current transaction sees them."""
    tables = UnitTable.objects.prefetch_related("values_of").order_by("-from_date", "-pk")
    return UnitBook(tuple(units_from(table, table.values_of.all()) for table in tables))


def units_from(table: UnitTable, values: Iterable[UnitValue]) -> UnitsFrom:
    """Return a table with these values, stored or not, ready to look up."""
    known = list(values)
    return UnitsFrom(
        from_date=table.from_date,
        unit=table.unit,
        per_rvu=table.per_rvu,
        procedures={row.procedure_id: row.units for row in known if row.procedure_id},
        kinds={(row.modality, row.body_part): row.units for row in known if not row.procedure_id},
    )


def table_in_force(on: date) -> UnitTable | None:
    """Return the table that counts on a day, None where RVU do."""
    return UnitTable.objects.filter(from_date__lte=on).order_by("-from_date", "-pk").first()


def unit_tables() -> QuerySet[UnitTable]:
    """Return every table, the latest first, each with how many ``values`` it has."""
    tables = UnitTable.objects.annotate(value_count=Count("values_of"))
    return tables.order_by("-from_date", "-pk")


def values_of(table: UnitTable) -> QuerySet[UnitValue]:
    """Return a table's values: procedures by code, then kinds."""
    rows = UnitValue.objects.filter(table=table).select_related("procedure")
    return rows.order_by("procedure__code", "modality", "body_part", "pk")


def subject_of(table: UnitTable) -> Subject:
    """Return whose history the table's page shows."""
    return Subject("catalog_unittable", str(table.pk), {"catalog_unitvalue": "table_id"})
