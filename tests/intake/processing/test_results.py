"""Results (ORU^R01): what they make of an order, its seat, its clock and who waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.assignment.models import Assignment, LedgerEntry
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Workload
from tests import factories
from tests.intake.processing.checks import broken_promises
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    receive,
    result,
    send,
    settle,
    statuses,
)

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
HEAD = (
    r"MSH|^~\&|RIS|Robina|RAD|RAD|20261122110000||ORU^R01|R1|P|2.5.1",
    "PID|1||MRN1^^^Robina||Doe^Jane||19800115|F",
)


def obr(status: str = "", **fields: str) -> str:
    """Return an OBR by its field numbers (``f3="F1"``) and OBR-25."""
    row = ["OBR", "1", *[""] * 24]
    row[4], row[25] = "MRI KNEE^MRI KNEE", status
    for name, value in fields.items():
        row[int(name[1:])] = value
    return "|".join(row).rstrip("|")


@pytest.mark.parametrize(
    ("said", "reached"),
    [
        ("P", "preliminary"),
        ("R", "preliminary"),
        ("F", "final"),
        ("C", "final"),
        ("M", "final"),
        ("X", "cancelled"),
        ("I", "assigned"),
        ("S", "assigned"),
        ("", "assigned"),
    ],
)
def test_status_moves_the_order_and_frees_the_seat(
    department: Department, said: str, reached: str
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    assert reasons() == {"P2": "at_capacity"}

    send(*result(status=said, placer="P1"))

    is_over = reached != "assigned"
    assert statuses(["P1"]) == {"P1": reached}
    # Who waited has the seat at once.
    assert reasons() == ({} if is_over else {"P2": "at_capacity"})
    assert Workload.objects.get().open_studies == 1
    assert broken_promises() == []


def test_times_and_turnaround_are_of_our_clock(department: Department) -> None:
    department.add_reader("DR_A")
    factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
    with time_machine.travel(NOON, tick=False) as moment:
        send(*order(placer="P1"))
        moment.shift(timedelta(minutes=25))
        send(*HEAD, obr("P", f2="P1", f22="20200101000000"))
        moment.shift(timedelta(minutes=15))
        send(*result(status="F", placer="P1"))
        moment.shift(timedelta(hours=2))
        send(*result(status="C", placer="P1"))

    done = Assignment.objects.get()
    placed = Order.objects.get()
    reported_at = NOON + timedelta(minutes=25)
    assert (done.state, done.completed_at, done.turnaround_seconds) == (
        "completed",
        reported_at,
        1500,
    )
    assert (placed.status, placed.reported_at, placed.next_step_at) == (
        "amended",
        reported_at,
        None,
    )
    assert "sla_breached" not in placed.flags
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True)) == [
        "assigned",
        "completed",
    ]


@pytest.mark.parametrize(
    ("stored", "reported"),
    [
        ({"placer": "P1"}, obr("F", f2="P1")),
        ({"placer": "P1", "filler": "F1"}, obr("F", f3="F1")),
        ({"placer": "P1", "accession": "A1"}, obr("F", f18="A1")),
        ({"placer": "P1", "accession": "A1"}, obr("F", f3="A1")),
        ({"placer": "P1", "filler": "A1"}, obr("F", f18="A1")),
    ],
    ids=["placer", "filler", "accession", "accession in OBR-3", "filler as accession"],
)
def test_one_number_alone_finds_the_order(
    department: Department, stored: dict[str, str], reported: str
) -> None:
    department.add_reader("DR_A")
    send(*order(**stored))

    send(*HEAD, reported)

    assert set(statuses().values()) == {"final"}


@pytest.mark.parametrize(
    ("orc", "reached"),
    [
        ("ORC|RE|P1|||CM", "final"),
        ("ORC|RE|P1|||CA", "cancelled"),
        ("ORC|RE|P1|||IP", "assigned"),
        ("ORC|RE|P1", "assigned"),
    ],
)
@pytest.mark.parametrize("with_obr", [True, False])
def test_order_status_counts_where_the_result_says_none(
    department: Department, orc: str, reached: str, with_obr: bool
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))

    send(*HEAD, orc, *([obr(f2="P1")] if with_obr else []))

    assert statuses() == {"P1": reached}


def test_order_status_of_an_exam_says_nothing_of_the_reading(department: Department) -> None:
    department.add_reader("DR_A")
    factories.SenderProfileFactory(facility="Robina", status_meaning="exam")
    send(*order(placer="P1"))

    send(*HEAD, "ORC|RE|P1|||CM", obr(f2="P1"))

    assert statuses() == {"P1": "assigned"}


def test_our_notice_sent_back_by_a_peer_reports_nothing(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(control="XO", placer="P1", status="CM"))
    ours = bytes(OutboundMessage.objects.get().payload).decode().strip("\r").split("\r")

    send(HEAD[0], *ours[1:])

    assert statuses() == {"P1": "assigned"}


def test_each_obr_reports_its_own_order(department: Department) -> None:
    department.add_reader("DR_A")
    for placer in ("P1", "P2", "P3"):
        send(*order(placer=placer))

    message = send(
        *HEAD, obr("F", f2="P1"), obr("P", f2="P2"), obr("X", f2="P3"), obr("F", f2="P9")
    )

    assert statuses() == {"P1": "final", "P2": "preliminary", "P3": "cancelled"}
    assert message.flags == ["unknown_order"]


@pytest.mark.parametrize(
    ("parts", "reached"),
    [
        ("F P", "preliminary"),
        ("P F", "preliminary"),
        ("F F", "final"),
        ("F C", "final"),
        ("F I", "final"),
        ("I I", "assigned"),
    ],
)
def test_study_reported_in_several_parts_is_as_far_as_the_last_of_them(
    department: Department, parts: str, reached: str
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1", accession="A1"))

    send(*HEAD, *(obr(status, f18="A1") for status in parts.split()))

    assert statuses() == {"A1": reached}
    assert Order.objects.get().flags == ["unknown_procedure"]


@pytest.mark.parametrize(
    ("said", "reached", "flags"),
    [
        ("F P", "final", ["preliminary_after_final"]),
        ("F C P", "amended", ["preliminary_after_amended"]),
        ("F C F", "amended", ["final_after_amended"]),
        ("F X", "final", ["cancel_after_report"]),
        ("P X", "cancelled", []),
        ("F C C", "amended", []),
        ("F M", "amended", []),
        ("P P F F", "final", []),
    ],
)
def test_report_never_goes_back_and_takes_no_seat_twice(
    department: Department, said: str, reached: str, flags: list[str]
) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    for status in said.split():
        receive(*result(status=status, placer="P1"))
    settle()

    assert statuses() == {"P1": reached}
    assert Order.objects.get().flags == ["unknown_procedure", *flags]
    assert Assignment.objects.count() == 1
    assert Workload.objects.get().open_studies == 0
    assert LedgerEntry.objects.filter(kind="completed").count() == 1
    assert broken_promises() == []


@pytest.mark.parametrize("said", ["P", "F", "C", "X"])
def test_order_without_a_reader_is_completed_and_waits_no_more(
    department: Department, said: str
) -> None:
    send(*order(placer="P1"))
    assert reasons() == {"P1": "no_roster"}

    send(*result(status=said, placer="P1"))

    department.add_reader("DR_A")
    settle()
    assert (reasons(), readers(), OutboundMessage.objects.count()) == ({}, {}, 0)
    assert statuses() == {
        "P1": {"P": "preliminary", "F": "final", "C": "final", "X": "cancelled"}[said]
    }


def test_result_of_a_held_order_ends_its_clock(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    send(*order(control="HD", placer="P1"))

    send(*result(status="F", placer="P1"))

    placed = Order.objects.get()
    assert (placed.status, placed.held_at, placed.held_reason) == ("final", None, "")
    assert broken_promises() == []


def test_result_of_an_unknown_order_is_noted_and_makes_none(department: Department) -> None:
    department.add_reader("DR_A")

    message = send(*result(status="F", placer="P9"))

    assert (message.state, message.flags, message.order_ids) == (
        "processed",
        ["unknown_order"],
        [],
    )
    assert Order.objects.count() == 0
