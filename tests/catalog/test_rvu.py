"""Weights from a file that a site brings: its columns found, its codes matched, its rest left."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from apps.catalog.exceptions import FileError
from apps.catalog.services.importing.files import read_sheet
from apps.catalog.services.importing.known import Known, KnownAlias
from apps.catalog.services.importing.plans import FieldChange, Plan, RefusedCell
from apps.catalog.services.importing.sheets import Sheet
from apps.catalog.services.rvu import (
    ANY_SENDER,
    Choice,
    guess,
    headings,
    modifiers,
    plan_rvu,
)

# The layout of a public fee schedule, with codes and weights made up.
FEE_SCHEDULE = b"""2031 Fee Schedule Relative Value File,,,,,,
All rights belong to somebody,,,,,,
,,,,,,
"released 01/01/2031, second edition",,,,,,
,,,,,,
,,,,,NOT USED,NON-
,,,STATUS,WORK,FOR,FAC
HCPCS,MOD,DESCRIPTION,CODE,RVU,PAYMENT,PE RVU
Z0001,,Head,A,0.85,0,3.10
Z0001,26,Head,A,0.80,0,0.40
Z0001,TC,Head,A,0.00,0,2.70
Z0002,,Chest,A,0.18,0,0.50
Z0003,26,Nobody's,A,9.99,0,0.50
"""


def _procedure(pk: int, code: str, rvu: str) -> Mapping[str, Any]:
    return {"id": pk, "code": code, "description": code.lower(), "rvu": Decimal(rvu)}


def known(*procedures: Mapping[str, Any], **aliases: int) -> Known:
    """Return a table; an alias is written ``issuer__code=procedure``."""
    found = {}
    for number, (name, owner) in enumerate(aliases.items()):
        issuer, _, code = name.rpartition("__")
        found[(issuer, "", code)] = KnownAlias(number, owner, (issuer, "", code))
    return Known(
        {row["id"]: row for row in procedures},
        {row["code"].upper(): [row] for row in procedures},
        found,
        {},
    )


HEAD, CHEST = _procedure(1, "CT-HEAD", "1.00"), _procedure(2, "Z0002", "0.18")
TABLE = known(HEAD, CHEST, Z0001=1)


def plan_of(data: bytes, table: Known = TABLE, **choices: Any) -> Plan:
    sheet = read_sheet(data)
    return plan_rvu(sheet, Choice.of({**guess(sheet).stored(), **choices}), table)


def new_weights(plan: Plan) -> list[tuple[str, Decimal]]:
    return [(row.code, row.values["rvu"]) for row in plan.changed]


def test_headings_over_several_rows_below_a_title_are_found() -> None:
    sheet = read_sheet(FEE_SCHEDULE)
    choice = guess(sheet)
    assert choice == Choice(first=9, code=0, rvu=4, modifier=1)
    assert headings(sheet, choice.first) == [
        "A HCPCS",
        "B MOD",
        "C DESCRIPTION",
        "D STATUS CODE",
        "E WORK RVU",
        "F NOT USED FOR PAYMENT",
        "G NON- FAC PE RVU",
    ]
    assert modifiers(sheet, choice) == ["26", "TC"]


def test_the_professional_component_counts_and_the_rest_is_counted() -> None:
    plan = plan_of(FEE_SCHEDULE)
    [row] = plan.changed
    assert (row.number, row.code, row.values) == (10, "CT-HEAD", {"rvu": Decimal("0.80")})
    assert row.changes == [FieldChange("RVU", "1.00", "0.80")]
    assert (plan.unchanged, plan.refused, plan.new) == (1, [], ())
    assert plan.notes == [
        "1 row has a code that no procedure has.",
        "2 rows have another modifier.",
    ]


@pytest.mark.parametrize(
    ("preferred", "weight"), [("", "0.85"), ("TC", "0.00"), ("26", "0.80"), ("53", "0.85")]
)
def test_another_modifier_can_be_chosen_and_none_stands_in(preferred: str, weight: str) -> None:
    plan = plan_of(FEE_SCHEDULE, preferred=preferred)
    assert new_weights(plan) == [("CT-HEAD", Decimal(weight))]


@pytest.mark.parametrize(
    ("data", "choice"),
    [
        (b"code;weight\nA;0,3\n", Choice(2, 0, 1)),
        (b"Weight,Exam code\n0.3,A\n", Choice(2, 1, 0)),
        (b"A,CT head,0.3\nB,CT neck,1\n", Choice(1, 0, 2)),
        (b"70001,0.3\n70002,1.25\n", Choice(1, 0, 1)),
        (b"a,b\nc,d\n", Choice(2, 0, 1)),
        (b"CPT,wRVU,Total RVU\nA,1,2\n", Choice(2, 0, 1)),
    ],
    ids=["two columns", "turned", "no headings", "numbers as codes", "no numbers", "work first"],
)
def test_columns_are_guessed(data: bytes, choice: Choice) -> None:
    assert guess(read_sheet(data)) == choice


def test_one_column_is_no_table_of_weights() -> None:
    with pytest.raises(FileError, match="one column"):
        guess(read_sheet(b"code\nA\n"))


def test_a_local_code_is_its_issuers_unless_anybodys_count() -> None:
    table = known(HEAD, CHEST, Robina__X=1, Bondi__X=2, Y=2)
    data = b"code,rvu\nx,0.5\ny,0.6\n"
    assert new_weights(plan_of(data, table)) == [("Z0002", Decimal("0.60"))]
    found = plan_of(data, table, issuer="Robina")
    assert new_weights(found) == [("CT-HEAD", Decimal("0.50")), ("Z0002", Decimal("0.60"))]
    assert plan_of(data, table, issuer=ANY_SENDER).refused == [
        RefusedCell(2, "x", "column A", "means CT-HEAD and Z0002.")
    ]


def test_two_weights_for_one_procedure_are_both_left_out() -> None:
    table = known(HEAD, A=1, B=1)
    assert plan_of(b"code,rvu\nA,0.5\nB,0.6\n", table).refused == [
        RefusedCell(2, "A", "column B", "differs from row 3, of the same procedure."),
        RefusedCell(3, "B", "column B", "differs from row 2, of the same procedure."),
    ]
    assert new_weights(plan_of(b"code,rvu\nA,0.5\nB,0.50\n", table)) == [
        ("CT-HEAD", Decimal("0.50"))
    ]


@pytest.mark.parametrize("cell", ["-1", "NaN", "1e9", "", "n/a", "1000000000", "=9"])
def test_a_weight_that_cannot_be_is_named_only_where_the_code_is_ours(cell: str) -> None:
    plan = plan_of(f"code,rvu\nZ0001,{cell}\nUNKNOWN,{cell}\n".encode())
    assert [(row.number, row.code, row.heading) for row in plan.refused] == [
        (2, "Z0001", "column B")
    ]
    assert plan.changed == []


def test_a_large_file_of_foreign_codes_costs_no_refusals() -> None:
    lines = "".join(f"Q{n},26,1.5\n" for n in range(19_000))
    plan = plan_of(f"HCPCS,MOD,WORK RVU\n{lines}Z0001,26,0.7\n".encode())
    assert new_weights(plan) == [("CT-HEAD", Decimal("0.70"))]
    assert plan.notes[0] == "19,000 rows have codes that no procedure has."


def test_rows_above_the_chosen_first_row_are_not_read() -> None:
    sheet: Sheet = read_sheet(b"code,rvu\nZ0001,0.7\nZ0002,0.2\n")
    plan = plan_rvu(sheet, Choice(first=3, code=0, rvu=1), TABLE)
    assert new_weights(plan) == [("Z0002", Decimal("0.20"))]
