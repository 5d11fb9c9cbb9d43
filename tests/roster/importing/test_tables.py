"""What tables say, however they are laid out."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from apps.catalog.services.importing.files import read_sheet
from apps.roster.exceptions import RosterImportError
from apps.roster.importing import layouts
from apps.roster.importing.dates import DateOrder, read_date, read_hours, read_moment
from apps.roster.importing.entries import Entry, Problem, Reading
from apps.roster.importing.layouts import Column, Layout, Shape
from apps.roster.importing.tables import Manner, read_table
from tests.catalog.sheets import xlsx_of

_TODAY = date(2026, 2, 3)


def read(data: bytes, layout: Layout | None = None) -> Reading:
    sheet = read_sheet(data, most_columns=420)
    return read_table(sheet, Manner(layout or layouts.guess(sheet), "Australia/Brisbane", _TODAY))


def lines(*rows: str) -> bytes:
    return "\r\n".join(rows).encode()


def days(where: str, person: str, shift: str, first: str, last: str = "") -> Entry:
    on = date.fromisoformat(first)
    return Entry(where, (person,), shift, on, date.fromisoformat(last) if last else on)


def test_a_line_for_each_day() -> None:
    found = read(lines("Radiologist,Shift,Date", "Dr Lee,MRI1,2026-02-09", "Dr Wu,CT,9 Feb 2026"))
    assert found.entries == [
        days("row 2", "Dr Lee", "MRI1", "2026-02-09"),
        days("row 3", "Dr Wu", "CT", "2026-02-09"),
    ]
    assert (found.first_on, found.last_on) == (date(2026, 2, 9), date(2026, 2, 9))


def test_a_line_for_several_days_and_an_export_of_ours() -> None:
    found = read(
        lines(
            "shift,radiologist,start_date,end_date,status",
            "MRI1,DR_LEE,2026-02-09,2026-02-13,active",
            "MRI1,DR_WU,2026-02-09,,active",
            "MRI1,DR_NO,2026-02-09,,cancelled",
        )
    )
    assert found.entries == [
        days("row 2", "DR_LEE", "MRI1", "2026-02-09", "2026-02-13"),
        days("row 3", "DR_WU", "MRI1", "2026-02-09"),
    ]


def test_hours_are_on_the_clock_of_the_source_and_nights_end_on_the_next_day() -> None:
    found = read(lines("Name;Code;Day;From;To", "Lee;NIGHT;09.02.2026;22:00;06:00"))
    assert found.entries == []
    assert [problem.why for problem in found.problems] == ["Column C: “09.02.2026” is no date."]
    sheet = read_sheet(lines("Name;Code;Day;From;To", "Lee;NIGHT;13.02.2026;22:00;06:00"))
    found = read_table(sheet, Manner(layouts.guess(sheet), "Australia/Brisbane", _TODAY))
    assert found.entries == [
        Entry(
            "row 2",
            ("Lee",),
            "NIGHT",
            start_at=datetime(2026, 2, 13, 12, tzinfo=UTC),
            end_at=datetime(2026, 2, 13, 20, tzinfo=UTC),
        )
    ]


def test_start_and_end_hold_dates_and_times_in_one() -> None:
    found = read(lines("person,shift,start,end", "Lee,CT,2026-02-09 08:00,2026-02-09T16:00:00"))
    assert [(entry.start_at, entry.end_at) for entry in found.entries] == [
        (datetime(2026, 2, 8, 22, tzinfo=UTC), datetime(2026, 2, 9, 6, tzinfo=UTC))
    ]


def test_given_and_family_names_in_two_columns_and_an_address_beside_them() -> None:
    found = read(lines("Surname,First name,Email,Shift,Date", "Lee,Ann,a@x.org,CT,2026-02-09"))
    assert found.entries[0].people == ("Ann Lee", "a@x.org")


def test_people_down_and_dates_across() -> None:
    found = read(
        lines(
            "February,,,,",
            "Name,Team,Mon 9 Feb,Tue 10 Feb,Wed 11 Feb",
            "Ann Lee,A,MRI1,-,MRI1 + CT",
            "Bo Wu,A,,08:00-16:00,OFF",
        )
    )
    assert found.entries == [
        days("cell C3", "Ann Lee", "MRI1", "2026-02-09"),
        days("cell E3", "Ann Lee", "MRI1", "2026-02-11"),
        days("cell E3", "Ann Lee", "CT", "2026-02-11"),
        Entry(
            "cell D4",
            ("Bo Wu",),
            "",
            start_at=datetime(2026, 2, 9, 22, tzinfo=UTC),
            end_at=datetime(2026, 2, 10, 6, tzinfo=UTC),
        ),
        days("cell E4", "Bo Wu", "OFF", "2026-02-11"),
    ]


def test_shifts_down_and_dates_across_of_a_workbook_with_real_dates() -> None:
    header = ["Shift", *(datetime(2026, 2, day) for day in (9, 10, 11))]  # noqa: DTZ001 -- Excel's
    found = read(xlsx_of(header, ["MRI1", "Ann Lee; Bo Wu", None, "Bo Wu"]))
    assert found.entries == [
        days("cell B2", "Ann Lee", "MRI1", "2026-02-09"),
        days("cell B2", "Bo Wu", "MRI1", "2026-02-09"),
        days("cell D2", "Bo Wu", "MRI1", "2026-02-11"),
    ]


def _book(*rows: list[object], merged: str = "", is_1904: bool = False) -> bytes:
    book = Workbook()
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for reference in merged.split():
        sheet.merge_cells(reference)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_week_that_is_drawn_as_one_merged_cell_is_a_turn_on_each_of_its_days() -> None:
    header: list[object] = ["Radiologist", *(datetime(2026, 12, day) for day in (1, 2, 3, 4, 5))]  # noqa: DTZ001 -- Excel's
    found = read(
        _book(
            header,
            ["Team Nuclear"],
            ["Ann Lee", "NUCLEAR", None, None, None, "CT"],
            ["Bo Wu", None, "CT"],
            merged="A2:F2 B3:E3",
        )
    )
    assert [
        (entry.people, entry.shift, entry.first_on.day)
        for entry in found.entries
        if entry.first_on
    ] == [
        *((("Ann Lee",), "NUCLEAR", day) for day in (1, 2, 3, 4)),
        (("Ann Lee",), "CT", 5),
        (("Bo Wu",), "CT", 2),
    ]
    assert found.problems == []


def test_a_date_over_two_lines_and_over_two_columns_is_that_of_both() -> None:
    lines_of = _book(
        ["Date", "Person", "Shift"],
        ["2026-12-01", "Lee", "AM"],
        [None, "Wu", "PM"],
        merged="A2:A3",
    )
    assert read(lines_of).entries == [
        days("row 2", "Lee", "AM", "2026-12-01"),
        days("row 3", "Wu", "PM", "2026-12-01"),
    ]
    across = _book(
        ["Team", "Person", "2026-12-01", None, "2026-12-02", None],
        ["All of them", "Lee", "AM", None, None, "PM"],
        [None, "Wu", None, "PM", "AM", None],
        merged="C1:D1 E1:F1 A2:A3",
    )
    assert read(across).entries == [
        days("cell C2", "Lee", "AM", "2026-12-01"),
        days("cell F2", "Lee", "PM", "2026-12-02"),
        days("cell D3", "Wu", "PM", "2026-12-01"),
        days("cell E3", "Wu", "AM", "2026-12-02"),
    ]


def test_days_since_1904_are_the_days_that_the_spreadsheet_shows() -> None:
    first, second = date(2026, 12, 1), date(2026, 12, 2)
    as_lines = _book(
        ["Person", "Shift", "Date"], [12345, "CT", first], [12345, "CT", second], is_1904=True
    )
    assert read(as_lines).entries == [
        days("row 2", "12345", "CT", "2026-12-01"),
        days("row 3", "12345", "CT", "2026-12-02"),
    ]
    across = _book(
        ["Person", first, second, date(2026, 12, 3)], ["Lee", "CT", None, "MR"], is_1904=True
    )
    assert read(across).entries == [
        days("cell B2", "Lee", "CT", "2026-12-01"),
        days("cell D2", "Lee", "MR", "2026-12-03"),
    ]
    moment = datetime(2026, 12, 1, 8)  # noqa: DTZ001 -- Excel's
    timed = read(
        _book(["Person", "Start", "End"], ["Lee", moment, moment.replace(hour=16)], is_1904=True)
    )
    assert [(entry.start_at, entry.end_at) for entry in timed.entries] == [
        (datetime(2026, 11, 30, 22, tzinfo=UTC), datetime(2026, 12, 1, 6, tzinfo=UTC))
    ]


def test_dates_that_two_orders_read_differently_are_asked_for() -> None:
    sheet = read_sheet(lines("person,shift,date", "Lee,CT,03/04/2026", "Lee,CT,05/04/2026"))
    layout = layouts.guess(sheet)
    assert (layout.order, layouts.is_ambiguous(sheet, layout)) == (None, True)


@pytest.mark.parametrize(
    ("other", "order"), [("13/04/2026", DateOrder.DAY), ("04/13/2026", DateOrder.MONTH)]
)
def test_one_date_that_only_one_order_can_read_settles_the_others(
    other: str, order: DateOrder
) -> None:
    sheet = read_sheet(lines("person,shift,date", "Lee,CT,03/04/2026", f"Lee,CT,{other}"))
    layout = layouts.guess(sheet)
    assert (layout.order, layouts.is_ambiguous(sheet, layout)) == (order, False)


def test_what_cannot_be_used_is_told_with_its_row_and_cause() -> None:
    found = read(
        lines(
            "person,shift,date,end date",
            ",CT,2026-02-09,",
            "Lee,CT,soon,",
            "Lee,,2026-02-09,",
            "Lee,CT,2026-02-09,2026-02-01",
            "Lee,CT,2026-02-09,2031-02-01",
        )
    )
    assert found.problems == [
        Problem("row 2", "No person is named."),
        Problem("row 3", "Column C: “soon” is no date."),
        Problem("row 4", "Neither a shift nor hours are named."),
        Problem("row 5", "The last date, 2026-02-01, lies before the first, 2026-02-09."),
        Problem("row 6", "From 2026-02-09 to 2031-02-01 is more than a year; divide it."),
    ]


def test_a_table_without_columns_that_are_known_asks_for_them() -> None:
    with pytest.raises(RosterImportError, match="Say which column names the person"):
        read(lines("a,b", "1,2"))
    layout = Layout(Shape.LINES, 0, {Column.PERSON: 0, Column.SHIFT: 1, Column.DATE: 2})
    found = read(lines("a,b,c", "Lee,CT,2026-02-09"), layout)
    assert found.entries == [days("row 2", "Lee", "CT", "2026-02-09")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-04", date(2026, 3, 4)),
        ("20260304", date(2026, 3, 4)),
        ("46085", date(2026, 3, 4)),
        ("46085.0", date(2026, 3, 4)),
        ("Wed 4 March 2026", date(2026, 3, 4)),
        ("4th Mar", date(2026, 3, 4)),
        ("Mar 4, 2026", date(2026, 3, 4)),
        ("04/03/26", date(2026, 3, 4)),
        ("30 Dec", date(2025, 12, 30)),
        ("31/02/2026", None),
        ("12345", None),
        ("May be", None),
    ],
)
def test_dates_as_people_write_them(text: str, expected: date | None) -> None:
    assert read_date(text, DateOrder.DAY, _TODAY) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("08:00-16:00", "08:00 16:00"),
        ("8-16", "08:00 16:00"),
        ("0800–1630", "08:00 16:30"),  # noqa: RUF001 -- as Excel makes it of a hyphen
        ("8 am to 4.30 pm", "08:00 16:30"),
        ("22:00 - 24:00", "22:00 00:00"),
        ("MRI-1", None),
        ("8-16-24", None),
        ("8-77", None),
    ],
)
def test_hours_as_people_write_them(text: str, expected: str | None) -> None:
    found = read_hours(text)
    assert (found and f"{found[0]:%H:%M} {found[1]:%H:%M}") == expected


def test_a_moment_of_a_spreadsheet_is_days_and_a_part_of_one() -> None:
    on, clock = read_moment("46085.3333333", None, _TODAY)
    assert (on, str(clock)) == (date(2026, 3, 4), "08:00:00")


@pytest.mark.parametrize(
    "row", ["Lee,CT,9999-12-30,9999-12-31", "Lee,CT,1979-12-31,", "Lee,CT,2101-01-01,"]
)
def test_dates_of_another_age_are_problems_of_their_row(row: str) -> None:
    found = read(lines("person,shift,date,end date", row, "Wu,CT,2026-02-09,"))
    assert [entry.people for entry in found.entries] == [("Wu",)]
    (problem,) = found.problems
    assert problem.where == "row 2"
    assert problem.why.endswith("is no date between 1980 and 2100.")


def test_a_moment_at_the_end_of_time_is_a_problem_of_its_row() -> None:
    found = read(lines("person,shift,start,end", "Lee,CT,9999-12-31 08:00,9999-12-31 07:00"))
    assert (found.entries, [problem.where for problem in found.problems]) == ([], ["row 2"])


def test_columns_that_are_headed_alike_are_told_and_the_first_is_read() -> None:
    found = read(lines("Person,Shift,Date,Shift", "Lee,CT,2026-02-09,MR"))
    assert [entry.shift for entry in found.entries] == ["CT"]
    assert found.notes == ["Columns B and D are headed alike; column B is read as: Shift."]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1. Dez 2026",
            "1. Dezember 2026",
            "Di 01.12.2026",
            "Di., 01.12.2026",
            "Dienstag 1. Dez.",
        ),
        *("1 déc. 2026", "1er décembre 2026", "mardi 1er décembre 2026", "1 de\u0301c. 2026"),
        *("2026年12月1日", "12月1日", "12月1日(火)", "２０２６年１２月１日"),
    ],
)
def test_dates_as_germans_french_and_japanese_write_them(text: str) -> None:
    assert read_date(text, DateOrder.DAY, date(2026, 11, 22)) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("text", "month"),
    [
        *(("3. Mär 2026", 3), ("3. Mrz. 2026", 3), ("3. Mai 2026", 5), ("3. Okt 2026", 10)),
        *(("3 févr. 2026", 2), ("3 avril 2026", 4), ("3 juin 2026", 6), ("3 juil. 2026", 7)),
        *(("3 août 2026", 8), ("mar 3 2026", 3), ("Mar 3, 2026", 3), ("3 jun 2026", 6)),
    ],
)
def test_months_of_other_tongues_are_told_apart(text: str, month: int) -> None:
    assert read_date(text, None, _TODAY) == date(2026, month, 3)


def test_a_german_matrix_with_weekdays_is_laid_out_and_read() -> None:
    found = read(lines("Name;Di 01.12.;Mi 02.12.;Do 17.12.", "Jörg Müller;CT;;MR"))
    near = [(entry.people, entry.shift, entry.first_on) for entry in found.entries]
    assert near == [
        (("Jörg Müller",), "CT", date(2025, 12, 1)),
        (("Jörg Müller",), "MR", date(2025, 12, 17)),
    ]


def test_a_weekday_before_dates_in_lines_does_not_hide_their_order() -> None:
    found = read(lines("person,shift,date", "Lee,CT,Di 13.01.2026", "Lee,CT,Di 03.02.2026"))
    assert [entry.first_on for entry in found.entries] == [date(2026, 1, 13), date(2026, 2, 3)]
