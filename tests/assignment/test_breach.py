from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from prometheus_client import REGISTRY

from apps.assignment.desk import load_cases, open_desk
from apps.assignment.models import Assignment
from apps.audit.models import AuditEvent
from apps.core import bulk
from apps.core.models import DueTime
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from apps.rules.models import SlaPolicy
from tests import factories
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

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CaptureOnCommit = Callable[..., AbstractContextManager[object]]
ON_THE_WIRE = timedelta(milliseconds=1)
"""Messages were received that long before they are sent; see the department."""


def breached() -> dict[str, datetime]:
    rows = Order.objects.exclude(breached_at=None)
    return {row.accession: row.breached_at for row in rows if row.breached_at}


def steps(accession: str = "P1") -> list[tuple[int, str, str]]:
    """Return number, action and result of every step that was taken, in turn."""
    lines = AuditEvent.objects.filter(action="sla_step").order_by("id")
    return [
        (line.new_values["step"], line.new_values["action"], line.new_values["result"])
        for line in lines
        if line.new_values["accession"] == accession
    ]


def times_counted() -> float:
    labels = {"shift": "MRI_MSK", "modality": "MR"}
    return REGISTRY.get_sample_value("assignment_engine_sla_breaches_total", labels) or 0.0


def flags(accession: str = "P1") -> list[str]:
    return Order.objects.get(accession=accession).flags


def wait(clock: time_machine.Traveller, minutes: float) -> None:
    clock.shift(timedelta(minutes=minutes))
    settle()


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


# -- reassigning ----------------------------------------------------------------------------


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
        send(*order(placer="P3"))
        send(*order(placer="P4"))
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


# -- the clock stands still -----------------------------------------------------------------


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


# -- another urgency ------------------------------------------------------------------------


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


# -- whoever is there first -----------------------------------------------------------------


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
