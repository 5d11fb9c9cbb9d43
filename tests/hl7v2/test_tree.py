"""The tree of a message: every value under its name, and nothing that the mask hides."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.hl7v2.masking import DOT, separators_of, shown_segments
from apps.hl7v2.outline import MAX_ROWS, MAX_VALUE, Branch, Outline, Piece, Row

HEADER = r"MSH|^~\&|PACS^1.2|Robina|||2026||ORM^O01|7||2.5.1"


def branches(text: str, *, is_open: bool = True) -> list[Branch]:
    outline = Outline(separators_of(text.partition("\n")[0]))
    return [
        outline.branch(segment, number)
        for number, segment in enumerate(shown_segments(text, is_open=is_open), 1)
    ]


def rows(text: str, *, is_open: bool = True) -> list[tuple[str, str, str]]:
    last = branches(f"{HEADER}\n{text}", is_open=is_open)[-1]
    return [(row.place, row.name, row.value) for row in last.rows]


def test_a_field_is_told_down_to_its_sub_components() -> None:
    assert rows("PID|1||M1&x^^^R&1.2&ISO~77||Doe^John") == [
        ("PID-1", "Sequence number", "1"),
        ("PID-3", "Patient identifiers", ""),
        ("PID-3(1)", "repetition 1", ""),
        ("PID-3(1).1", "Number", ""),
        ("PID-3(1).1.1", "", "M1"),
        ("PID-3(1).1.2", "", "x"),
        ("PID-3(1).4", "Assigning authority", ""),
        ("PID-3(1).4.1", "Namespace", "R"),
        ("PID-3(1).4.2", "Universal id", "1.2"),
        ("PID-3(1).4.3", "Kind of universal id", "ISO"),
        ("PID-3(2)", "repetition 2", "77"),
        ("PID-5", "Name", ""),
        ("PID-5.1", "Family name", "Doe"),
        ("PID-5.2", "Given name", "John"),
    ]


def test_a_header_names_its_delimiters_and_does_not_split_them() -> None:
    first = branches(HEADER)[0]
    assert [(row.place, row.value) for row in first.rows[:3]] == [
        ("MSH-1", "|"),
        ("MSH-2", r"^~\&"),
        ("MSH-3", ""),
    ]
    assert (first.number, first.name, first.title) == (1, "MSH", "Message header")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"OBX|1|TX|A||salt \T\ water & more", [("OBX-5", "Value", "salt & water & more")]),
        (
            "OBX|1|CE|A||c^Words",
            [("OBX-5", "Value", ""), ("OBX-5.1", "Code", "c"), ("OBX-5.2", "Text", "Words")],
        ),
        (
            "OBX|1|CX|A||9^^^H",
            [
                ("OBX-5", "Value", ""),
                ("OBX-5.1", "Number", "9"),
                ("OBX-5.4", "Assigning authority", "H"),
            ],
        ),
    ],
    ids=["text", "coded", "identifier"],
)
def test_obx_5_is_what_obx_2_says(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [row for row in rows(text) if row[0].startswith("OBX-5")] == expected


def test_values_are_unescaped_for_reading() -> None:
    assert rows(r"NTE|1||a\F\b\S\c\.br\d \X41\ lone \ here")[-1] == (
        "NTE-3",
        "Text",
        "a|b^c\nd A lone \\ here",
    )


def test_what_is_hidden_stays_hidden_in_every_part() -> None:
    shown = rows(r"PID|1||M1&x^^^R~77||O\T\Doe^John&van", is_open=False)
    assert [value for _place, _name, value in shown] == [
        *("1", "", "", "", "••", "•", "•", "••", "", r"•\•\•••", "", "••••", "•••")
    ]


@given(
    st.text(alphabet=st.sampled_from("ab1|^~\\&#XDF \n"), max_size=60),
    st.sampled_from(["PID", "ZZZ", "OBX", "IN1", "no"]),
)
def test_the_tree_never_says_what_the_line_hides(value: str, name: str) -> None:
    for branch in branches(f"{HEADER}\n{name}|{value}", is_open=False)[1:]:
        line = "".join(piece.text for piece in branch.pieces)
        for row in branch.rows:
            if row.is_hidden:
                assert set(row.value) <= {DOT, *r"^~\&"}
                assert row.value in line


@given(st.text(alphabet=st.sampled_from("abMSHPID|^~\\&\n"), max_size=80), st.booleans())
def test_the_pieces_of_a_line_are_the_line(text: str, is_open: bool) -> None:
    for whole in (text, f"{HEADER}\n{text}"):
        segments = shown_segments(whole, is_open=is_open)
        assert [
            "".join(piece.text for piece in one.pieces) for one in branches(whole, is_open=is_open)
        ] == [segment.line for segment in segments]


def test_a_field_is_one_piece_that_rows_point_to() -> None:
    branch = branches(f"{HEADER}\nPID|1||M1||")[1]
    assert branch.pieces == (
        *(Piece("PID|"), Piece("1", "2-1"), Piece("||"), Piece("M1", "2-3"), Piece("||")),
    )
    assert branch.rows[-1] == Row("2-3", 1, "PID-3", "Patient identifiers", "M1")


def test_without_a_header_there_are_only_lines() -> None:
    assert [(one.name, one.rows, one.pieces) for one in branches("noise without a header")] == [
        ("", (), (Piece("noise without a header"),))
    ]


@pytest.mark.parametrize(
    "value", ["~".join("a" * 65_000), "^".join("a" * 65_000), "&".join("a" * 65_000)]
)
def test_a_field_of_countless_parts_is_bounded(value: str) -> None:
    before = time.process_time()
    branch = branches(f"{HEADER}\nZZZ|{value}")[1]
    assert (len(branch.rows), branch.is_cut) == (MAX_ROWS, True)
    assert time.process_time() - before < 2


def test_a_long_value_is_cut() -> None:
    row = branches(f"{HEADER}\nNTE|1||{'x' * 10_000}")[1].rows[-1]
    assert row.value == "x" * MAX_VALUE + "…"


def test_a_broken_header_calls_no_letter_a_delimiter() -> None:
    """What a hidden value keeps are delimiters; a letter among them would show through."""
    text = "MSH|abcdefghijklmnopqrstuvwxyz|A\nPID|1||||jane^doe"
    assert shown_segments(text)[1].line == "PID|1||||••••^•••"
