"""The breach of an order and the steps that follow it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.core.models import DueTime
from apps.orders.models import Order
from apps.rules.models import SlaPolicy
from tests import factories
from tests.assignment.breach.times import (
    MINUTE,
    NOON,
    ON_THE_WIRE,
    breached,
    flags,
    steps,
    wait,
)
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    result,
    send,
    settle,
)

pytestmark = pytest.mark.db


def test_breach_is_noted_once_for_each_order_when_its_report_is_due() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="STAT", report_minutes=60)
        factories.SlaPolicyFactory(urgency="URGENT", report_minutes=240)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="A"))
        send(*order(placer="P2", priority="S"))
        send(*order(placer="P3", priority="S"))
        send(*result(status="P", placer="P3"))

        wait(clock, 59)
        assert breached() == {}

        wait(clock, 1)
        settle()
        assert breached() == {"P2": NOON + timedelta(hours=1) - ON_THE_WIRE}

        wait(clock, 300)
        assert set(breached()) == {"P1", "P2"}
    assert AuditEvent.objects.filter(action="sla_breach").count() == 2


def test_unassigned_order_is_decided_again_and_widened_at_its_breach() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
        department = Department()
        department.add_reader("DR_MR")
        send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
        assert reasons() == {"P1": "no_shift"}

        wait(clock, 60)

        assert readers() == {"P1": "DR_MR"}
        assert Order.objects.get().flags == ["unknown_procedure", "sla_breached"]
        assert steps() == [(1, "flag", "assigned")]


def test_overdue_order_without_a_reader_stays_widened_until_somebody_comes() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
        department = Department()
        send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
        wait(clock, 200)
        assert [result for _, _, result in steps()] == [
            "unassigned",
            "alerted",
            "unassigned",
            "supervisor told",
        ]

        department.add_reader("DR_MR")
        settle()

        assert readers() == {"P1": "DR_MR"}


def test_due_time_is_set_also_where_another_process_has_used_up_the_last_one() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="STAT", report_minutes=60)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        DueTime.objects.all().delete()

        clock.shift(timedelta(minutes=10))
        send(*order(placer="P2", priority="S"))

        due_at = DueTime.objects.values_list("due_at", flat=True).get(kind="report_due")
        assert due_at == Order.objects.get(accession="P2").report_due_at


def test_report_that_came_late_leaves_no_due_time_in_the_past() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="STAT", report_minutes=60)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 90)
        send(*result(status="F", placer="P1"))
        wait(clock, 600)

        assert not DueTime.objects.filter(kind__in=["report_due", "step_due"]).exists()
        assert Order.objects.get().next_step_at is None
        assert flags() == ["unknown_procedure", "sla_breached"]


def test_default_steps_come_at_their_minutes_and_end_with_the_report() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="A"))
        wait(clock, 240)
        assert steps() == [(1, "flag", "noted")]
        wait(clock, 14.9)
        assert len(steps()) == 1
        wait(clock, 0.1)
        assert steps()[1:] == [(2, "alert", "alerted")]
        assert "sla_alert" in flags()
        wait(clock, 15)
        assert steps()[2:] == [(3, "reassign", "no better reader")]
        send(*result(status="P", placer="P1"))
        wait(clock, 600)

    assert len(steps()) == 3
    assert Order.objects.get().escalation_step == 3


def test_worker_that_was_away_takes_every_step_once_and_in_turn() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="A"))
        wait(clock, 240 + 61)
        settle()

    assert [(number, action) for number, action, _ in steps()] == [
        (1, "flag"),
        (2, "alert"),
        (3, "reassign"),
        (4, "supervisor"),
    ]
    assert breached() == {"P1": NOON + 240 * MINUTE - ON_THE_WIRE}


def test_several_steps_of_one_minute_and_a_late_flag_are_taken_together() -> None:
    policy = [
        {"after_minutes": 10, "action": "flag"},
        {"after_minutes": 10, "action": "supervisor"},
        {"after_minutes": 12, "action": "alert"},
    ]
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="STAT", report_minutes=60, escalation_steps=policy)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 69)
        assert (breached(), steps()) == ({}, [])
        wait(clock, 1)
        assert [action for _, action, _ in steps()] == ["flag", "supervisor"]
        assert breached() == {"P1": NOON + 70 * MINUTE - ON_THE_WIRE}
        wait(clock, 2)
        assert [action for _, action, _ in steps()] == ["flag", "supervisor", "alert"]


def test_policy_that_loses_steps_on_the_way_ends_them() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        policy = factories.SlaPolicyFactory(urgency="STAT", report_minutes=60)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 60)
        SlaPolicy.objects.filter(pk=policy.pk).update(
            escalation_steps=[{"after_minutes": 0, "action": "flag"}]
        )
        wait(clock, 600)

    assert steps() == [(1, "flag", "noted")]


def overdue_for_thirty_minutes(clock: time_machine.Traveller, department: Department) -> None:
    """DR_A has two orders of which P1 is overdue; DR_B comes with nothing on hand."""
    factories.SlaPolicyFactory(urgency="URGENT", report_minutes=60)
    department.add_reader("DR_A")
    send(*order(placer="P1", priority="A"))
    send(*order(placer="P2"))
    department.add_reader("DR_B")
    wait(clock, 89)


def test_unopened_order_moves_to_a_fit_reader_with_less_load() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        overdue_for_thirty_minutes(clock, Department())
        wait(clock, 1)

    assert readers() == {"P1": "DR_B", "P2": "DR_A"}
    assert steps()[2] == (3, "reassign", "moved")
    ended = Assignment.objects.get(is_current=False)
    assert (ended.radiologist_id, ended.end_reason) == ("DR_A", "overdue")
    assert Order.objects.get(accession="P1").received_at == NOON - ON_THE_WIRE


def test_what_is_being_read_never_moves() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        overdue_for_thirty_minutes(clock, Department())
        send(*order(control="SC", placer="P1", status="IP"))
        wait(clock, 1)

    assert readers() == {"P1": "DR_A", "P2": "DR_A"}
    assert steps()[2] == (3, "reassign", "being read")


def test_equal_load_is_no_reason_to_move() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        overdue_for_thirty_minutes(clock, Department())
        send(*order(placer="P3", mrn="MRN3"))
        send(*order(placer="P4", mrn="MRN4"))
        assert [readers()[name] for name in ("P3", "P4")] == ["DR_B", "DR_B"]
        wait(clock, 1)

    assert readers()["P1"] == "DR_A"
    assert steps()[2] == (3, "reassign", "no better reader")
    assert "sla_no_better_reader" in flags()


def test_overdue_order_does_not_go_back_to_whom_it_was_taken_from() -> None:
    twice = [{"after_minutes": minutes, "action": "reassign"} for minutes in (0, 10)]
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="URGENT", report_minutes=60, escalation_steps=twice)
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="A"))
        department.add_reader("DR_B")
        wait(clock, 60)
        assert readers() == {"P1": "DR_B"}
        wait(clock, 10)

    assert readers() == {"P1": "DR_B"}
    assert steps()[2] == (3, "reassign", "no better reader")
