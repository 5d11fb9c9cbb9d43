"""What a row of a file changes of the procedure that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

from apps.catalog.choices import ImportMode, UrgencyChoices
from apps.catalog.services.aliases import LocalCode
from apps.catalog.services.importing.columns import Columns
from apps.catalog.services.importing.known import COLUMNS, Known, KnownAlias, ProcedureValues
from apps.catalog.services.importing.localcodes import key_of
from apps.catalog.services.importing.plans import PlannedRow

_USUAL: Mapping[str, Any] = {
    "body_part": "",
    "subspecialty": "",
    "rvu": Decimal("1.00"),
    "turnaround_minutes": 30,
    "default_urgency": UrgencyChoices.ROUTINE.value,
    "required_credentials": (),
    "required_subspecialty": "",
    "is_sensitive": False,
}
"""What a new procedure has where the file says nothing."""
_CAN_BE_EMPTY = frozenset(
    {"body_part", "subspecialty", "required_credentials", "required_subspecialty"}
)


class Said(Protocol):
    """A row of a file: its number, its code, and a value for each cell that is not empty."""

    number: int
    code: str
    values: dict[str, Any]

    @property
    def codes(self) -> Sequence[LocalCode]:
        """Return the local codes that the row names."""


def fresh(said: Said) -> PlannedRow:
    """Return the procedure that a row would add."""
    values = {name: said.values.get(name, _USUAL.get(name)) for name in COLUMNS}
    return PlannedRow(
        number=said.number,
        code=said.code,
        description=str(values["description"]),
        values=values,
        added=said.codes,
    )


def compared(
    said: Said, existing: ProcedureValues, columns: Columns, mode: ImportMode, known: Known
) -> PlannedRow | None:
    """Return how a row would change its procedure, None if not at all."""
    values = _changed(said, existing, columns, mode)
    added, removed = _local_codes(said, known.aliases_of.get(existing["id"], ()), columns, mode)
    if not values and not added and not removed:
        return None
    return PlannedRow(
        number=said.number,
        code=existing["code"],
        description=str(values.get("description", existing["description"])),
        values=values,
        before={name: existing[name] for name in values},
        id=existing["id"],
        added=added,
        removed=removed,
    )


def _changed(
    said: Said, existing: ProcedureValues, columns: Columns, mode: ImportMode
) -> dict[str, Any]:
    """Return the values that differ; the code itself never does, since it found the procedure."""
    found = {}
    for name in COLUMNS[1:]:
        empties = mode is ImportMode.EXACT and name in columns.places and name in _CAN_BE_EMPTY
        if name not in said.values and not empties:
            continue
        value = said.values.get(name, _USUAL.get(name))
        old = existing[name]
        if value != (tuple(old) if isinstance(old, list) else old):
            found[name] = value
    return found


def _local_codes(
    said: Said, present: Sequence[KnownAlias], columns: Columns, mode: ImportMode
) -> tuple[Sequence[LocalCode], Sequence[KnownAlias]]:
    """Return the local codes to add, and those to take away."""
    if "aliases" not in columns.places:
        return (), ()
    there = {key_of(alias.code) for alias in present}
    wanted = {key_of(code) for code in said.codes}
    added = [code for code in said.codes if key_of(code) not in there]
    if mode is not ImportMode.EXACT:
        return added, ()
    return added, [alias for alias in present if key_of(alias.code) not in wanted]
