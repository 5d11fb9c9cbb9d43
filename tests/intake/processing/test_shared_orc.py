"""Several OBR under one ORC: each exam has its own placer number, the ORC's is of all of them."""

from __future__ import annotations

import pytest

from apps.orders.models import Order, OrderIdentifier
from tests.support.department import Department, order, send, statuses

pytestmark = pytest.mark.db

HEAD = order()[:3]
CT, XR = "CT HEAD^CT HEAD", "XR CHEST^XR CHEST"
BOTH = ("ORC|NW|G", f"OBR|1|a||{CT}", f"OBR|2|b||{XR}")


@pytest.fixture(autouse=True)
def _all_read(department: Department) -> None:
    shift = department.add_shift("ALL")
    department.add_reader("DR_A", shift=shift)


def test_each_exam_is_known_under_its_own_number_and_the_one_of_both() -> None:
    send(*HEAD, *BOTH)

    known = OrderIdentifier.objects.order_by("order__accession", "value")
    assert list(known.values_list("order__accession", "kind", "value")) == [
        ("a", "placer", "G"),
        ("a", "placer", "a"),
        ("b", "placer", "G"),
        ("b", "placer", "b"),
    ]


@pytest.mark.parametrize("control", ["b", "G"], ids=["by its own number", "by that of both"])
@pytest.mark.parametrize(("number", "left"), [("a", "b"), ("b", "a")])
def test_cancel_ends_the_exam_it_names(control: str, number: str, left: str) -> None:
    send(*HEAD, *BOTH)

    placer = "G" if control == "G" else number
    done = send(*HEAD, f"ORC|CA|{placer}", f"OBR|1|{number}")

    assert statuses() == {number: "cancelled", left: "assigned"}
    assert "unknown_order" not in done.flags


@pytest.mark.parametrize("placer", ["G", "b"])
def test_cancel_before_it_ends_one_exam(placer: str) -> None:
    send(*HEAD, f"ORC|CA|{placer}", f"OBR|1|b||{XR}")

    send(*HEAD, *BOTH)

    assert statuses() == {"a": "assigned", "b": "cancelled"}


def test_cancel_of_the_whole_before_it_ends_both() -> None:
    send(*HEAD, "ORC|CA|G")

    send(*HEAD, *BOTH)

    assert statuses() == {"a": "cancelled", "b": "cancelled"}


def test_change_of_one_makes_no_order() -> None:
    send(*HEAD, *BOTH)

    send(*HEAD, "ORC|XO|b|||||^^^^^S", f"OBR|1|b||{XR}")

    assert dict(Order.objects.values_list("accession", "urgency")) == {"a": "ROUTINE", "b": "STAT"}
    assert not Order.objects.filter(flags__contains=["made_by_change"]).exists()


def test_same_procedure_twice_is_two_exams_and_a_repeat_makes_none() -> None:
    twice = ("ORC|NW|G", f"OBR|1|a||{XR}", f"OBR|2|b||{XR}")
    send(*HEAD, *twice)
    send(*HEAD, *twice)
    send(*HEAD, "ORC|XO|G", *twice[1:])

    assert statuses() == {"a": "assigned", "b": "assigned"}


def test_a_third_exam_of_the_same_procedure_is_a_third_order() -> None:
    send(*HEAD, *BOTH)

    send(*HEAD, "ORC|NW|G", f"OBR|1|a||{CT}", f"OBR|2|b||{XR}", f"OBR|3|c||{XR}")

    assert statuses() == {"a": "assigned", "b": "assigned", "c": "assigned"}


def test_exam_that_came_alone_gets_its_number_when_another_joins_it() -> None:
    send(*HEAD, "ORC|NW|G", f"OBR|1|||{CT}")

    send(*HEAD, "ORC|XO|G", *BOTH[1:])

    assert Order.objects.count() == 2


def test_exams_that_are_only_counted_stay_their_patients() -> None:
    counted = (f"OBR|1|1||{CT}", f"OBR|2|2||{XR}")
    send(*HEAD, "ORC|NW|G1", *counted)
    other = [segment.replace("MRN1", "MRN2") for segment in HEAD]

    second = send(*other, "ORC|NW|G2", *counted)

    mrns = Order.objects.order_by("pk").values_list("patient__mrn", flat=True)
    assert list(mrns) == ["MRN1", "MRN1", "MRN2", "MRN2"]
    assert "placer_number_reused" in second.flags


def test_number_of_the_requisition_in_an_obr_alone_joins_nothing() -> None:
    send(*HEAD, "ORC|NW|A", f"OBR|1|REQ||{CT}")
    send(*HEAD, "ORC|NW|B", f"OBR|1|REQ||{XR}")
    send(*HEAD, "ORC|CA|C", f"OBR|1|REQ||{XR}")

    assert statuses() == {"REQ": "assigned"}
    assert Order.objects.filter(status="assigned").count() == 2


def test_one_step_of_a_study_is_cancelled_without_the_other() -> None:
    steps = ("ORC|NW|G", f"OBR|1|a||{CT}", f"OBR|2|b||{CT}", "ZDS|1.2.3")
    send(*HEAD, *steps)
    assert Order.objects.count() == 1

    send(*HEAD, "ORC|CA|G", f"OBR|1|b||{CT}", "ZDS|1.2.3")
    assert Order.objects.get().status == "assigned"
    send(*HEAD, "ORC|CA|G", f"OBR|1|a||{CT}", "ZDS|1.2.3")
    assert Order.objects.get().status == "cancelled"


@pytest.mark.parametrize(
    "segments",
    [
        (f"OBR|1|P|F|{CT}", "ORC|NW|P|F"),
        (f"OBR|1|P|F|{CT}", "NTE|1||note", "ORC|NW|P|F", "OBX|1|TX|X||pain"),
        (f"OBR|1|P||{CT}", "ORC|NW|P|F"),
    ],
)
def test_orc_behind_its_obr_is_the_same_order(segments: tuple[str, ...]) -> None:
    send(*HEAD, *segments)
    assert Order.objects.count() == 1

    send(*HEAD, "ORC|CA|P|F")
    assert Order.objects.get().status == "cancelled"


def test_each_of_several_obr_has_the_orc_behind_it() -> None:
    send(*HEAD, f"OBR|1|P1|F1|{CT}", "ORC|NW|P1|F1", f"OBR|2|P2|F2|{XR}", "ORC|CA|P2|F2")

    assert statuses() == {"F1": "assigned"}


def test_orc_before_the_obr_that_it_names_stays_there() -> None:
    send(*HEAD, f"OBR|1|P||{CT}", "ORC|NW|P", f"OBR|2|P||{XR}")

    assert Order.objects.count() == 2
