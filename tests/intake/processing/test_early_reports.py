"""A report that overtakes its order, as two connections may deliver them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.assignment.models import Assignment
from apps.orders.models import Order, UnknownCancel
from tests.intake.processing.checks import broken_promises
from tests.support.department import (
    Department,
    order,
    receive,
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _read(department: Department) -> None:
    department.add_reader("DR_A")


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        (("P",), "preliminary"),
        (("F",), "final"),
        (("C",), "final"),
        (("P", "F"), "final"),
        (("F", "P"), "final"),
        (("F", "C"), "final"),
        (("X",), "cancelled"),
        (("I",), "assigned"),
        (("",), "assigned"),
    ],
)
def test_order_comes_as_reported_as_it_is(said: tuple[str, ...], reached: str) -> None:
    for status in said:
        assert send(*result(status=status)).flags == ["unknown_order"]

    send(*order())

    assert statuses() == {"P1": reached}
    assert Assignment.objects.exists() == (reached == "assigned")
    assert broken_promises() == []


def test_order_says_why_it_has_no_reader() -> None:
    send(*result(status="F"))
    send(*order())

    assert "reported_before_it_came" in Order.objects.get().flags


def test_all_in_one_batch() -> None:
    for segments in (result(status="P"), result(status="F"), order(), order(placer="P2")):
        receive(*segments)
    settle()

    assert statuses() == {"P1": "final", "P2": "assigned"}


def test_status_event_that_means_the_reading_overtakes_too() -> None:
    send(*order(control="SC", status="CM"))
    send(*order())

    assert statuses() == {"P1": "final"}


def test_correction_after_it_amends() -> None:
    send(*result(status="F"))
    send(*order())
    send(*result(status="C"))

    assert statuses() == {"P1": "amended"}


@pytest.mark.parametrize(
    "other",
    [{"mrn": "MRN2"}, {"code": "MRI HEAD^MRI HEAD"}, {"facility": "Other", "site": "Robina"}],
    ids=["another patient", "another procedure", "another issuer"],
)
def test_same_number_of_something_else_is_read(other: dict[str, str]) -> None:
    send(*result(status="F"))

    send(*order(**other))

    assert statuses() == {"P1": "assigned"}


def test_number_that_was_reported_long_ago_is_a_new_order() -> None:
    with time_machine.travel(NOON, tick=False) as moment:
        send(*result(status="F"))
        moment.shift(timedelta(days=8))
        send(*order())

    assert statuses() == {"P1": "assigned"}


def test_cancel_goes_before_a_report() -> None:
    send(*result(status="F"))
    send(*order(control="CA"))

    send(*order())

    assert statuses() == {"P1": "cancelled"}


def test_reports_without_end_are_one_row_a_number() -> None:
    for _ in range(3):
        send(*result(status="F", accession="A1"))

    assert list(UnknownCancel.objects.order_by("kind").values_list("kind", "value")) == [
        ("accession", "A1"),
        ("placer", "P1"),
    ]
