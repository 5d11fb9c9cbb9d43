"""Patients: updates, merges in chains and circles, numbers nobody knew."""

from __future__ import annotations

import itertools

import pytest

from apps.intake.models import InboundMessage
from apps.orders.models import Order, Patient
from tests.support.department import order, receive, send, settle

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("department")]

_ids = itertools.count(1)


def adt(trigger: str, *segments: str) -> tuple[str, ...]:
    head = rf"MSH|^~\&|HIS|Robina|RAD|RAD|20261122100000||ADT^{trigger}|A{next(_ids)}|P|2.5.1"
    return (head, *segments)


def merge(survivor: str, *prior: str) -> tuple[str, ...]:
    numbers = "~".join(f"{number}^^^Robina" for number in prior)
    return adt("A40", f"PID|1||{survivor}^^^Robina||Doe^Jane", f"MRG|{numbers}")


def merged() -> dict[str, str]:
    rows = Patient.objects.filter(merged_into__isnull=False)
    return dict(rows.order_by("mrn").values_list("mrn", "merged_into__mrn"))


def owners() -> dict[str, str]:
    return dict(Order.objects.order_by("accession").values_list("accession", "patient__mrn"))


@pytest.mark.parametrize("trigger", ["A04", "A08"])
def test_update_fills_what_it_says_and_leaves_the_rest(trigger: str) -> None:
    send(*order(placer="P1", mrn="M1"))

    message = send(*adt(trigger, "PID|1||M1^^^Robina||Roe^||19900131"))

    assert (message.state, message.flags) == ("processed", [])
    assert list(
        Patient.objects.values_list("mrn", "family_name", "given_name", "birth_on", "sex")
    ) == [("M1", "Roe", "Jane", Patient.objects.get().birth_on, "F")]
    assert f"{Patient.objects.get().birth_on}" == "1990-01-31"


def test_update_of_an_unknown_patient_makes_the_patient_and_no_order() -> None:
    send(*adt("A08", "PID|1||M9^^^Robina||Roe^Rick"))

    assert list(Patient.objects.values_list("authority", "mrn")) == [("Robina", "M9")]
    assert Order.objects.count() == 0


@pytest.mark.parametrize(
    ("segments", "note"),
    [
        (adt("A08", "PID|1||||Roe^Rick"), "no patient in it"),
        (adt("A08"), "no patient in it"),
        (adt("A03", "PID|1||M1^^^Robina"), "not used"),
        (adt("A40", "PID|1||M1^^^Robina"), "no two patients in it"),
        (adt("A40", "PID|1||M1^^^Robina", "MRG|"), "no two patients in it"),
        (adt("A18", "PID|1||M1^^^Robina", "MRG|M2^^^Robina"), "not used"),
    ],
    ids=["no number", "no PID", "discharge", "no MRG", "empty MRG", "accounts perhaps"],
)
def test_what_says_nothing_of_a_patient_is_stored_and_not_used(
    segments: tuple[str, ...], note: str
) -> None:
    message = send(*segments)

    assert (message.state, message.error) == ("ignored", note)
    assert Patient.objects.count() == 0


def test_merge_moves_orders_and_later_messages_of_the_old_number_go_to_the_survivor() -> None:
    send(*order(placer="P1", mrn="M1"))
    send(*order(placer="P2", mrn="M2"))

    send(*merge("M2", "M1"))
    send(*order(placer="P3", mrn="M1"))

    assert owners() == {"P1": "M2", "P2": "M2", "P3": "M2"}
    assert merged() == {"M1": "M2"}


def test_merge_of_numbers_nobody_knew_holds_for_what_comes_later() -> None:
    send(*merge("M2", "M1"))
    send(*order(placer="P1", mrn="M1"))

    assert (owners(), merged()) == ({"P1": "M2"}, {"M1": "M2"})


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one by one"])
@pytest.mark.parametrize(
    ("said", "owner", "flags"),
    [
        ([("M2", "M1"), ("M3", "M2")], "M3", [[], []]),
        ([("M3", "M2"), ("M2", "M1")], "M3", [[], []]),
        ([("M2", "M1"), ("M2", "M1")], "M2", [[], []]),
        ([("M2", "M1"), ("M1", "M2")], "M2", [[], ["circular_merge"]]),
        ([("M2", "M1"), ("M3", "M2"), ("M1", "M3")], "M3", [[], [], ["circular_merge"]]),
        ([("M2", "M1"), ("M3", "M1")], "M2", [[], ["merged_elsewhere"]]),
        ([("M3", "M1", "M2")], "M3", [[]]),
    ],
    ids=[
        "chain",
        "chain backwards",
        "told twice",
        "back again",
        "circle",
        "elsewhere",
        "two at once",
    ],
)
def test_merges_in_turn_leave_one_living_patient(
    said: list[tuple[str, ...]],
    owner: str,
    flags: list[list[str]],
    together: bool,
) -> None:
    messages = [order(placer="P1", mrn="M1"), *(merge(*numbers) for numbers in said)]

    for segments in messages:
        receive(*segments)
        if not together:
            settle()
    settle()
    receive(*order(placer="P2", mrn="M1"))
    settle()

    assert owners() == {"P1": owner, "P2": owner}
    told = InboundMessage.objects.filter(message_type="ADT^A40").order_by("id")
    assert [message.flags for message in told] == flags


def test_order_made_before_a_merge_in_the_same_batch_goes_to_the_survivor() -> None:
    send(*order(placer="P0", mrn="M1"))
    for segments in (
        order(control="XO", placer="P0", mrn="M1"),
        order(placer="P1", mrn="M1"),
        merge("M2", "M1"),
        order(placer="P2", mrn="M1"),
    ):
        receive(*segments)

    settle()

    assert owners() == {"P0": "M2", "P1": "M2", "P2": "M2"}


def test_equal_numbers_of_two_authorities_are_two_patients() -> None:
    send(*adt("A08", "PID|1||M1^^^North"))
    send(*adt("A08", "PID|1||M1^^^South"))
    send(*adt("A40", "PID|1||M2^^^North", "MRG|M1^^^North"))

    assert sorted(Patient.objects.values_list("authority", "mrn", "merged_into__mrn")) == [
        ("North", "M1", "M2"),
        ("North", "M2", None),
        ("South", "M1", None),
    ]
