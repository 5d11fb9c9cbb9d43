from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.assignment.choices import EndReason
from apps.assignment.desk import load_cases, open_desk
from apps.assignment.models import Assignment
from apps.assignment.services.replay import replay_stored
from apps.audit.models import AuditEvent
from apps.core import bulk, clock
from apps.core.models import DueTime
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Radiologist, Workload
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
ON_THE_WIRE = timedelta(milliseconds=1)


def wait(travelled: time_machine.Traveller, minutes: float) -> None:
    travelled.shift(timedelta(minutes=minutes))
    settle()


def acknowledge(accession: str = "P1") -> None:
    row = Order.objects.get(accession=accession)
    desk = open_desk(at=clock.now(), actor="user:reader")
    desk.acknowledge(load_cases([row.pk])[row.pk])
    with bulk.one_round_trip():
        desk.flush()


def hand_back(accession: str = "P1") -> None:
    row = Order.objects.get(accession=accession)
    desk = open_desk(at=clock.now(), actor="user:reader")
    case = load_cases([row.pk])[row.pk]
    desk.end(case, EndReason.HANDED_BACK)
    desk.decide(case)
    with bulk.one_round_trip():
        desk.flush()


def missed() -> list[str]:
    """Return the readers who were noted not to have acknowledged, in turn."""
    lines = AuditEvent.objects.filter(action="not_acknowledged").order_by("id")
    return [line.new_values["radiologist"] for line in lines]


def history() -> list[tuple[str, str]]:
    rows = Assignment.objects.order_by("id")
    return [(row.radiologist_id, row.end_reason) for row in rows]


def flags() -> list[str]:
    return Order.objects.get(accession="P1").flags


def test_stat_order_goes_from_reader_to_reader_and_never_back() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        for name in ("DR_A", "DR_B", "DR_C"):
            department.add_reader(name)
        send(*order(placer="P1", priority="S"))
        before = Order.objects.get()
        wait(travelled, 4.9)
        assert (missed(), readers()) == ([], {"P1": "DR_A"})
        wait(travelled, 0.1)
        assert (missed(), readers()) == (["DR_A"], {"P1": "DR_B"})
        wait(travelled, 5)
        assert (missed(), readers()) == (["DR_A", "DR_B"], {"P1": "DR_C"})
        acknowledge()
        wait(travelled, 40)

    assert missed() == ["DR_A", "DR_B"]
    assert history() == [
        ("DR_A", "not_acknowledged"),
        ("DR_B", "not_acknowledged"),
        ("DR_C", ""),
    ]
    after = Order.objects.get()
    assert (after.received_at, after.acknowledge_due_at, after.report_due_at) == (
        before.received_at,
        before.acknowledge_due_at,
        before.report_due_at,
    )
    kinds = OutboundMessage.objects.order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["assigned", "reassigned", "reassigned"]
    assert {row.pk: row.open_stat for row in Workload.objects.all()} == {
        "DR_A": 0,
        "DR_B": 0,
        "DR_C": 1,
    }


def test_first_offer_ends_at_the_orders_own_time_and_later_ones_have_their_full_minutes() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        send(*order(placer="P1", priority="S"))
        travelled.shift(2 * MINUTE)
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        settle()
        wait(travelled, 3)

    first, second = Assignment.objects.order_by("id")
    assert first.acknowledge_due_at == NOON + 5 * MINUTE - ON_THE_WIRE
    assert second.acknowledge_due_at == second.assigned_at + 5 * MINUTE


def test_order_that_found_nobody_in_time_gives_its_first_reader_their_full_minutes() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        send(*order(placer="P1", priority="S"))
        travelled.shift(7 * MINUTE)
        department.add_reader("DR_A")
        settle()

    assert Assignment.objects.get().acknowledge_due_at == NOON + 12 * MINUTE


def test_offer_widens_to_everybody_on_shift() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        other = department.add_shift("CT", modality="CT")
        department.add_reader("DR_CT", shift=other)
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)

    assert readers() == {"P1": "DR_CT"}
    row = Assignment.objects.get(is_current=True)
    assert (row.strategy, row.escalated) == ("ESCALATED", True)
    assert replay_stored(row.trace).trace == row.trace


def test_with_nobody_left_it_stays_and_says_so_and_somebody_who_comes_gets_it() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)
        assert readers() == {"P1": "DR_A"}
        assert flags() == ["unknown_procedure", "nobody_left_to_offer"]

        lines = AuditEvent.objects.count()
        for _ in range(6):
            wait(travelled, 5)
        assert AuditEvent.objects.exclude(action__startswith="sla_").count() == lines
        assert OutboundMessage.objects.count() == 1

        department.add_reader("DR_B")
        wait(travelled, 5)
        assert readers() == {"P1": "DR_B"}
        assert "nobody_left_to_offer" not in flags()
    assert missed() == ["DR_A"]


@pytest.mark.parametrize("how", ["acknowledge", "start", "report"])
def test_reader_who_takes_it_after_all_ends_the_looking(how: str) -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)
        if how == "acknowledge":
            acknowledge()
        elif how == "start":
            send(*order(control="SC", placer="P1", status="IP"))
        else:
            send(*result(status="P", placer="P1"))
        assert flags() == ["unknown_procedure"]
        department.add_reader("DR_B")
        wait(travelled, 10)

        assert readers() == {"P1": "DR_A"}
        assert not DueTime.objects.filter(kind="offer_again").exists()


def test_held_order_is_offered_on_after_its_release() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)
        send(*order(control="HD", placer="P1"))
        department.add_reader("DR_B")
        wait(travelled, 60)
        assert readers() == {"P1": "DR_A"}
        send(*order(control="RL", placer="P1"))
        wait(travelled, 5)

    assert readers() == {"P1": "DR_B"}


def test_urgent_order_stays_with_its_reader_and_is_noted_once() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1", priority="A"))
        wait(travelled, 15)
        wait(travelled, 60)
        assert (missed(), readers()) == (["DR_A"], {"P1": "DR_A"})
        assert flags() == ["unknown_procedure", "not_acknowledged"]
        acknowledge()

    assert flags() == ["unknown_procedure"]
    row = Assignment.objects.get()
    assert (row.acknowledge_missed_at, row.acknowledged_at, row.state) == (
        NOON + 15 * MINUTE,
        NOON + 75 * MINUTE,
        "acknowledged",
    )
    assert Order.objects.get().status == "acknowledged"


def test_routine_order_need_not_be_acknowledged() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="R"))
        wait(travelled, 600)

    assert Assignment.objects.get().acknowledge_due_at is None
    assert missed() == []


def test_opening_acknowledges() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 2)
        send(*order(control="SC", placer="P1", status="IP"))
        wait(travelled, 30)

    row = Assignment.objects.get()
    assert (row.acknowledged_at, row.opened_at) == (NOON + 2 * MINUTE, NOON + 2 * MINUTE)
    assert missed() == []


def test_urgency_raised_to_stat_asks_for_an_acknowledgement_from_then() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1", priority="R"))
        wait(travelled, 30)
        send(*order(control="XO", placer="P1", priority="S"))
        assert Assignment.objects.get().acknowledge_due_at == NOON + 35 * MINUTE
        wait(travelled, 5)

    assert (missed(), readers()) == (["DR_A"], {"P1": "DR_B"})


def test_urgency_lowered_in_time_takes_the_acknowledgement_back() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)
        send(*order(control="XO", placer="P1", priority="R"))
        wait(travelled, 30)

    assert flags() == ["unknown_procedure"]
    assert Assignment.objects.get().acknowledge_due_at is None
    assert missed() == ["DR_A"]


@pytest.mark.parametrize("how", ["start", "report", "cancel"])
def test_message_that_comes_after_the_time_notes_that_it_was_missed(how: str) -> None:
    comes = {
        "start": order(control="SC", placer="P1", status="IP"),
        "report": result(status="F", placer="P1"),
        "cancel": order(control="CA", placer="P1"),
    }
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1", priority="S"))
        travelled.shift(6 * MINUTE)
        receive(*comes[how])
        take_effect()
        settle()

    assert missed() == ["DR_A"]
    assert Assignment.objects.count() == 1


# -- who did not take it --------------------------------------------------------------------


def test_order_handed_back_goes_to_the_next_and_never_back_by_itself() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1"))
        hand_back()
        assert readers() == {"P1": "DR_B"}
        hand_back()
        assert (readers(), reasons()) == ({}, {"P1": "passed_over"})
        wait(travelled, 2)
        department.add_reader("DR_C")
        settle()

    assert readers() == {"P1": "DR_C"}


def test_order_that_everybody_declined_stands_in_no_others_way() -> None:
    with time_machine.travel(NOON, tick=False):
        department = Department()
        department.add_reader("DR_A", max_concurrent_studies=1)
        send(*order(placer="P1"))
        hand_back()
        assert reasons() == {"P1": "passed_over"}
        send(*order(placer="P2"))
        send(*order(placer="P3"))
        assert reasons() == {"P1": "passed_over", "P3": "at_capacity"}
        send(*result(status="F", placer="P2"))

    assert readers()["P3"] == "DR_A"


def test_released_order_does_not_go_back_to_who_did_not_acknowledge_it() -> None:
    with time_machine.travel(NOON, tick=False) as travelled:
        department = Department()
        department.add_reader("DR_A")
        department.add_reader("DR_B")
        send(*order(placer="P1", priority="S"))
        wait(travelled, 5)
        assert readers() == {"P1": "DR_B"}
        send(*order(control="HD", placer="P1"))
        Radiologist.objects.filter(pk="DR_B").update(is_active=False)
        send(*order(control="RL", placer="P1"))

    assert reasons() == {"P1": "passed_over"}


def test_cases_cost_the_same_queries_however_often_their_orders_moved(
    django_assert_num_queries: object,
) -> None:
    rows = [factories.OrderFactory() for _ in range(4)]
    for row in rows[1:]:
        factories.EndedAssignmentFactory(order=row, end_reason=EndReason.HANDED_BACK)
        factories.AssignmentFactory(order=row)
    factories.EndedAssignmentFactory(order=rows[3], end_reason=EndReason.REASSIGNED)

    with django_assert_num_queries(2):  # type: ignore[operator] # a fixture that is called
        cases = load_cases(row.pk for row in rows)

    assert [len(cases[row.pk].earlier) for row in rows] == [0, 1, 1, 2]
    assert [len(cases[row.pk].passed_over) for row in rows] == [0, 1, 1, 1]
    assert [len(cases[row.pk].had_it) for row in rows] == [0, 2, 2, 3]
