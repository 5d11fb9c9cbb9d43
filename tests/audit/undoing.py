"""What the tests of undoing many rows share: two people, a change, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Model

from apps.audit.services.undo import undo
from apps.catalog.models import Cluster, Procedure, ProcedureAlias, Site
from apps.core.access import FULL_ACCESS, Access
from apps.core.actor import Actor, acting_as
from apps.roster.models import Radiologist, RosterAssignment, Shift, ShiftSite

ANN, BOB = Actor("user", "ann"), Actor("user", "bob")
_TABLES: Sequence[type[Model]] = (
    *(Cluster, Site, Procedure, ProcedureAlias),
    *(Shift, ShiftSite, Radiologist, RosterAssignment),
)


def take_back(request_id: str = "r1", *, access: Access = FULL_ACCESS) -> int:
    with acting_as(ANN, f"undo of {request_id}"):
        return undo(request_id, actor=str(ANN), access=access)


def add(number: int, request_id: str = "r1", first: int = 0) -> None:
    """Add procedures with two local codes each, as an import does."""
    with acting_as(ANN, request_id):
        rows = Procedure.objects.bulk_create(
            Procedure(code=f"P{n:04}", description="CT head", modality="CT")
            for n in range(first, first + number)
        )
        ProcedureAlias.objects.bulk_create(
            ProcedureAlias(procedure=row, local_code=f"{row.code}-{part}")
            for row in rows
            for part in "AB"
        )


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table.__name__: list(table._base_manager.order_by("pk").values()) for table in _TABLES}
