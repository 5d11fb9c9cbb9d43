"""Takes workload weights from a file that a site brings: any table with a code and a weight.

Such files differ. Some have ten rows of title and licence above the headings, and headings that
run over several rows (``WORK`` above ``RVU``); some list a code once for each modifier; most
hold thousands of codes that the department does not use. So the columns are guessed, and shown
to be chosen; a code finds its procedure by the procedure's own code or by a local code; what no
procedure has is counted and left alone. No such table comes with the product.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from apps.catalog.exceptions import CellError, FileError
from apps.catalog.services.importing.cells import checked, read_rvu
from apps.catalog.services.importing.formulas import restored
from apps.catalog.services.importing.known import Known, ProcedureValues
from apps.catalog.services.importing.plans import Plan, PlannedRow, RefusedCell
from apps.catalog.services.importing.sheets import MOST_ROWS, Row, Sheet, column_letter

_LOOKED_AT = 40
_HEADING_ROWS = 5
_CODES = re.compile(r"\b(HCPCS|CPT|PROCEDURE CODE|EXAM CODE|ITEM|CODE)\b")
_WEIGHTS = (
    re.compile(r"\bWORK ?RVUS?\b|\bWRVUS?\b"),
    re.compile(r"\bTOTAL\b.*\bRVUS?\b|\bRVUS? TOTAL\b"),
    re.compile(r"\bRVUS?\b"),
    re.compile(r"\bWEIGHT\b|\bPOINTS\b|\bUNITS\b"),
)
_MODIFIERS = re.compile(r"\bMOD(IFIER)?S?\b")
_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,15})?")
ALL_SENDERS = ""
ANY_SENDER = "*"
PROFESSIONAL = "26"
"""The modifier of what the reader does, without the machine: the weight of a reading."""
_MOST_MODIFIERS = 30


@dataclass(frozen=True, slots=True)
class Choice:
    """Where an RVU file keeps what, and which of its rows count.

    Attributes:
        first: the number of the first row below the headings.
        code: the column of the code.
        rvu: the column of the weight.
        modifier: the column of the modifier; None where there is none.
        preferred: the modifier that counts; a code without a row of it takes the one without
            any.
        issuer: whose local codes the codes are: ALL_SENDERS takes those without an issuer,
            ANY_SENDER everybody's.
    """

    first: int
    code: int
    rvu: int
    modifier: int | None = None
    preferred: str = PROFESSIONAL
    issuer: str = ALL_SENDERS

    def stored(self) -> dict[str, Any]:
        """Return the choice as JSON."""
        return asdict(self)

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Choice:
        """Return the choice that was stored."""
        return cls(**stored)


def guess(sheet: Sheet) -> Choice:
    """Return where the file most probably keeps code, weight and modifier.

    Raises:
        FileError: it has fewer than two columns, or too many rows.
    """
    if max(len(row.cells) for row in sheet.rows) < 2:
        raise FileError("The file has one column. It needs one of codes and one of weights.")
    found = _with_headings(sheet) or _without_headings(sheet)
    if sum(row.number >= found.first for row in sheet.rows) > MOST_ROWS:
        raise FileError(f"The file has more than {MOST_ROWS:,} rows. Divide it.")
    return found


def headings(sheet: Sheet, first: int) -> list[str]:
    """Return what each column is called: its letter, and its heading over however many rows."""
    above = [row for row in sheet.rows if first - _HEADING_ROWS <= row.number < first]
    # A title stands alone in the first column; it is nobody's heading.
    above = [row for row in above if any(row.cells[1:])]
    width = max(len(row.cells) for row in sheet.rows)
    names = (" ".join(filter(None, (row.cell(at) for row in above))) for at in range(width))
    return [f"{column_letter(at)} {name[:60]}".rstrip() for at, name in enumerate(names)]


def modifiers(sheet: Sheet, choice: Choice) -> list[str]:
    """Return the modifiers of the file, the most frequent first."""
    if choice.modifier is None:
        return []
    found = Counter(_modifier(row, choice) for row in _rows(sheet, choice))
    return [word for word, _ in found.most_common(_MOST_MODIFIERS) if word]


def plan_rvu(sheet: Sheet, choice: Choice, known: Known) -> Plan:
    """Return which weights of procedures the file would change."""
    preferred, passed = _preferred(_rows(sheet, choice), choice)
    find = _Finder(known, choice.issuer)
    found: defaultdict[int, list[Row]] = defaultdict(list)
    refused: list[RefusedCell] = []
    unmatched = 0
    for row in preferred:
        procedures = find.procedures(_code(row, choice))
        unmatched += not procedures
        if len(procedures) == 1:
            found[procedures[0]["id"]].append(row)
        elif procedures:
            codes = " and ".join(str(one["code"]) for one in procedures)
            refused.append(_refusal(row, choice, "code", f"means {codes}."))
    changed, same, wrong = _changes(found, choice, known)
    return Plan(
        changed=sorted(changed, key=lambda row: row.number),
        refused=sorted([*refused, *wrong], key=lambda cell: cell.number),
        unchanged=same,
        notes=_notes(unmatched, passed, len(known.procedures) - len(found)),
    )


class _Finder:
    """Finds procedures by the codes of a file."""

    def __init__(self, known: Known, issuer: str) -> None:
        self._known = known
        self._by_local: defaultdict[str, dict[int, ProcedureValues]] = defaultdict(dict)
        for alias in known.aliases.values():
            if issuer in (ANY_SENDER, alias.code[0]) or not alias.code[0]:
                owner = known.procedures[alias.procedure_id]
                self._by_local[alias.code[2].upper()][owner["id"]] = owner

    def procedures(self, code: str) -> Sequence[ProcedureValues]:
        """Return the procedures of a code; a local code counts before a procedure's own."""
        found = self._by_local.get(code.upper())
        if found:
            return list(found.values())
        own = self._known.procedure(code)
        return [own] if own is not None else []


def _changes(
    found: Mapping[int, Sequence[Row]], choice: Choice, known: Known
) -> tuple[list[PlannedRow], int, list[RefusedCell]]:
    changed: list[PlannedRow] = []
    wrong: list[RefusedCell] = []
    same = 0
    for key, rows in found.items():
        weights, errors = _weights(rows, choice)
        wrong += errors
        if len(set(weights)) > 1:
            wrong += [_other_weight(row, rows, choice) for row in rows]
        elif weights and not errors:
            changes = _change(rows[0].number, known.procedures[key], weights[0])
            changed += changes
            same += not changes
    return changed, same, wrong


def _weights(rows: Sequence[Row], choice: Choice) -> tuple[list[Decimal], list[RefusedCell]]:
    weights, errors = [], []
    for row in rows:
        text = row.cell(choice.rvu)
        if not text:
            errors.append(_refusal(row, choice, "rvu", "is missing."))
            continue
        try:
            weights.append(read_rvu(restored(checked(text))))
        except CellError as error:
            errors.append(_refusal(row, choice, "rvu", str(error)))
    return weights, errors


def _change(number: int, procedure: ProcedureValues, weight: Decimal) -> list[PlannedRow]:
    if procedure["rvu"] == weight:
        return []
    return [
        PlannedRow(
            number=number,
            code=procedure["code"],
            description=procedure["description"],
            values={"rvu": weight},
            before={"rvu": procedure["rvu"]},
            id=procedure["id"],
        )
    ]


def _other_weight(row: Row, rows: Sequence[Row], choice: Choice) -> RefusedCell:
    others = ", ".join(str(other.number) for other in rows[:6] if other is not row)
    return _refusal(row, choice, "rvu", f"differs from row {others}, of the same procedure.")


def _refusal(row: Row, choice: Choice, column: str, why: str) -> RefusedCell:
    at = choice.code if column == "code" else choice.rvu
    return RefusedCell(row.number, _code(row, choice)[:24], f"column {column_letter(at)}", why)


def _preferred(rows: Iterable[Row], choice: Choice) -> tuple[list[Row], int]:
    """Return the rows that count, and how many were passed over for their modifier."""
    if choice.modifier is None:
        return [row for row in rows if _code(row, choice)], 0
    of_code: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if code := _code(row, choice).upper():
            of_code[code].append(row)
    taken: list[Row] = []
    for same in of_code.values():
        for wanted in dict.fromkeys((choice.preferred, "")):
            fitting = [row for row in same if _modifier(row, choice) == wanted]
            if fitting:
                taken += fitting
                break
    return taken, sum(map(len, of_code.values())) - len(taken)


def _rows(sheet: Sheet, choice: Choice) -> Iterable[Row]:
    return (row for row in sheet.rows if row.number >= choice.first)


def _code(row: Row, choice: Choice) -> str:
    return restored(row.cell(choice.code))


def _modifier(row: Row, choice: Choice) -> str:
    return row.cell(choice.modifier).upper()


def _notes(unmatched: int, passed: int, missing: int) -> list[str]:
    found = (
        (unmatched, "row has a code", "rows have codes", "that no procedure has."),
        (passed, "row has", "rows have", "another modifier."),
        (missing, "procedure is", "procedures are", "not in the file and left alone."),
    )
    return [
        f"{number:,} {one if number == 1 else many} {words}"
        for number, one, many, words in found
        if number
    ]


def _with_headings(sheet: Sheet) -> Choice | None:
    """Return the columns of the first row in which one is called a code and one a weight."""
    for row in sheet.rows[:_LOOKED_AT]:
        own = [cell.upper() for cell in row.cells]
        code = next((at for at, cell in enumerate(own) if _CODES.search(cell)), None)
        if code is None:
            continue
        names = [name.upper() for name in headings(sheet, row.number + 1)]
        weight = _weight_column(names, other_than=code)
        if weight is not None:
            modifier = (at for at, cell in enumerate(own) if _MODIFIERS.search(cell))
            return Choice(row.number + 1, code, weight, next(modifier, None))
    return None


def _weight_column(names: Sequence[str], *, other_than: int) -> int | None:
    for pattern in _WEIGHTS:
        for at, name in enumerate(names):
            if at != other_than and pattern.search(name):
                return at
    return None


def _without_headings(sheet: Sheet) -> Choice:
    """Return the column with the most numbers with a point as the weight, and another as code."""
    rows = sheet.rows[: _LOOKED_AT * 5]
    width = max(len(row.cells) for row in rows)
    numbers = [sum(bool(_NUMBER.fullmatch(row.cell(at))) for row in rows) for at in range(width)]
    points = [
        sum("." in row.cell(at) or "," in row.cell(at) for row in rows) for at in range(width)
    ]
    weight = max(range(width), key=lambda at: (bool(numbers[at]) and points[at], numbers[at], at))
    code = 0 if weight else 1
    is_number = [bool(_NUMBER.fullmatch(row.cell(weight))) for row in rows]
    first = rows[is_number.index(True)].number if any(is_number) else rows[0].number + 1
    return Choice(first, code, weight)
