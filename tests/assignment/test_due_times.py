"""Every time of the clock comes once: with two workers, after a rollback, after kill -9."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections

from apps.assignment.desk import Case, Desk, flush
from apps.assignment.lock import take_assignment_lock
from apps.assignment.models import Assignment
from apps.assignment.services.clock import CHUNK
from apps.audit.models import AuditEvent
from apps.core import clock, due
from apps.core.models import DueTime
from apps.orders.models import Order
from apps.roster.models import Workload
from tests.support.department import Department, forget_caches, order, receive, settle

MANY = CHUNK + 15
KINDS = ("acknowledge_due", "report_due", "step_due", "offer_again")


@pytest.fixture
def stat_orders(transactional_db: None) -> Iterator[datetime]:  # noqa: ARG001 -- for its effect
    """More STAT orders than a chunk holds, with three readers; yields when all are overdue."""
    department = Department()
    for name in ("DR_A", "DR_B", "DR_C"):
        department.add_reader(name)
    for number in range(MANY):
        receive(*order(placer=f"P{number:03}", priority="S"))
    settle()
    yield clock.now() + timedelta(minutes=62)
    forget_caches()


def run_all(at: datetime) -> None:
    while due.run_due(at, before=take_assignment_lock):
        pass


def happened() -> dict[str, Counter[str]]:
    """Return by action how often it was noted for each order, or each assignment."""
    found: dict[str, Counter[str]] = {}
    for line in AuditEvent.objects.all():
        name = line.action
        if name == "sla_step":
            name = f"step {line.new_values['step']}"
        found.setdefault(name, Counter())[line.entity_id] += 1
    return found


def check_each_once() -> None:
    """Every order was breached once and every first offer missed once, and nothing is left due."""
    noted = happened()
    orders = {str(pk) for pk in Order.objects.values_list("pk", flat=True)}
    assert noted["sla_breach"] == dict.fromkeys(orders, 1)
    assert noted["step 1"] == dict.fromkeys(orders, 1)
    offers = Assignment.objects.exclude(acknowledge_missed_at=None)
    missed = {str(pk) for pk in offers.values_list("pk", flat=True)}
    assert noted["not_acknowledged"] == dict.fromkeys(missed, 1)
    assert len(missed) >= MANY
    for row in Workload.objects.all():
        held = Assignment.objects.filter(radiologist_id=row.pk, is_current=True)
        assert row.open_stat == held.count()


@pytest.mark.django_db(transaction=True)
def test_two_workers_racing_do_each_thing_once(stat_orders: datetime) -> None:
    gate = threading.Barrier(2)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            gate.wait()
            run_all(stat_orders)
        except BaseException as error:  # noqa: BLE001 -- told to the test
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert failures == []
    check_each_once()


@pytest.mark.django_db(transaction=True)
def test_killed_worker_leaves_everything_to_the_next(
    stat_orders: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed_after(count: int, name: str) -> None:
        """Fork a worker that is killed at its n-th call of a desk's method, before it commits."""
        if pid := os.fork():
            _, status = os.waitpid(pid, 0)
            assert os.WTERMSIG(status) == signal.SIGKILL
            return
        calls = iter(range(count))
        real: Callable[..., None] = getattr(Desk, name)

        def call(self: Desk, case: Case, **changes: object) -> None:
            real(self, case, **changes)
            if next(calls, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            monkeypatch.setattr(Desk, name, call)
            connections.close_all()
            run_all(stat_orders)
        finally:
            os._exit(1)

    connections.close_all()
    killed_after(40, "miss")
    killed_after(20, "take_steps")
    killed_after(MANY - 3, "take_steps")
    assert set(happened().get("sla_breach", Counter()).values()) <= {1}

    run_all(stat_orders)
    check_each_once()


@pytest.mark.django_db(transaction=True)
def test_rollback_undoes_the_effect_and_its_end_together(
    stat_orders: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, failures = flush.write, iter(range(3))

    def write(desk: Desk) -> flush.Flushed:
        flushed = real(desk)
        if next(failures, None) is not None:
            raise ValueError("after the writes, before the commit")
        return flushed

    monkeypatch.setattr(flush, "write", write)
    run_all(stat_orders)
    run_all(stat_orders + timedelta(minutes=1))

    check_each_once()


@pytest.mark.django_db(transaction=True)
def test_order_at_fault_holds_up_no_other_and_is_tried_again(
    stat_orders: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned = Order.objects.get(accession="P003").pk
    real = Desk.take_steps

    def take_steps(self: Desk, case: Case, *, is_over: bool = False) -> None:
        if case.order.pk == poisoned:
            raise ValueError("Doe")
        real(self, case, is_over=is_over)

    monkeypatch.setattr(Desk, "take_steps", take_steps)
    run_all(stat_orders)

    assert len(happened()["sla_breach"]) == MANY - 1
    own = DueTime.objects.filter(kind="report_due").exclude(subject="all")
    assert list(own.values_list("subject", "due_at")) == [
        (str(poisoned), stat_orders + timedelta(seconds=5))
    ]
    assert "report_due failed, each alone now: ValueError at " in caplog.text
    assert "Doe" not in caplog.text

    monkeypatch.setattr(Desk, "take_steps", real)
    run_all(stat_orders + timedelta(seconds=5))
    check_each_once()
    assert not DueTime.objects.filter(kind="report_due").exists()


@pytest.mark.django_db(transaction=True)
def test_nothing_stays_due_when_all_was_done(stat_orders: datetime) -> None:
    run_all(stat_orders)

    overdue = DueTime.objects.filter(kind__in=KINDS, due_at__lte=stat_orders)
    assert list(overdue) == []
