from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from apps.audit.models import AuditEvent
from apps.core.models import DueTime
from apps.orders.models import Order
from tests import factories
from tests.support.department import Department, order, readers, reasons, result, send, settle

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


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

        clock.shift(timedelta(minutes=59))
        settle()
        assert breached() == {}

        clock.shift(timedelta(minutes=1))
        settle()
        settle()
        assert breached() == {"P2": NOON + timedelta(hours=1)}

        clock.shift(timedelta(hours=5))
        settle()
        assert set(breached()) == {"P1", "P2"}
    assert AuditEvent.objects.filter(action="sla_breach").count() == 2


def test_unassigned_order_is_decided_again_and_widened_at_its_breach() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
        department = Department()
        department.add_reader("DR_MR")
        send(*order(placer="P1", modality="CT", code="CT HEAD^CT HEAD"))
        assert reasons() == {"P1": "no_shift"}

        clock.shift(timedelta(minutes=60))
        settle()

        assert readers() == {"P1": "DR_MR"}
        assert Order.objects.get().flags == ["unknown_procedure", "sla_breached"]


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
        clock.shift(timedelta(minutes=90))
        settle()
        send(*result(status="F", placer="P1"))

        assert not DueTime.objects.filter(kind="report_due").exists()


def breached() -> dict[str, datetime]:
    rows = Order.objects.exclude(breached_at=None)
    return {row.accession: row.breached_at for row in rows if row.breached_at}


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
