"""How holding, another urgency and messages move an order's due times."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from apps.assignment.desk import load_cases, open_desk
from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.core import bulk
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from tests import factories
from tests.assignment.breach.times import (
    MINUTE,
    NOON,
    ON_THE_WIRE,
    CaptureOnCommit,
    breached,
    steps,
    times_counted,
    wait,
)
from tests.support.department import (
    Department,
    order,
    readers,
    reasons,
    receive,
    result,
    send,
    settle,
    take_effect,
)

pytestmark = pytest.mark.db


def test_held_order_has_its_time_back_after_the_release() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        before = Order.objects.get()
        wait(clock, 2)
        send(*order(control="HD", placer="P1"))
        wait(clock, 120)
        assert (breached(), Order.objects.get().held_at) == ({}, NOON + 2 * MINUTE)
        assert AuditEvent.objects.filter(action="not_acknowledged").count() == 0
        send(*order(control="RL", placer="P1"))

        after = Order.objects.get()
        assert before.report_due_at
        assert (after.held_at, after.held_seconds) == (None, 7200)
        assert after.report_due_at == before.report_due_at + 120 * MINUTE
        assert Assignment.objects.get().acknowledge_due_at == NOON + 125 * MINUTE - ON_THE_WIRE
        wait(clock, 57.9)
        assert breached() == {}
        wait(clock, 0.1)
        assert breached() == {"P1": NOON + 180 * MINUTE - ON_THE_WIRE}


def test_hold_pauses_the_steps() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 65)
        send(*order(control="HD", placer="P1"))
        wait(clock, 300)
        assert len(steps()) == 1
        send(*order(control="RL", placer="P1"))
        wait(clock, 9.9)
        assert len(steps()) == 1
        wait(clock, 0.1)

    assert [action for _, action, _ in steps()] == ["flag", "alert"]
    assert len(breached()) == 1


def test_order_that_a_rule_held_has_its_time_back_when_the_rule_goes() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        rule = factories.AssignmentRuleFactory(action_target="awaiting priors")
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 90)
        assert (reasons(), breached()) == ({"P1": "held"}, {})
        type(rule).objects.filter(pk=rule.pk).update(enabled=False)
        settle()

    row = Order.objects.get()
    assert (readers(), row.held_at, row.held_seconds) == ({"P1": "DR_A"}, None, 5400)
    assert row.report_due_at == NOON + 150 * MINUTE - ON_THE_WIRE
    assert Assignment.objects.get().trace["minutes_left"] == 59


def test_report_that_is_taken_back_lets_the_steps_go_on() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 65)
        send(*result(status="P", placer="P1"))
        wait(clock, 5)
        row = Order.objects.get()
        desk = open_desk(at=NOON + 70 * MINUTE, actor="user:reader")
        desk._move(load_cases([row.pk])[row.pk], OrderStatus.IN_PROGRESS)
        with bulk.one_round_trip():
            desk.flush()
        wait(clock, 5)
        assert [action for _, action, _ in steps()] == ["flag", "alert"]


def test_order_reported_while_held_was_in_time() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 30)
        send(*order(control="HD", placer="P1"))
        wait(clock, 300)
        send(*result(status="F", placer="P1"))

    row = Order.objects.get()
    assert row.reported_at
    assert row.report_due_at
    assert (row.breached_at, row.reported_at < row.report_due_at) == (None, True)
    assert row.held_seconds == 300 * 60


def test_another_urgency_counts_from_the_same_start_with_the_time_held() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="R"))
        send(*order(control="HD", placer="P1"))
        wait(clock, 10)
        send(*order(control="RL", placer="P1"))
        send(*order(control="XO", placer="P1", priority="A"))

    row = Order.objects.get()
    assert (row.report_minutes, row.clock_started_at) == (240, row.received_at)
    assert row.report_due_at == row.received_at + 250 * MINUTE


def test_order_that_has_time_again_is_overdue_no_longer_and_is_counted_once(
    django_capture_on_commit_callbacks: CaptureOnCommit,
) -> None:
    before = times_counted()
    with (
        time_machine.travel(NOON, tick=False) as clock,
        django_capture_on_commit_callbacks(execute=True),
    ):
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 80)
        assert len(steps()) == 2
        send(*order(control="XO", placer="P1", priority="A"))

        row = Order.objects.get()
        assert (row.breached_at, row.next_step_at, row.escalation_step) == (None, None, 0)
        assert row.flags == ["unknown_procedure", "sla_breached"]
        wait(clock, 159.9)
        assert breached() == {}
        wait(clock, 0.1)
        assert breached() == {"P1": NOON + 240 * MINUTE - ON_THE_WIRE}

    assert times_counted() - before == 1
    assert [number for number, _, _ in steps()] == [1, 2, 1]


def test_order_that_becomes_overdue_by_its_urgency_takes_its_steps_from_then() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="R"))
        wait(clock, 600)
        send(*order(control="XO", placer="P1", priority="S"))
        assert steps() == [(1, "flag", "noted")]
        assert breached() == {"P1": NOON + 600 * MINUTE}
        wait(clock, 14)
        assert len(steps()) == 1
        wait(clock, 1)
        assert len(steps()) == 2


def test_repeat_of_a_change_moves_nothing() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(clock, 65)
        before = Order.objects.values("report_due_at", "next_step_at", "breached_at").get()
        send(*order(control="XO", placer="P1", priority="S"))
        after = Order.objects.values("report_due_at", "next_step_at", "breached_at").get()

    assert after == before


def test_ended_order_keeps_the_times_it_ended_with() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="R"))
        send(*result(status="F", placer="P1"))
        before = Order.objects.get().report_due_at
        wait(clock, 120)
        send(*order(control="XO", placer="P1", priority="S"))

    assert Order.objects.get().report_due_at == before
    assert breached() == {}


@pytest.mark.parametrize("how", ["report", "cancel", "other urgency"])
def test_message_that_takes_an_order_past_its_time_notes_the_breach_itself(how: str) -> None:
    ends = {
        "report": result(status="F", placer="P1"),
        "cancel": order(control="CA", placer="P1"),
        "other urgency": order(control="XO", placer="P1", priority="R"),
    }
    before = times_counted()
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        clock.shift(timedelta(minutes=80))
        receive(*ends[how])
        take_effect()
        settle()

    assert AuditEvent.objects.filter(action="sla_breach").count() == 1
    assert steps() == [(1, "flag", "over"), (2, "alert", "over")]
    assert times_counted() - before == 1
    assert readers() in ({"P1": "DR_A"}, {})


def test_order_has_due_times_where_no_policy_was_set_up() -> None:
    with time_machine.travel(NOON, tick=False):
        Department()
        for name, priority in (("P1", "S"), ("P2", "A"), ("P3", "R")):
            send(*order(placer=name, priority=priority))

    received = Order.objects.earliest("pk").received_at
    assert {
        row.accession: (
            row.acknowledge_due_at and row.acknowledge_due_at - received,
            row.report_due_at and row.report_due_at - received,
        )
        for row in Order.objects.all()
    } == {
        "P1": (timedelta(minutes=5), timedelta(minutes=60)),
        "P2": (timedelta(minutes=15), timedelta(minutes=240)),
        "P3": (None, timedelta(minutes=1440)),
    }
