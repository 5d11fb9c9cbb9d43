"""What a procedure file would do: new, changed, the same, and left out with row and column."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.choices import ImportMode
from apps.catalog.exceptions import CellError, FileError
from apps.catalog.models import ProcedureAlias
from apps.catalog.services.importing.applying import write
from apps.catalog.services.importing.files import read_sheet
from apps.catalog.services.importing.formulas import defused, restored
from apps.catalog.services.importing.known import Known, read_known
from apps.catalog.services.importing.localcodes import cell_of, codes_in
from apps.catalog.services.importing.planning import plan_import
from apps.catalog.services.importing.plans import FieldChange, Plan, RefusedCell
from tests.catalog.sheets import csv_of
from tests.factories import ProcedureFactory

NOTHING = Known({}, {}, {}, {})


def plan_of(data: bytes, known: Known = NOTHING, mode: ImportMode = ImportMode.UPDATE) -> Plan:
    return plan_import(read_sheet(data), mode, known)


def refused(*lines: str, header: str = "code,description,modality") -> list[tuple[object, ...]]:
    cells = plan_of(csv_of(*lines, header=header)).refused
    return [(cell.number, cell.heading, cell.why) for cell in cells]


def test_everyday_words_become_the_vocabularys_and_what_is_not_said_the_usual() -> None:
    data = csv_of(
        "MRK;MRI knee;MRI;Knees;Musculoskeletal;1,5;25 min;urgent;FRANZCR, MSK;;x;a note",
        header="Exam code;Procedure Name;Modality;Body-Part;Subspecialty;RVU;TAT;Urgency;"
        "Credentials;Required subspecialty;Sensitive?;Note",
    )
    [row] = plan_of(data).new
    assert dict(row.values) == {
        "code": "MRK",
        "description": "MRI knee",
        "modality": "MR",
        "body_part": "KNEE",
        "subspecialty": "musculoskeletal",
        "rvu": Decimal("1.50"),
        "turnaround_minutes": 25,
        "default_urgency": "URGENT",
        "required_credentials": ("FRANZCR", "MSK"),
        "required_subspecialty": "",
        "is_sensitive": True,
    }


@pytest.mark.parametrize(
    ("header", "cell", "why"),
    [
        ("rvu", "-1", "“-1” is no number from 0 to 1,000."),
        ("rvu", "NaN", "“NaN” is no number from 0 to 1,000."),
        ("rvu", "Infinity", "“Infinity” is no number from 0 to 1,000."),
        ("rvu", "1e9", "“1e9” is no number from 0 to 1,000."),
        ("rvu", "1000000000", "“1000000000” is no number from 0 to 1,000."),
        ("rvu", "1000.01", "“1000.01” is more than 1,000."),
        ("rvu", "9" * 60, f"“{'9' * 24}…” is no number from 0 to 1,000."),
        ("rvu", "=1+1", "“=1+1” is no number from 0 to 1,000."),
        ("rvu", "#REF!", "is a formula that failed (#REF!)."),
        ("turnaround", "soon", "“soon” is no whole number of minutes."),
        ("turnaround", "999999", "999,999 minutes are more than 30 days."),
        ("urgency", "asap", "“asap” is none of STAT, URGENT, ROUTINE."),
        ("sensitive", "maybe", "“maybe” is neither yes nor no."),
        ("body part", "A" * 33, "is longer than 32 characters."),
        ("credentials", "C" * 65, "a credential is longer than 64 characters."),
        ("aliases", "a|b", "“a|b”: write the code alone, or issuer | system | code."),
        ("aliases", "R | L |", "“R | L |”: the code is missing."),
        ("aliases", f"R|{'s' * 65}|C", "the coding system of a local code is longer than 64 ch"),
        ("body part", "KN\u202eEE", "holds a character that cannot be seen (U+202E)."),
        ("body part", "KN\x00EE", "holds a character that cannot be seen (U+0000)."),
    ],
)
def test_a_cell_that_cannot_be_is_named_with_row_column_and_cause(
    header: str, cell: str, why: str
) -> None:
    [(number, heading, said)] = refused(f"A,CT,CT,{cell}", header=f"code,name,modality,{header}")
    assert (number, heading) == (2, header)
    assert str(said).startswith(why)


def test_several_wrong_cells_of_a_row_are_all_named() -> None:
    assert refused(f"{'C' * 65},,XX") == [
        (2, "code", "is longer than 64 characters."),
        (2, "modality", refused("A,a,XX")[0][2]),
        (2, "description", "is missing; a new procedure needs one."),
    ]


def test_a_row_without_a_code_is_left_out_and_the_others_are_taken() -> None:
    plan = plan_of(csv_of(",CT head,CT", "B,CT head,CT"))
    assert plan.refused == [RefusedCell(2, "", "code", "is missing.")]
    assert [row.code for row in plan.new] == ["B"]


def test_rows_of_one_code_are_all_left_out_whatever_their_case() -> None:
    assert refused("ct1,a,CT", "CT2,b,CT", "CT1,c,CT") == [
        (2, "code", "“ct1” stands in row 4 too."),
        (4, "code", "“CT1” stands in row 2 too."),
    ]


def test_a_local_code_of_two_rows_is_nobodys() -> None:
    found = refused("A,a,CT,X", "B,b,CT,x; y", header="code,description,modality,aliases")
    assert found == [
        (2, "aliases", "“X” stands in row 3 too."),
        (3, "aliases", "“X” stands in row 2 too."),
    ]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"A\nB\n", "No row has headings. The file needs a column"),
        (b"code\nA\n", "No row has headings. The file needs a column"),
        (b"name,modality\nA,CT\n", "No row has headings. The file needs a column"),
        (
            b"code,weight,RVU\nA,1,2\n",
            "Row 1: the columns B “weight” and C “RVU” are both the rvu. Take one away.",
        ),
    ],
    ids=["no headings", "one column", "no code", "a column twice"],
)
def test_a_file_of_something_else_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(FileError) as error:
        plan_of(data)
    assert str(error.value).startswith(words)


def test_headings_below_a_title_are_found_and_unknown_ones_named() -> None:
    plan = plan_of(csv_of("A,CT,CT,7", header="Our list\n\ncode,name,modality,Price"))
    assert ([row.number for row in plan.new], plan.unused) == ([4], ["Price"])


@pytest.mark.db
class TestAgainstTheTable:
    @pytest.fixture
    def known(self) -> Known:
        head = ProcedureFactory.create(
            code="CTHEAD", description="CT head", modality="CT", body_part="HEAD", rvu="1.00"
        )
        ProcedureAlias.objects.create(procedure=head, local_code="CTB")
        ProcedureAlias.objects.create(procedure=head, issuer="Robina", local_code="H1")
        ProcedureFactory.create(code="KNEE")
        return read_known()

    def test_changes_are_told_field_by_field(self, known: Known) -> None:
        data = csv_of(
            "cthead,CT brain,Head,1.2,CTB; CT1",
            header="code,description,body part,rvu,aliases",
        )
        plan = plan_of(data, known)
        [row] = plan.changed
        assert (row.code, row.id is not None, plan.new) == ("CTHEAD", True, [])
        assert row.changes == [
            FieldChange("Description", "CT head", "CT brain"),
            FieldChange("RVU", "1.00", "1.20"),
            FieldChange("Local codes", "", "CT1"),
        ]

    def test_the_same_is_only_counted(self, known: Known) -> None:
        plan = plan_of(csv_of("CTHEAD,CT head,CT", "KNEE,MRI knee,MR"), known)
        assert (plan.unchanged, plan.written) == (2, 0)

    def test_an_empty_cell_changes_nothing_unless_the_file_is_exact(self, known: Known) -> None:
        data = csv_of("CTHEAD,CT head,,", header="code,description,body part,aliases")
        assert plan_of(data, known).unchanged == 1
        [row] = plan_of(data, known, ImportMode.EXACT).changed
        assert row.changes == [
            FieldChange("Body part", "HEAD", ""),
            FieldChange("Local codes", "CTB; Robina |  | H1", ""),
        ]

    def test_a_column_that_is_missing_is_no_empty_column(self, known: Known) -> None:
        data = csv_of("CTHEAD,CT head", header="code,description")
        assert plan_of(data, known, ImportMode.EXACT).unchanged == 1

    def test_what_is_there_stays_where_only_new_ones_are_added(self, known: Known) -> None:
        data = csv_of("CTHEAD,changed,XX", "NEW,new,CT")
        plan = plan_of(data, known, ImportMode.ADD)
        assert ([row.code for row in plan.new], plan.changed, plan.refused) == (["NEW"], [], [])
        assert plan.notes == ("1 row is there already and left alone.",)

    def test_a_local_code_of_another_procedure_is_not_taken_over(self, known: Known) -> None:
        data = csv_of("KNEE,MRI knee,ctb", header="code,description,aliases")
        plan = plan_of(data, known)
        assert plan.refused == [
            RefusedCell(2, "KNEE", "aliases", "“CTB” means the procedure CTHEAD already.")
        ]

    def test_what_is_planned_is_what_is_written(self, known: Known) -> None:
        data = csv_of(
            "CTHEAD,CT brain,CT,,R2; ctb,yes",
            "NEW,<b>new</b>,CT,A,N1; a \\F\\ b | c | d,no",
            header="code,description,modality,credentials,aliases,sensitive",
        )
        write(plan_of(data, known, ImportMode.EXACT), known)
        after = read_known()
        assert plan_of(data, after, ImportMode.EXACT).unchanged == 2
        new = after.procedure("NEW")
        assert new is not None
        assert (new["description"], new["rvu"]) == ("<b>new</b>", Decimal("1.00"))
        codes = sorted(alias.code for alias in after.aliases.values())
        kept, others = ("", "", "CTB"), [("", "", "N1"), ("", "", "R2"), ("a | b", "c", "d")]
        assert codes == [kept, *others]


@given(st.text(max_size=12))
def test_a_defused_text_is_no_formula_and_comes_back(text: str) -> None:
    written = defused(text)
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert restored(written) == text


_PART = st.text("a;|\\'=éFE", max_size=6).map(str.strip)


@given(st.lists(st.tuples(_PART, _PART, _PART.filter(bool)), max_size=4))
def test_local_codes_come_back_from_their_cell(codes: list[tuple[str, str, str]]) -> None:
    # Case of the code does not count, so the first of two stands for both.
    unique: dict[tuple[str, str, str], tuple[str, str, str]] = {}
    for issuer, system, code in codes:
        unique.setdefault((issuer, system, code.upper()), (issuer, system, code))
    assert codes_in(cell_of(codes)) == tuple(unique.values())


def test_a_local_code_without_a_code_is_an_error() -> None:
    with pytest.raises(CellError):
        codes_in("a | b |")
