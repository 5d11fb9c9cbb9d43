"""Where a table keeps what: found by its headings, or chosen by hand.

Three shapes are known: a line for each turn; people down and dates across; shifts down and dates
across. In the last two a cell says what is done on the date, or by whom.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

from apps.catalog.services.importing.sheets import Row, Sheet, column_letter
from apps.roster.importing.dates import DateOrder, date_part, is_dateish, needs_order, orders

_LOOKED_AT = 25
_FEWEST_DATES = 3


class Shape(StrEnum):
    """How a table is laid out."""

    LINES = "lines"
    PEOPLE_DOWN = "people"
    SHIFTS_DOWN = "shifts"


class Column(StrEnum):
    """What a column may hold."""

    PERSON = "person"
    GIVEN = "given"
    FAMILY = "family"
    EMAIL = "email"
    SHIFT = "shift"
    DATE = "date"
    END_DATE = "end_date"
    START = "start"
    END = "end"
    STATUS = "status"


COLUMN_WORDS: Mapping[Column, str] = {
    Column.PERSON: "Person",
    Column.GIVEN: "Given name",
    Column.FAMILY: "Family name",
    Column.EMAIL: "E-mail address",
    Column.SHIFT: "Shift",
    Column.DATE: "Date, or first date",
    Column.END_DATE: "Last date",
    Column.START: "Start (time, or date and time)",
    Column.END: "End (time, or date and time)",
    Column.STATUS: "Status (cancelled ones are left out)",
}

_HEADINGS: Mapping[Column, str] = {
    Column.PERSON: "person name radiologist radiologistid radiologistname doctor dr reader staff "
    "staffname employee employeename employeeid physician provider providername consultant who "
    "resource assignee user username id personid",
    Column.GIVEN: "givenname firstname forename given first",
    Column.FAMILY: "familyname lastname surname family last",
    Column.EMAIL: "email emailaddress mail",
    Column.SHIFT: "shift shiftcode shiftname code role duty assignment service task activity "
    "roster rota worktype template",
    Column.DATE: "date day startdate fromdate shiftdate on firstdate firstday datefrom",
    Column.END_DATE: "enddate todate lastdate lastday dateto untildate",
    Column.START: "start starttime from begin begins timefrom starts startdatetime shiftstart",
    Column.END: "end endtime to until finish finishtime ends timeto stop enddatetime shiftend",
    Column.STATUS: "status state",
}
_COLUMNS = {word: column for column, words in _HEADINGS.items() for word in words.split()}


@dataclass(frozen=True)
class Layout:
    """How a table is read.

    Attributes:
        shape: how it is laid out.
        head: the place of the row with the headings or dates among the sheet's rows.
        columns: where each is; of a matrix only the names' column (person or shift).
        order: of dates all in numbers; None where none is needed, or it must be asked.
    """

    shape: Shape = Shape.LINES
    head: int = 0
    columns: Mapping[Column, int] = field(default_factory=dict)
    order: DateOrder | None = None

    def stored(self) -> dict[str, Any]:
        """Return it as the source keeps it."""
        return {
            "shape": self.shape.value,
            "head": self.head,
            "columns": {column.value: at for column, at in self.columns.items()},
            "order": self.order.value if self.order else "",
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Self:
        """Return what ``stored`` made."""
        columns = {Column(name): int(at) for name, at in stored.get("columns", {}).items()}
        order = stored.get("order")
        return cls(
            Shape(stored.get("shape", Shape.LINES)),
            int(stored.get("head", 0)),
            columns,
            DateOrder(order) if order else None,
        )

    @property
    def lacks(self) -> str:
        """Return what is missing to read the table at all, in words; empty if nothing is."""
        has = self.columns.__contains__
        if self.shape is not Shape.LINES:
            return ""
        if not any(map(has, (Column.PERSON, Column.FAMILY, Column.EMAIL))):
            return "Say which column names the person."
        if not has(Column.DATE) and not has(Column.START):
            return "Say which column has the date, or the start."
        return ""


def guess(sheet: Sheet) -> Layout:
    """Return how the table is most likely laid out."""
    matrix = _matrix(sheet)
    layout = matrix if matrix is not None else _lines(sheet)
    return with_order(sheet, layout)


def with_order(sheet: Sheet, layout: Layout) -> Layout:
    """Return the layout with the one order in which all of its dates are dates, if one is."""
    texts = date_texts(sheet, layout)
    fitting = orders(texts)
    order = next(iter(fitting)) if len(fitting) == 1 else None
    return Layout(layout.shape, layout.head, layout.columns, order)


def is_ambiguous(sheet: Sheet, layout: Layout) -> bool:
    """Return whether somebody must say which comes first, the day or the month."""
    return layout.order is None and needs_order(date_texts(sheet, layout))


def date_texts(sheet: Sheet, layout: Layout) -> list[str]:
    """Return the texts of the table that may be dates."""
    if layout.shape is not Shape.LINES:
        return list(sheet.rows[layout.head].cells) if layout.head < len(sheet.rows) else []
    wanted = (Column.DATE, Column.END_DATE, Column.START, Column.END)
    places = [layout.columns[column] for column in wanted if column in layout.columns]
    rows = sheet.rows[layout.head + 1 :]
    return [date_part(row.cell(at)) for row in rows for at in places]


def column_names(sheet: Sheet, head: int) -> list[tuple[int, str]]:
    """Return the columns with their headings, to choose from."""
    if head >= len(sheet.rows):
        return []
    width = max(len(row.cells) for row in sheet.rows[: head + 50])
    return [(at, sheet.rows[head].cell(at) or f"column {at + 1}") for at in range(width)]


def repeated(sheet: Sheet, layout: Layout) -> list[str]:
    """Return of which columns only one is read, though others are headed alike, in words."""
    if layout.shape is not Shape.LINES:
        return []
    alike: dict[Column | None, list[str]] = {}
    for at, cell in enumerate(sheet.rows[layout.head].cells):
        alike.setdefault(_COLUMNS.get(plain(cell)), []).append(column_letter(at))
    return [
        f"Columns {' and '.join(alike[column])} are headed alike; column {column_letter(at)} "
        f"is read as: {COLUMN_WORDS[column]}."
        for column, at in layout.columns.items()
        if len(alike.get(column, ())) > 1
    ]


def plain(text: str) -> str:
    """Return a heading by its letters alone."""
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def _lines(sheet: Sheet) -> Layout:
    best: dict[Column, int] = {}
    best_head = 0
    for at, row in enumerate(sheet.rows[:_LOOKED_AT]):
        found = _headings(row)
        if len(found) > len(best):
            best, best_head = found, at
    return Layout(Shape.LINES, best_head, best)


def _headings(row: Row) -> dict[Column, int]:
    found: dict[Column, int] = {}
    for at, cell in enumerate(row.cells):
        column = _COLUMNS.get(plain(cell))
        if column is not None:
            found.setdefault(column, at)
    return found


def _matrix(sheet: Sheet) -> Layout | None:
    """Return the layout of a table with dates across, None if no row has several dates."""
    for at, row in enumerate(sheet.rows[:_LOOKED_AT]):
        dated = [place for place, cell in enumerate(row.cells) if cell and is_dateish(cell)]
        if len(dated) >= _FEWEST_DATES and len(dated) * 2 > sum(map(bool, row.cells)):
            names = max(dated[0] - 1, 0)
            return _down(sheet, at, _names_column(sheet.rows[at + 1 :], dated[0], names))
    return None


def _names_column(rows: Sequence[Row], before: int, otherwise: int) -> int:
    """Return the column before the dates in which most rows say something, and most of all.

    A team that is merged beside its people says the same of each.
    """
    texts = [[text for row in rows if (text := row.cell(at))] for at in range(before)]
    filled = [(len(found), len({*found})) for found in texts]
    most = max(filled, default=(0, 0))
    return filled.index(most) if most[0] else otherwise


def _down(sheet: Sheet, head: int, names: int) -> Layout:
    """Tell people from shifts by the heading; whether cells are codes is seen with what is known."""
    column = _COLUMNS.get(plain(sheet.rows[head].cell(names)), Column.PERSON)
    if column is Column.SHIFT:
        return Layout(Shape.SHIFTS_DOWN, head, {Column.SHIFT: names})
    return Layout(Shape.PEOPLE_DOWN, head, {Column.PERSON: names})
