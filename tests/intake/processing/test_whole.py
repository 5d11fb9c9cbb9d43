"""A message takes effect whole or not at all, whatever goes wrong in it and wherever."""

from __future__ import annotations

import pytest

from apps.intake.processing import apply, filling
from apps.orders.models import Order, OrderIdentifier, Patient, UnknownCancel
from tests.intake.processing.checks import broken_promises
from tests.support.department import Department, group, order, readers, receive, settle, statuses

pytestmark = pytest.mark.db


@pytest.fixture
def third_group_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = filling.fill

    def fill(session: object, case: object, change: object) -> bool:
        if change.procedure_code == "BREAK":  # type: ignore[attr-defined] # an OrderChange
            raise RuntimeError("a fault of ours")
        return real(session, case, change)  # type: ignore[arg-type] # as it came

    monkeypatch.setattr(apply, "fill", fill)


@pytest.mark.usefixtures("third_group_fails")
def test_fault_in_the_third_group_undoes_the_first_two_and_nobody_elses(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    receive(*order(placer="Q1", mrn="OTHER"))
    broken = receive(
        *order(placer="P1"),
        *group(control="CA", placer="P2"),
        *group(placer="P3", code="BREAK"),
        *group(placer="P4"),
    )
    receive(*order(placer="Q2", mrn="OTHER"))

    settle()

    broken.refresh_from_db()
    assert (broken.state, broken.order_ids, broken.attempts) == ("quarantined", [], 3)
    assert statuses() == {"Q1": "assigned", "Q2": "assigned"}
    assert set(readers()) == {"Q1", "Q2"}
    assert set(OrderIdentifier.objects.values_list("value", flat=True)) == {"Q1", "Q2"}
    assert UnknownCancel.objects.count() == 0
    assert list(Patient.objects.values_list("mrn", flat=True)) == ["OTHER"]
    assert broken_promises() == []


@pytest.mark.usefixtures("third_group_fails")
def test_once_mended_the_whole_message_takes_effect(
    department: Department, monkeypatch: pytest.MonkeyPatch
) -> None:
    department.add_reader("DR_A")
    broken = receive(*order(placer="P1"), *group(placer="P3", code="BREAK"))
    settle()
    assert Order.objects.count() == 0

    monkeypatch.undo()
    type(broken).objects.filter(pk=broken.pk).update(
        state="waiting", attempts=0, processed_at=None
    )
    settle()

    assert set(readers()) == {"P1", "P3"}
