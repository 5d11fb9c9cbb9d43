"""Compares a procedure file with the procedure table: what is new, changed, the same, refused.

Rows are read first, each by itself. Then those that get in each other's way are refused, all of
them: which of two rows with one code is meant, nobody can say but who made the file. What is
left is compared with the table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.catalog.choices import ImportMode
from apps.catalog.exceptions import CellError
from apps.catalog.services.aliases import LocalCode
from apps.catalog.services.importing.cells import READERS, checked
from apps.catalog.services.importing.columns import HEADINGS, Columns, find_columns
from apps.catalog.services.importing.comparing import compared, fresh
from apps.catalog.services.importing.formulas import restored
from apps.catalog.services.importing.known import Known, ProcedureValues
from apps.catalog.services.importing.localcodes import code_words, key_of
from apps.catalog.services.importing.plans import Plan, PlannedRow, RefusedCell
from apps.catalog.services.importing.sheets import Row, Sheet

_NEEDED = ("description", "modality")
_NAMED = 5


@dataclass(slots=True)
class Entry:
    """A row of the file, read: its values by field; fields without a text are not among them."""

    number: int
    code: str
    values: dict[str, Any]
    existing: ProcedureValues | None = None
    refused: list[RefusedCell] = field(default_factory=list)

    @property
    def codes(self) -> Sequence[LocalCode]:
        """Return the local codes that the row names."""
        found: Sequence[LocalCode] = self.values.get("aliases", ())
        return found

    def refuse(self, heading: str, why: str) -> None:
        """Leave the row out."""
        self.refused.append(RefusedCell(self.number, self.code, heading, why))


def plan_import(sheet: Sheet, mode: ImportMode, known: Known) -> Plan:
    """Return what the file would do to the procedure table.

    Raises:
        FileError: the file has no columns of procedures.
    """
    columns = find_columns(sheet)
    entries = [_entry(row, columns) for row in columns.rows]
    for entry in entries:
        entry.existing = known.procedure(entry.code)
    left, notes = _not_there_yet(entries, mode)
    _refuse_incomplete(left, columns)
    _refuse_repeated(left, columns)
    _refuse_taken_codes(left, columns, known)
    return _plan(left, notes, columns, mode, known)


def _plan(
    entries: Sequence[Entry],
    notes: Sequence[str],
    columns: Columns,
    mode: ImportMode,
    known: Known,
) -> Plan:
    taken = [entry for entry in entries if not entry.refused]
    changed: list[PlannedRow] = []
    unchanged = 0
    for entry in taken:
        if entry.existing is not None:
            row = compared(entry, entry.existing, columns, mode, known)
            unchanged += row is None
            changed += [row] if row is not None else []
    return Plan(
        new=[fresh(entry) for entry in taken if entry.existing is None],
        changed=changed,
        refused=[cell for entry in entries for cell in entry.refused],
        unchanged=unchanged,
        notes=notes,
        unused=columns.unused,
    )


def _entry(row: Row, columns: Columns) -> Entry:
    entry = Entry(row.number, restored(row.cell(columns.places["code"])), {})
    for name, at in columns.places.items():
        text = row.cell(at)
        if not text:
            continue
        try:
            entry.values[name] = READERS[name](restored(checked(text)))
        except CellError as error:
            entry.refuse(columns.headings[name], str(error))
    entry.code = entry.values.get("code", entry.code[:24])
    return entry


def _not_there_yet(
    entries: Sequence[Entry], mode: ImportMode
) -> tuple[Sequence[Entry], Sequence[str]]:
    """Return the entries that count; where only new ones are added the others are passed over."""
    if mode is not ImportMode.ADD:
        return entries, ()
    left = [entry for entry in entries if entry.existing is None]
    passed = len(entries) - len(left)
    return left, (_count(passed, "row is", "rows are") + " there already and left alone.",)[
        :passed
    ]


def _refuse_incomplete(entries: Iterable[Entry], columns: Columns) -> None:
    for entry in entries:
        wrong = {cell.heading for cell in entry.refused}
        if "code" not in entry.values and columns.headings["code"] not in wrong:
            entry.refuse(columns.headings["code"], "is missing.")
        elif entry.existing is None:
            for name in _NEEDED:
                heading = columns.headings.get(name, HEADINGS[name])
                if name not in entry.values and heading not in wrong:
                    entry.refuse(heading, "is missing; a new procedure needs one.")


def _refuse_repeated(entries: Iterable[Entry], columns: Columns) -> None:
    rows: defaultdict[object, list[Entry]] = defaultdict(list)
    for entry in entries:
        if "code" in entry.values:
            rows[entry.existing["id"] if entry.existing else entry.code.upper()].append(entry)
    for same in rows.values():
        for entry in same if len(same) > 1 else ():
            entry.refuse(columns.headings["code"], f"“{entry.code}” {_too(same, entry)}")


def _refuse_taken_codes(entries: Iterable[Entry], columns: Columns, known: Known) -> None:
    claims: defaultdict[LocalCode, list[Entry]] = defaultdict(list)
    for entry in entries:
        for code in entry.codes:
            claims[key_of(code)].append(entry)
    for key, claiming in claims.items():
        owner = known.aliases.get(key)
        for entry in claiming:
            own = entry.existing["id"] if entry.existing else None
            if len(claiming) > 1:
                why = _too(claiming, entry)
            elif owner is not None and owner.procedure_id != own:
                why = (
                    f"means the procedure {known.procedures[owner.procedure_id]['code']} already."
                )
            else:
                continue
            entry.refuse(columns.headings["aliases"], f"“{code_words(key)}” {why}")


def _too(same: Sequence[Entry], entry: Entry) -> str:
    """Return which other rows say the same as an entry."""
    others = sorted({other.number for other in same} - {entry.number})
    more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
    named = ", ".join(map(str, others[:_NAMED]))
    return f"stands in row{'s' * (len(others) > 1)} {named}{more} too."


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
