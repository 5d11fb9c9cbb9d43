"""What an import would do, before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from apps.audit.services.undo import MOST_UNDONE
from apps.catalog.services.aliases import LocalCode
from apps.catalog.services.importing.columns import HEADINGS
from apps.catalog.services.importing.known import KnownAlias
from apps.catalog.services.importing.localcodes import cell_of

_LABELS: Mapping[str, str] = {
    **{name: heading[0].upper() + heading[1:] for name, heading in HEADINGS.items()},
    "rvu": "RVU",
}


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after, in words; empty where there is nothing."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A procedure that would be added, or changed.

    Attributes:
        number: the row of the file.
        code: the procedure's code, as the table has it.
        description: what it is, as it would be afterwards.
        values: the columns that would be written.
        before: the same columns as they are; empty for a new one.
        id: the procedure's key; None for a new one.
        added: local codes it would get.
        removed: local codes it would lose.
    """

    number: int
    code: str
    description: str
    values: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    id: int | None = None
    added: Sequence[LocalCode] = ()
    removed: Sequence[KnownAlias] = ()

    @property
    def changes(self) -> Sequence[FieldChange]:
        """Return in words what would change; made when asked, since a page shows few rows.

        The code never changes, and of a new procedure only what it has is told.
        """
        found = [
            FieldChange(_LABELS[name], _words(self.before.get(name, "")), _words(value))
            for name, value in self.values.items()
            if name != "code" and (value or self.id is not None)
        ]
        gone = cell_of(alias.code for alias in self.removed)
        found.append(FieldChange("Local codes", gone, cell_of(self.added)))
        return [change for change in found if change.old or change.new]


@dataclass(frozen=True, slots=True)
class RefusedCell:
    """A cell because of which its row is left out; ``why`` goes on from its heading."""

    number: int
    code: str
    heading: str
    why: str


@dataclass(frozen=True)
class Plan:
    """What would be done with each row of a file.

    Attributes:
        new: procedures that would be added.
        changed: procedures that would be changed.
        refused: cells that keep their rows out, in the order of the file.
        unchanged: how many rows say what the table says already.
        notes: what else was left aside, in words, with numbers.
        unused: headings of columns that nothing is known to do with.
    """

    new: Sequence[PlannedRow] = ()
    changed: Sequence[PlannedRow] = ()
    refused: Sequence[RefusedCell] = ()
    unchanged: int = 0
    notes: Sequence[str] = ()
    unused: Sequence[str] = field(default=())

    @cached_property
    def refused_rows(self) -> int:
        """Return how many rows are left out."""
        return len({cell.number for cell in self.refused})

    @cached_property
    def written(self) -> int:
        """Return how many rows of tables, and so of the trail, would be written."""
        planned = (*self.new, *self.changed)
        codes = sum(len(row.added) + len(row.removed) for row in planned)
        return len(self.new) + sum(bool(row.values) for row in self.changed) + codes

    @property
    def can_be_undone(self) -> bool:
        """Return whether Undo could take all of it back."""
        return self.written <= MOST_UNDONE

    @cached_property
    def digest(self) -> str:
        """Return what is the same only if the same would be written over the same."""
        said = repr((self.new, self.changed)).encode()
        return hashlib.sha256(said).hexdigest()[:32]


def _words(value: object) -> str:
    """Return a value as the preview shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    return f"{value:.2f}" if isinstance(value, Decimal) else str(value)
