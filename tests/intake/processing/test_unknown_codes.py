"""Codes that the procedure table does not know are counted: once an order and message, exactly."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from apps.core import bulk
from apps.intake.models import UnknownCode
from apps.intake.processing import unknown
from apps.orders.models import Order
from tests import factories
from tests.intake.processing.door import post
from tests.support.department import (
    Department,
    group,
    order,
    receive,
    result,
    send,
    settle,
    take_effect,
)

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("department")]


@pytest.fixture
def department(department: Department) -> Department:
    department.add_reader("DR_A")
    factories.ProcedureFactory.create(code="MRI KNEE", modality="MR")
    return department


def _counted() -> dict[tuple[str, str, str], int]:
    rows = UnknownCode.objects.values_list("issuer", "coding_system", "code", "count")
    return {(issuer, system, code): count for issuer, system, code, count in rows}


def test_a_code_is_counted_with_what_the_last_order_said_of_it() -> None:
    send(*order(placer="P1", code="CT1^CT HEAD^L", modality=""))
    send(*order(placer="P2", code="CT1^CT HEAD W/O CONTRAST^L", modality=""))
    send(*order(placer="P3", code="MRI KNEE^MRI KNEE^L"))
    row = UnknownCode.objects.get()
    assert (row.issuer, row.coding_system, row.code, row.count) == ("Robina", "L", "CT1", 2)
    assert (row.text, row.modality, row.body_part) == ("CT HEAD W/O CONTRAST", "CT", "HEAD")
    assert row.last_order_id == Order.objects.get(accession="P2").pk
    assert row.first_at < row.last_at


def test_many_orders_of_one_batch_and_of_the_next_add_up() -> None:
    for number in range(5):
        receive(*order(placer=f"A{number}", code="CT1^CT HEAD"))
        receive(*order(placer=f"B{number}", code=f"CT{number}^CT HEAD"))
    take_effect()
    receive(*order(placer="C", code="CT1^CT HEAD"))
    take_effect()
    expected = {("Robina", "", f"CT{number}"): 1 for number in range(5)}
    assert _counted() == expected | {("Robina", "", "CT1"): 7}


def test_a_resend_counts_nothing() -> None:
    raw = "\r".join((*order(placer="P1", code="CT1^CT HEAD", control_id="C1"), "")).encode()
    for _ in range(3):
        post(raw)
        settle()
    assert _counted() == {("Robina", "", "CT1"): 1}


def test_reading_a_parked_order_again_counts_nothing() -> None:
    send(*order(placer="P1", code="X1^Something", modality=""))
    factories.ProcedureFactory.create(code="OTHER", modality="MR")
    settle()
    assert _counted() == {("Robina", "", "X1"): 1}


def test_what_an_order_says_again_in_another_message_counts_again() -> None:
    send(*order(placer="P1", code="CT1^CT HEAD"))
    send(*order(control="XO", placer="P1", code="CT1^CT HEAD"))
    send(*order(control="CA", placer="P1", code="CT1^CT HEAD"))
    assert _counted() == {("Robina", "", "CT1"): 2}


def test_groups_of_one_order_count_once() -> None:
    same = group(placer="P1", code="CT1^CT HEAD")
    send(*order(placer="P1", code="CT1^CT HEAD"), *same, *same)
    assert _counted() == {("Robina", "", "CT1"): 1}


def test_results_and_messages_without_a_code_count_nothing() -> None:
    send(*order(placer="P1", code=""))
    send(*result(status="F", placer="P9"))
    assert _counted() == {}


def test_case_makes_no_other_code_issuer_and_system_do() -> None:
    for number, (code, facility) in enumerate(
        [
            ("ct1^CT", "Robina"),
            ("CT1^CT", "Robina"),
            ("CT1^CT^L", "Robina"),
            ("CT1^CT", "Bondi"),
        ]
    ):
        send(*order(placer=f"P{number}", code=code, facility=facility))
    assert _counted() == {
        ("Robina", "", "ct1"): 2,
        ("Robina", "L", "CT1"): 1,
        ("Bondi", "", "CT1"): 1,
    }


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (r"A\F\B^CT", "A|B"),
        ("<script>alert(1)</script>^CT", "<script>alert(1)</script>"),
        ("x" * 5000 + "^CT", "x" * 200),
        ("'; DROP TABLE--^CT", "'; DROP TABLE--"),
        ("größe^CT", "größe"),
    ],
    ids=["separator", "html", "long", "sql", "umlaut"],
)
def test_any_code_is_counted_as_it_came(sent: str, kept: str) -> None:
    for number in range(2):
        send(*order(placer=f"P{number}", code=sent))
    assert _counted() == {("Robina", "", kept): 2}


def test_a_system_that_is_too_long_is_none() -> None:
    send(*order(placer="P1", code=f"CT1^CT^{'s' * 65}"))
    assert _counted() == {("Robina", "", "CT1"): 1}


def test_made_up_codes_without_end_leave_the_table_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unknown, "MOST_OF_ONE_ISSUER", 3)
    for number in range(10):
        receive(*order(placer=f"P{number}", code=f"X{number}^CT"))
    receive(*order(placer="Q1", code="Y1^CT", facility="Bondi"))
    take_effect()
    receive(*order(placer="P20", code="X0^CT"))
    receive(*order(placer="P21", code="X99^CT"))
    take_effect()
    counted = {("Robina", "", "X0"): 2, ("Robina", "", "X1"): 1, ("Robina", "", "X2"): 1}
    assert _counted() == counted | {("Bondi", "", "Y1"): 1}
    assert Order.objects.count() == 13


def test_made_up_issuers_without_end_leave_the_table_small(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unknown, "MOST_IN_ALL", 2)
    for number in range(5):
        send(*order(placer=f"P{number}", code="X^CT", facility=f"F{number}"))
    send(*order(placer="P9", code="X^CT", facility="F0"))
    assert _counted() == {("F0", "", "X"): 2, ("F1", "", "X"): 1}


def test_known_codes_cost_no_statement(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    real = bulk.execute

    def spy(sql: str, parameters: Sequence[object]) -> int:
        ran.append(sql)
        return real(sql, parameters)

    monkeypatch.setattr(bulk, "execute", spy)
    send(*order(placer="P1", code="MRI KNEE^MRI"))
    known = [sql for sql in ran if "intake_unknowncode" in sql]
    send(*order(placer="P2", code="CT1^CT"))
    unknown_one = [sql for sql in ran if "intake_unknowncode" in sql]
    assert (len(known), len(unknown_one)) == (0, 1)
