"""What the tables of orders and assignments refuse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from apps.assignment.models import Assignment, DecisionBasis, LedgerEntry, ShiftTurn
from apps.orders.models import Order, OrderIdentifier, Patient, UnknownCancel
from tests.factories.assignment import AssignmentFactory, EndedAssignmentFactory
from tests.factories.orders import OrderFactory
from tests.factories.people import RadiologistFactory
from tests.factories.times import NOON
from tests.records.refusals import changed, refusal

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=1)
DAY = date(2026, 2, 4)


def test_patient_is_known_once_per_authority() -> None:
    Patient.objects.create(authority="A", mrn="1")
    assert refusal(lambda: Patient.objects.create(authority="B", mrn="1")) == ""
    assert refusal(lambda: Patient.objects.create(authority="A", mrn="1")) == "one_patient_per_mrn"


@pytest.mark.parametrize("kind", ["study_uid", "accession", "filler", "placer"])
def test_number_names_one_order_within_its_issuer_but_for_the_placers(kind: str) -> None:
    def name(issuer: str) -> str:
        order = OrderFactory.create()
        return refusal(
            lambda: OrderIdentifier.objects.create(
                order=order, issuer=issuer, kind=kind, value="7"
            )
        )

    refused = "" if kind == "placer" else "one_order_per_identifier"
    assert [name("A"), name("B"), name("A")] == ["", "", refused]


def test_number_is_written_once_for_its_order() -> None:
    row = OrderIdentifier.objects.create(
        order=OrderFactory.create(), issuer="A", kind="placer", value="7"
    )
    again = refusal(
        lambda: OrderIdentifier.objects.create(
            order=row.order, issuer="A", kind="placer", value="7"
        )
    )
    assert again == "one_row_per_order_and_identifier"


def test_only_a_held_order_says_why_it_is_held() -> None:
    order = OrderFactory.create()
    assert changed(order, held_reason="why") == "only_a_held_order_has_a_held_reason"
    assert changed(order, status="held", held_reason="why") == ""
    assert changed(order, status="assigned") == "only_a_held_order_has_a_held_reason"
    assert Order.objects.get().status == "held"


def test_cancel_of_an_unknown_order_is_kept_once() -> None:
    def keep() -> UnknownCancel:
        return UnknownCancel.objects.create(
            issuer="A", kind="filler", value="7", at=NOON, message_id=1
        )

    assert [refusal(keep), refusal(keep)] == ["", "one_cancel_and_report_per_unknown_identifier"]


def test_order_has_one_current_assignment_and_any_number_of_ended_ones() -> None:
    current = AssignmentFactory.create()
    for _ in range(2):
        EndedAssignmentFactory.create(order=current.order)
    assert refusal(lambda: AssignmentFactory.create(order=current.order)) == (
        "one_current_assignment"
    )
    assert Assignment.objects.filter(order=current.order).count() == 3


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"ended_at": NOON}, "an_assignment_is_current_or_ended"),
        ({"end_reason": "reassigned"}, "an_assignment_is_current_or_ended"),
        ({"state": "ended"}, "an_assignment_is_current_or_ended"),
        ({"is_current": False}, "an_assignment_is_current_or_ended"),
        (
            {"is_current": False, "ended_at": NOON, "state": "ended"},
            "an_assignment_is_current_or_ended",
        ),
        (
            {"is_current": False, "ended_at": NOON, "state": "ended", "end_reason": "unfit"},
            "",
        ),
        ({"completed_at": NOON}, "completed_with_its_turnaround"),
        ({"turnaround_seconds": 60}, "completed_with_its_turnaround"),
        ({"completed_at": NOON, "turnaround_seconds": 60}, ""),
        ({"rule_id": 1}, "rule_with_its_version"),
        ({"rule_version": 1}, "rule_with_its_version"),
        ({"rule_id": 1, "rule_version": 1}, ""),
    ],
)
def test_assignment_has_its_paired_fields(values: dict[str, object], constraint: str) -> None:
    assert changed(AssignmentFactory.create(), **values) == constraint


@pytest.mark.parametrize(
    ("kind", "seconds", "refused"),
    [
        ("assigned", None, False),
        ("assigned", 60, True),
        ("completed", 60, False),
        ("completed", None, True),
    ],
)
def test_ledger_line_has_a_turnaround_when_it_is_a_completion(
    kind: str, seconds: int | None, *, refused: bool
) -> None:
    person = RadiologistFactory.create()
    found = refusal(
        lambda: LedgerEntry.objects.create(
            radiologist=person, kind=kind, at=NOON, rvu=1, turnaround_seconds=seconds
        )
    )
    assert found == ("a_completion_has_its_turnaround" if refused else "")


def test_turns_and_bases_are_one_row_each() -> None:
    person = RadiologistFactory.create()

    def turn() -> ShiftTurn:
        return ShiftTurn.objects.create(
            shift_code="MRI", radiologist=person, last_assigned_at=NOON
        )

    def basis() -> DecisionBasis:
        return DecisionBasis.objects.create(area="rules", version=1, payload=b"x")

    assert [refusal(turn), refusal(turn)] == ["", "one_turn_per_shift_and_reader"]
    assert [refusal(basis), refusal(basis)] == ["", "one_basis_per_version"]
