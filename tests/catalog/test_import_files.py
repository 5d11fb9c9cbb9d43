"""What comes out of a file, whoever made it: rows of text, or words that say what is wrong."""

from __future__ import annotations

import io
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.files import read_sheet
from apps.catalog.services.importing.sheets import MOST_ROWS, Sheet, column_letter
from tests.catalog.sheets import made_up, xlsx_of, zipped

ROWS = [(1, ["code", "description"]), (3, ["CT-É", "CT head, “plain”"])]


def rows_of(data: bytes) -> list[tuple[int, list[str]]]:
    return [(row.number, list(row.cells)) for row in read_sheet(data).rows]


def refusal(data: bytes) -> str:
    with pytest.raises(FileError) as refused:
        read_sheet(data)
    return str(refused.value)


@pytest.mark.parametrize("separator", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_file_of_any_spreadsheet_is_the_same_table(separator: str, codec: str, end: str) -> None:
    lines = [f"code{separator}description", "", f'CT-É{separator}"CT head, “plain”"', ""]
    assert rows_of(end.join(lines).encode(codec)) == ROWS


def test_excels_hint_of_the_separator_is_followed_and_counts_as_a_row() -> None:
    data = b"sep=;\ncode;description\nA;CT head, neck, chest, abdomen\n"
    assert rows_of(data) == [
        (2, ["code", "description"]),
        (3, ["A", "CT head, neck, chest, abdomen"]),
    ]


def test_a_decimal_comma_does_not_make_the_comma_the_separator() -> None:
    assert rows_of(b"code;rvu\nA;0,3\nB;1,25\n")[1] == (2, ["A", "0,3"])


def test_a_cell_over_two_lines_is_one_row() -> None:
    assert rows_of(b'code,description\nA,"CT\nhead"\nB,CT\n') == [
        (1, ["code", "description"]),
        (2, ["A", "CT head"]),
        (3, ["B", "CT"]),
    ]


def test_a_workbook_gives_numbers_as_a_person_writes_them() -> None:
    data = xlsx_of(["code", "rvu", "sensitive"], [70450, 0.3, True], ["007", 2, False])
    assert rows_of(data) == [
        (1, ["code", "rvu", "sensitive"]),
        (2, ["70450", "0.3", "yes"]),
        (3, ["007", "2", "no"]),
    ]


def test_the_last_binary_digits_of_a_number_are_no_part_of_it() -> None:
    row = "<row><c><v>0.29999999999999999</v></c><c><v>70450.0</v></c><c><v>1.5E-2</v></c></row>"
    assert rows_of(made_up(row)) == [(1, ["0.3", "70450", "0.015"])]


def test_formulas_count_by_their_last_value_and_are_told_where_there_is_none() -> None:
    row = (
        '<row r="4"><c r="A4" t="str"><f>1+1</f><v>A</v></c><c r="B4"><f>1+1</f></c>'
        '<c r="D4" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
    )
    assert rows_of(made_up(row)) == [(4, ["A", "#FORMULA!", "", "#DIV/0!"])]


def test_shared_inline_and_rich_texts_are_read_without_their_phonetics() -> None:
    texts = (
        '<x:sst xmlns:x="m"><x:si><x:t>plain</x:t></x:si><x:si><x:r><x:t>ri</x:t></x:r>'
        "<x:r><x:t>ch</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:si></x:sst>"
    )
    row = (
        '<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c>'
        '<c t="inlineStr"><is><t>in_x0041_</t></is></c></row>'
    )
    assert rows_of(made_up(row, texts=texts)) == [(1, ["plain", "rich", "inA"])]


def test_characters_that_no_database_keeps_are_left_out() -> None:
    row = '<row><c t="inlineStr"><is><t>Le_xD800_e_x0000_ _xDFFF_CT</t></is></c></row>'
    assert rows_of(made_up(row)) == [(1, ["Lee CT"])]


def test_formatted_empty_rows_to_the_end_of_the_sheet_are_no_rows() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(2, 60_000))
    assert len(rows_of(made_up('<row r="1"><c><v>1</v></c></row>' + rows))) == 1


def _bomb(size: int) -> bytes:
    return zipped({**_parts(made_up("")), "xl/worksheets/one.xml": b" " * size})


def _parts(data: bytes) -> dict[str, str | bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


_ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
_HOSTILE = {
    "empty": (b"", "The file is empty."),
    "blank": (b" \n;;\n", "The file is empty."),
    "old excel": (
        b"\xd0\xcf\x11\xe0" + bytes(600),
        "This is a workbook of an old Excel (.xls). Save it as .xlsx or CSV.",
    ),
    "a zip of something else": (
        zipped({"a.txt": "a"}),
        "This is not an Excel workbook (.xlsx). Save it anew, or as CSV.",
    ),
    "a cut workbook": (
        made_up("<row/>")[:-40],
        "This is not an Excel workbook (.xlsx). Save it anew, or as CSV.",
    ),
    "broken xml": (
        made_up("<row><c></row>"),
        "This is not an Excel workbook (.xlsx). Save it anew, or as CSV.",
    ),
    "a text that is not there": (
        made_up('<row><c t="s"><v>7</v></c></row>'),
        "This is not an Excel workbook (.xlsx). Save it anew, or as CSV.",
    ),
    "entities": (
        made_up("<row><c t='str'><v>&b;</v></c></row>", prolog=_ENTITIES),
        "The workbook declares a document type, which no spreadsheet does.",
    ),
    "a zip bomb": (_bomb(97 * 1024 * 1024), "The workbook unpacks to more than 96 MB."),
    "many parts": (
        zipped({f"p{n}": "" for n in range(1001)}),
        "The workbook has too many parts.",
    ),
    "a wide row": (b"a," * 70 + b"b\n", "Row 1 has more than 64 columns."),
    "a far cell": (
        made_up('<row r="9"><c r="XFD9"><v>1</v></c></row>'),
        "Row 9 has more than 64 columns.",
    ),
    "a long cell": (
        b"code,description\nA," + b"x" * 4001,
        "Row 2, column B holds more than 4,000 characters.",
    ),
    "a cell of white space": (
        b"code,description\nA," + b" " * 16_001 + b"x",
        "Row 2, column B holds more than 4,000 characters.",
    ),
    "a cell of many pieces": (
        made_up(f'<row><c t="inlineStr"><is>{"<r><t> </t></r>" * 1_000_000}</is></c></row>'),
        "A cell of the workbook holds more than 4,000 characters.",
    ),
    "a long shared text that no cell names": (
        made_up("", texts=f"<sst><si><t>{'x' * 9_000}</t><t>{'x' * 9_000}</t></si></sst>"),
        "A cell of the workbook holds more than 4,000 characters.",
    ),
    "an open quote": (b'code,description\nA,"CT\nB,CT\n', "Line 3 is not well formed: "),
    "a lie about its encoding": (b"\xff\xfea", "The file says it is utf-16, and is not."),
    "too many rows": (
        b"code\n" + b"A\n" * (MOST_ROWS + 200),
        "The file has more than 20,000 rows. Divide it.",
    ),
}


@pytest.mark.parametrize(("data", "words"), _HOSTILE.values(), ids=_HOSTILE)
def test_a_hostile_or_broken_file_is_refused_in_words_and_in_time(data: bytes, words: str) -> None:
    began = time.process_time()
    assert refusal(data).startswith(words)
    assert time.process_time() - began < 5


def test_one_long_text_named_a_million_times_is_too_much() -> None:
    texts = f"<sst><si><t>{'x' * 4000}</t></si></sst>"
    cells = '<c t="s"><v>0</v></c>' * 60
    rows = "".join(f"<row>{cells}</row>" for _ in range(200))
    words = "The file holds too much text for a table."
    assert refusal(made_up(rows, texts=texts)) == words


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_give_a_table_or_words(data: bytes) -> None:
    assert _read_or_words(data)


@settings(max_examples=200, deadline=None)
@given(st.integers(min_value=0), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_gives_a_table_or_words(at: int, noise: bytes) -> None:
    data = bytearray(xlsx_of(["code", "rvu"], ["A", 1.5]))
    at %= len(data)
    data[at : at + len(noise)] = noise
    assert _read_or_words(bytes(data))


def _read_or_words(data: bytes) -> object:
    """Return the rows, or the words of the refusal; anything else fails the test."""
    try:
        return read_sheet(data).rows
    except FileError as error:
        return str(error)


def test_a_sheet_keeps_everything_when_it_is_packed() -> None:
    sheet = read_sheet("code,description\n\nÉ,“x”\n".encode())
    assert Sheet.unpacked(sheet.packed()) == sheet


@pytest.mark.parametrize(("at", "letter"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ")])
def test_columns_are_called_as_in_a_spreadsheet(at: int, letter: str) -> None:
    assert column_letter(at) == letter


def _merging(*rows: str, merged: str) -> bytes:
    """Return a workbook whose first rows hold texts, one column each; spaces divide, _ is empty."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append([None if text == "_" else text for text in row.split()])
    for reference in merged.split():
        sheet.merge_cells(reference)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_merged_cell_says_its_text_in_each_of_its_places() -> None:
    data = _merging("n 1 2 3 4", "Lee NUC _ _ CT", "Wu _ _ _ MR", merged="B2:D3")
    assert rows_of(data) == [
        (1, ["n", "1", "2", "3", "4"]),
        (2, ["Lee", "NUC", "NUC", "NUC", "CT"]),
        (3, ["Wu", "NUC", "NUC", "NUC", "MR"]),
    ]


def test_a_cell_merged_down_says_its_text_on_each_line() -> None:
    data = _merging("d p", "1.12. Lee", "_ Wu", "2.12. Ng", merged="A2:A3")
    assert rows_of(data)[1:] == [(2, ["1.12.", "Lee"]), (3, ["1.12.", "Wu"]), (4, ["2.12.", "Ng"])]


def test_a_title_over_the_table_or_a_team_within_it_stays_one_cell() -> None:
    data = _merging("December", "n 1 2", "Team", "Lee CT MR", merged="A1:C1 A3:C3")
    assert rows_of(data) == [
        (1, ["December"]),
        (2, ["n", "1", "2"]),
        (3, ["Team"]),
        (4, ["Lee", "CT", "MR"]),
    ]


def test_merged_ranges_that_are_no_tables_make_nothing_and_take_no_time() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}"><v>{n}</v></c></row>' for n in range(1, 2_000))
    data = made_up(rows)
    end = "".join(f'<mergeCell ref="A1:XFD{1_000_000 + n}"/>' for n in range(10_000))
    merged = _with_sheet_end(
        data, f"<mergeCells>{end}<mergeCell ref='x'/><mergeCell/></mergeCells>"
    )
    assert len(rows_of(merged)) == 1_999
    more = "".join(f'<mergeCell ref="A1:A{1_000_000 + n}"/>' for n in range(20_000))
    with pytest.raises(FileError, match="merges too many cells"):
        rows_of(_with_sheet_end(data, f"<mergeCells>{more}</mergeCells>"))
    most = "".join(f'<mergeCell ref="A{n}:A{n}"/>' for n in range(20_001))
    with pytest.raises(FileError, match="merges too many cells"):
        rows_of(_with_sheet_end(data, f"<mergeCells>{most}</mergeCells>"))


def _with_sheet_end(data: bytes, end: str) -> bytes:
    parts = _parts(data)
    sheet = parts["xl/worksheets/one.xml"]
    assert isinstance(sheet, bytes)
    parts["xl/worksheets/one.xml"] = sheet.replace(b"</sheetData>", b"</sheetData>" + end.encode())
    return zipped(parts)


@pytest.mark.parametrize("kind", ["", ' t="n"', ' t="s"', ' t="b"'])
def test_a_formula_whose_value_is_empty_refuses_no_workbook(kind: str) -> None:
    row = f"<row><c{kind}><f>B2+1</f><v></v></c><c{kind}><v> </v></c><c><v>7</v></c></row>"
    assert rows_of(made_up(row)) == [(1, ["#FORMULA!", "", "7"])]


def test_a_formula_as_a_library_writes_it_is_told_and_the_rest_read() -> None:
    assert rows_of(xlsx_of(["a", "=B2+1", 3])) == [(1, ["a", "#FORMULA!", "3"])]


def test_days_since_1904_are_said_to_be_and_kept() -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["a"])
    book.epoch = CALENDAR_MAC_1904
    file = io.BytesIO()
    book.save(file)
    found = read_sheet(file.getvalue())
    assert (found.is_1904, Sheet.unpacked(found.packed())) == (True, found)
    plain = read_sheet(xlsx_of(["a"]))
    assert (plain.is_1904, Sheet.unpacked(plain.packed())) == (False, plain)
