from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from apps.assignment.desk import Case, Desk
from apps.assignment.services import retry
from apps.core.models import DueTime
from apps.engine.decision import Decision
from apps.intake.processing import batch
from apps.orders.models import Order
from apps.roster.models import Radiologist, RosterAssignment, Workload
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

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # 12:00 in Brisbane, a Monday


def test_order_without_a_shift_is_assigned_when_the_shift_starts() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        evening = department.add_shift(
            "EVENING", modality="CT", start_local=time(18), end_local=time(23)
        )
        department.add_reader("DR_A", shift=evening)
        send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
        assert reasons() == {"P1": "no_shift"}

        clock.shift(timedelta(hours=5, minutes=59))
        settle()
        assert reasons() == {"P1": "no_shift"}

        clock.shift(timedelta(minutes=1))
        settle()
        assert readers() == {"P1": "DR_A"}


@pytest.mark.parametrize("help_comes", ["roster", "presence", "credential", "limit"])
def test_unassigned_order_is_tried_again_when_something_changes_that_helps(
    help_comes: str,
) -> None:
    department = Department()
    reader = department.add_reader("DR_A")
    procedure = factories.ProcedureFactory(code="MRI KNEE")
    prepare = {
        "roster": lambda: RosterAssignment.objects.update(status="cancelled"),
        "presence": lambda: Workload.objects.update(presence="offline"),
        "credential": lambda: type(procedure).objects.update(required_credentials=["MSK"]),
        "limit": lambda: Radiologist.objects.update(max_concurrent_studies=0),
    }
    help_ = {
        "roster": lambda: RosterAssignment.objects.update(status="active"),
        "presence": lambda: Workload.objects.update(presence="online"),
        "credential": lambda: reader.credentials.create(name="MSK"),
        "limit": lambda: Radiologist.objects.update(max_concurrent_studies=1),
    }
    prepare[help_comes]()
    send(*order(placer="P1"))
    expected = {
        "roster": "no_roster",
        "presence": "no_roster",
        "credential": "no_competency",
        "limit": "at_capacity",
    }
    assert reasons() == {"P1": expected[help_comes]}

    help_[help_comes]()
    settle()

    assert (readers(), reasons()) == ({"P1": "DR_A"}, {})


def test_hour_that_passes_frees_who_was_at_the_hourly_limit() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        department = Department()
        department.add_reader("DR_A", max_studies_per_hour=1)
        send(*order(placer="P1"))
        clock.shift(timedelta(minutes=30))
        send(*order(placer="P2"))
        assert reasons() == {"P2": "at_capacity"}

        clock.shift(timedelta(minutes=29, seconds=59))
        settle()
        assert reasons() == {"P2": "at_capacity"}

        clock.shift(timedelta(seconds=1))
        settle()
        assert readers() == {"P1": "DR_A", "P2": "DR_A"}


def test_order_that_cannot_be_decided_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    department = Department()
    for number in range(3):
        send(*order(placer=f"P{number}"))
    deadly = Order.objects.get(accession="P1").pk
    real = Desk.decide

    def decide(self: Desk, case: Case, *, widen: bool = False) -> Decision:
        if case.order.pk == deadly:
            raise ValueError("Doe")
        return real(self, case, widen=widen)

    monkeypatch.setattr(Desk, "decide", decide)
    department.add_reader("DR_A")
    settle()

    assert readers() == {"P0": "DR_A", "P2": "DR_A"}
    assert reasons() == {"P1": "no_roster"}
    assert f"{deadly} failed, the others go on: ValueError at " in caplog.text


def test_waiting_orders_always_leave_a_due_time_behind() -> None:
    Department()
    send(*order(placer="P1"))

    assert reasons() == {"P1": "no_roster"}
    assert DueTime.objects.filter(kind="retry_unassigned", subject="all").count() == 1


def test_due_time_is_set_also_where_another_process_has_used_up_the_last_one() -> None:
    Department()
    send(*order(placer="P1"))
    DueTime.objects.all().delete()

    receive(*order(placer="P2"))
    take_effect()

    assert DueTime.objects.filter(kind="retry_unassigned").exists()


def test_process_that_dies_after_the_commit_leaves_its_due_times_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
    Department()
    receive(*order(placer="P1"))

    def die(_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(batch, "after_commit", die)
    with pytest.raises(SystemExit):
        take_effect()

    kinds = set(DueTime.objects.values_list("kind", flat=True))
    assert kinds == {"report_due", "retry_unassigned"}


def test_freed_seat_is_looked_at_again_in_case_who_freed_it_died(department: Department) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    send(*order(placer="P1"))
    send(*order(placer="P2"))
    receive(*result(status="F", placer="P1"))

    take_effect()  # and its decider dies before it tries who waits

    assert DueTime.objects.filter(kind="seat_freed").count() == 1
    assert reasons() == {"P2": "at_capacity"}


def test_walk_goes_on_where_it_was_after_a_seat_was_freed_in_its_middle() -> None:
    before = retry.RetryPass(ids=[71, 72, 73, 10, 11], is_sweep=True)

    again = retry.in_turn(waiting=list(range(1, 80)), walk=before)

    assert again.ids[:53] == [*range(1, 51), 71, 72, 73]
    assert sorted(again.ids) == list(range(1, 80))
    assert again.is_sweep
