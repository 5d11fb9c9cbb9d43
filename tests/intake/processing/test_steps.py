"""Steps of one study: one reading task, cancelled one by one or together."""

from __future__ import annotations

import itertools

import pytest

from apps.assignment.models import Assignment
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from tests.intake.processing.checks import broken_promises
from tests.support.department import (
    Department,
    group,
    order,
    readers,
    receive,
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db

STUDY = "ZDS|1.2.3^App^Type"


def study(control: str = "NW", placers: str = "P1 P2 P3", **values: str) -> tuple[str, ...]:
    """Return a message with a group for each step, and the study's UID once, at the end."""
    first, *others = placers.split()
    return (
        *order(control=control, placer=first, accession="A1", **values),
        *itertools.chain.from_iterable(
            group(control=control, placer=placer, accession="A1", **values) for placer in others
        ),
        STUDY,
    )


def one(control: str, placer: str, **values: str) -> tuple[str, ...]:
    return study(control, placer, **values)


def kept() -> list[str]:
    """Return ORC-1 and ORC-2 of what is kept of the order's steps."""
    lines = bytes(Order.objects.get().segments.group).decode().split("\r")
    return [" ".join(line.split("|")[1:3]) for line in lines if line.startswith("ORC")]


def told() -> list[str]:
    return list(OutboundMessage.objects.order_by("id").values_list("kind", flat=True))


@pytest.fixture
def three(department: Department) -> Department:
    """Three steps of one study, with a reader."""
    department.add_reader("DR_A")
    send(*study())
    assert readers() == {"A1": "DR_A"}
    return department


@pytest.mark.usefixtures("three")
class TestThreeSteps:
    def test_are_one_task(self) -> None:
        assert Assignment.objects.count() == 1
        assert kept() == ["NW P1", "NW P2", "NW P3"]

    def test_cancel_of_one_leaves_the_reading_of_the_others(self) -> None:
        message = send(*one("CA", "P2"))

        assert (statuses(), readers(), told()) == (
            {"A1": "assigned"},
            {"A1": "DR_A"},
            ["assigned"],
        )
        assert message.flags == ["step_cancelled"]
        assert "step_cancelled" in Order.objects.get().flags
        assert kept() == ["NW P1", "CA P2", "NW P3"]

    @pytest.mark.parametrize("placers", [*itertools.permutations(["P1", "P2", "P3"])])
    def test_cancel_of_all_one_by_one_cancels_the_reading(self, placers: tuple[str, ...]) -> None:
        for placer in placers:
            assert statuses() == {"A1": "assigned"}
            send(*one("CA", placer))

        assert (statuses(), readers(), told()) == (
            {"A1": "cancelled"},
            {},
            ["assigned", "cancelled"],
        )
        assert broken_promises() == []

    @pytest.mark.parametrize("control", ["CA", "OC", "DC", "OD", "CR"])
    def test_cancel_of_all_in_one_message_cancels_the_reading(self, control: str) -> None:
        message = send(*study(control))

        assert statuses() == {"A1": "cancelled"}
        assert kept() == [f"{control} P1", f"{control} P2", f"{control} P3"]
        assert message.order_ids == [Order.objects.get().pk]

    def test_cancel_that_names_no_step_means_the_study(self) -> None:
        send(*order(control="CA", placer="", accession="A1"), STUDY)

        assert statuses() == {"A1": "cancelled"}

    def test_late_change_of_a_cancelled_step_revives_nothing(self) -> None:
        send(*one("CA", "P2"))
        send(*one("XO", "P2", priority="S"))
        send(*one("CA", "P1"))
        send(*one("CA", "P3"))

        assert statuses() == {"A1": "cancelled"}
        assert Order.objects.get().urgency == "ROUTINE"
        assert "changed_after_cancel" in Order.objects.get().flags

    def test_cancel_of_a_step_that_nobody_knows_leaves_the_others(self) -> None:
        send(*one("CA", "P9"))
        send(*one("NW", "P9"))

        assert statuses() == {"A1": "assigned"}
        assert kept() == ["NW P1", "NW P2", "NW P3", "CA P9"]

    def test_change_of_one_keeps_the_segments_of_the_others(self) -> None:
        send(*one("XO", "P2", priority="S"))

        assert Order.objects.get().urgency == "STAT"
        assert kept() == ["NW P1", "XO P2", "NW P3"]

    def test_change_of_all_takes_the_place_of_all(self) -> None:
        send(*study("XO"))

        assert kept() == ["XO P1", "XO P2", "XO P3"]

    def test_replaced_step_has_its_successor_in_the_same_reading(self) -> None:
        send(
            *order(control="RP", placer="P2", accession="A1"),
            *group(control="RO", placer="P4", accession="A1"),
            STUDY,
        )
        for placer in ("P1", "P3"):
            send(*one("CA", placer))
        assert (statuses(), Assignment.objects.count()) == ({"A1": "assigned"}, 1)

        send(*one("CA", "P4"))

        assert statuses() == {"A1": "cancelled"}

    def test_all_of_them_go_out_as_they_stand(self) -> None:
        send(*one("CA", "P2"))
        send(*order(control="XO", placer="", accession="A1", modality="CT"), STUDY)

        payload = bytes(OutboundMessage.objects.latest("id").payload)
        assert payload.count(b"\rZDS") == 1

    def test_report_ends_the_reading_of_all(self) -> None:
        send(*result(status="F", placer="P3", accession="A1"))

        assert statuses() == {"A1": "final"}


def test_steps_that_come_one_by_one_are_one_task_and_cancelled_one_by_one(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    for placer in ("P1", "P2"):
        receive(*one("NW", placer))
    settle()
    assert (Assignment.objects.count(), kept()) == (1, ["NW P1", "NW P2"])

    send(*one("CA", "P1"))
    assert statuses() == {"A1": "assigned"}
    send(*one("CA", "P2"))
    assert statuses() == {"A1": "cancelled"}


def test_steps_under_one_placer_number_are_told_apart_by_their_own(
    department: Department,
) -> None:
    department.add_reader("DR_A")
    send(*study(placers="P1"))

    def steps(control: str, *numbers: str) -> tuple[str, ...]:
        obrs = [f"OBR|1|P1|F{number}|MRI KNEE^MRI KNEE|||||||||||||||A1||S{number}||||MR"
                for number in numbers]  # fmt: skip
        pairs = ((f"ORC|{control}|P1|F{n}", obr) for n, obr in zip(numbers, obrs, strict=True))
        return (*order()[:3], *itertools.chain.from_iterable(pairs), STUDY)

    send(*steps("XO", "1", "2", "3"))
    send(*steps("CA", "2"))
    assert set(statuses().values()) == {"assigned"}
    send(*steps("CA", "1", "3"))

    assert set(statuses().values()) == {"cancelled"}


def test_two_procedures_of_one_study_are_two_tasks(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="A1"), *group(placer="P2", code="MRI HIP^MRI HIP"), STUDY)

    send(*order(control="CA", placer="P1", accession="A1"), STUDY)

    assert list(Order.objects.order_by("id").values_list("procedure_code", "status")) == [
        ("MRI KNEE", "cancelled"),
        ("MRI HIP", "assigned"),
    ]


def test_several_ipc_of_one_order_are_one_task(department: Department) -> None:
    department.add_reader("DR_A")
    head = order(placer="P1")
    msh = head[0].replace("ORM^O01", "OMI^O23")
    steps = [f"IPC|A1|RP1|1.2.3|SPS{number}|MR" for number in range(3)]

    send(msh, *head[1:], *steps)
    assert readers() == {"A1": "DR_A"}
    send(msh.replace("OMI^O23", "OMI^O23^OMI_O23"), *head[1:3], "ORC|CA|P1", *head[4:], *steps)

    assert statuses() == {"A1": "cancelled"}


def test_renumbered_order_is_not_a_second_step(department: Department) -> None:
    department.add_reader("DR_A")
    send(*study(placers="P1"))
    send(*one("XO", "P7"))

    send(*one("CA", "P7"))

    assert statuses() == {"A1": "cancelled"}


def test_study_of_very_many_steps_is_cancelled_as_one(department: Department) -> None:
    department.add_reader("DR_A")
    placers = " ".join(f"P{number}" for number in range(120))
    send(*study(placers=placers))
    assert len(kept()) == 120

    send(*one("CA", "P7"))

    assert statuses() == {"A1": "cancelled"}
