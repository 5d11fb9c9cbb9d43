from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from apps.assignment.models import Assignment, LedgerEntry, Unassigned
from apps.intake.models import InboundMessage
from apps.intake.processing import queue
from apps.intake.processing.batch import process, process_waiting
from apps.roster.models import Workload
from tests.support.department import (
    Department,
    forget_caches,
    order,
    readers,
    reasons,
    receive,
    result,
    send,
    settle,
    statuses,
)


@pytest.mark.db
def test_fifty_orders_at_once_for_one_seat_give_one_reader_and_forty_nine_reasons(
    department: Department,
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    for number in range(50):
        receive(*order(placer=f"P{number:02}"))

    settle()

    assert readers() == {"P00": "DR_A"}
    assert set(reasons().values()) == {"at_capacity"}
    assert len(reasons()) == 49


@pytest.mark.db
def test_freed_seats_go_to_the_urgent_first_then_to_the_longest_waiting(
    department: Department,
) -> None:
    department.add_reader("DR_A", max_concurrent_studies=1)
    for name, priority in (("P1", "R"), ("P2", "R"), ("P3", "A"), ("P4", "S")):
        send(*order(placer=name, priority=priority))

    served = []
    for _ in range(4):
        (name,) = [name for name, status in statuses().items() if status == "assigned"]
        served.append(name)
        send(*result(status="F", placer=name))

    assert served == ["P1", "P4", "P3", "P2"]


@pytest.mark.db
def test_hourly_limit_counts_assignments_made_also_those_reported_since(
    department: Department,
) -> None:
    department.add_reader("DR_A", max_studies_per_hour=2)
    send(*order(placer="P1"))
    send(*result(status="F", placer="P1"))
    send(*order(placer="P2"))

    send(*order(placer="P3"))
    send(*order(placer="P4", priority="S"))

    assert (readers(), reasons()) == (
        {"P1": "DR_A", "P2": "DR_A", "P4": "DR_A"},
        {"P3": "at_capacity"},
    )


@pytest.mark.db
def test_workload_row_always_equals_what_the_assignments_say(department: Department) -> None:
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    for number in range(12):
        send(*order(placer=f"P{number}", priority="SAR"[number % 3]))
    for number in range(0, 12, 3):
        send(*result(status="P", placer=f"P{number}"))
    send(*order(control="CA", placer="P1"))
    send(*order(control="HD", placer="P2"))
    send(*order(control="XO", placer="P4", priority="S"))

    for row in Workload.objects.all():
        held = Assignment.objects.filter(
            radiologist_id=row.pk, is_current=True, state__in=["assigned", "in_progress"]
        )
        counted = [held.filter(urgency=name).count() for name in ("STAT", "URGENT", "ROUTINE")]
        assert [row.open_stat, row.open_urgent, row.open_routine] == counted
        assert row.open_rvu == sum(assignment.rvu for assignment in held)


@pytest.mark.db
def test_failing_audit_undoes_the_assignment(department: Department) -> None:
    department.add_reader("DR_A")
    receive(*order(placer="P1"))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE audit_auditevent (at int) ON COMMIT DROP")

    with pytest.raises(Exception, match="auditevent"), transaction.atomic():
        process(queue.next_batch())

    assert (Assignment.objects.count(), LedgerEntry.objects.count()) == (0, 0)
    assert Workload.objects.get().open_studies == 0
    assert InboundMessage.objects.get().state == "waiting"


@pytest.mark.django_db(transaction=True)
def test_two_deciders_at_once_never_give_a_seat_twice() -> None:
    department = Department()
    department.add_reader("DR_A", max_concurrent_studies=3)
    department.add_reader("DR_B", max_concurrent_studies=2)
    for number in range(40):
        receive(*order(placer=f"P{number}"))

    _race([_drain, _drain, _drain])

    assert len(readers()) == 5
    assert {row.pk: row.open_studies for row in Workload.objects.all()} == {"DR_A": 3, "DR_B": 2}
    assert Unassigned.objects.count() == 35
    assert InboundMessage.objects.filter(state="processed").count() == 40
    forget_caches()


def _drain() -> None:
    idle = 0
    while idle < 3:
        idle = 0 if process_waiting() else idle + 1
    connection.close()


def _race(jobs: list[Callable[[], None]]) -> None:
    failures: list[BaseException] = []

    def run(job: Callable[[], None]) -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failures == []
