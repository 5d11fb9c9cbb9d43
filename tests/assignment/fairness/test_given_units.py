"""What readers were given equals a count over the assignments, whatever happens to the studies."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from apps.assignment.desk import Desk, load_cases, open_desk
from apps.assignment.desk.by_hand import open_hand_desk
from apps.assignment.models import Assignment, LedgerEntry
from apps.assignment.snapshot import ledger
from apps.core import clock
from apps.engine.codes import Urgency
from apps.orders.choices import OrderStatus
from apps.orders.models import Order
from tests.support.department import Department, order, send

READERS = ("DR_A", "DR_B", "DR_C")


def counted(at: datetime) -> dict[str, Decimal]:
    """Count over the assignments: what each has or has read, held ones not."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in Assignment.objects.filter(assigned_at__gte=at - timedelta(days=1)):
        is_given = row.is_current and row.state != "held"
        if is_given or row.completed_at is not None:
            sums[row.radiologist_id] += row.units
    return {name: sums[name] for name in READERS}


def kept(at: datetime) -> dict[str, Decimal]:
    """Return what the process's copy says."""
    with transaction.atomic():
        desk = open_desk(at=at, actor="system:test")
        return {name: desk.book.loads[name].given_units for name in READERS}


def asked(at: datetime) -> dict[str, Decimal]:
    """Return what a copy for one moment says."""
    with transaction.atomic():
        desk = open_hand_desk(at=at, actor="user:test")
        return {name: desk.book.loads[name].given_units for name in READERS}


@pytest.mark.db
@pytest.mark.parametrize("seed", range(3))
def test_given_units_equal_a_count_over_the_assignments(department: Department, seed: int) -> None:
    for name in READERS:
        department.add_reader(name)
    chance = random.Random(seed)  # noqa: S311 -- a seeded choice of what happens
    for number in range(8):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))

    for _ in range(40):
        _something_happens(chance)
        if chance.random() < 0.1:
            ledger.forget()  # a worker was started anew

    at = clock.now()
    assert kept(at) == counted(at)
    assert asked(at) == counted(at)


def _something_happens(chance: random.Random) -> None:
    order_id = chance.choice(list(Order.objects.values_list("pk", flat=True)))
    at = clock.now()
    with transaction.atomic():
        is_by_hand = chance.random() < 0.5
        opened = open_hand_desk if is_by_hand else open_desk
        desk: Desk = opened(at=at, actor="user:test")
        case = load_cases([order_id])[order_id]
        match case.order.status, chance.randrange(6):
            case OrderStatus.HELD, 0 | 1 | 2:
                desk.release(case)
            case OrderStatus.HELD | OrderStatus.ASSIGNED | OrderStatus.IN_PROGRESS, 3:
                desk.report(case, OrderStatus.FINAL)
            case OrderStatus.ASSIGNED | OrderStatus.UNASSIGNED, 0:
                desk.hold(case, "images are missing")
            case OrderStatus.ASSIGNED, 1:
                desk.decide(case, passed_over=frozenset({chance.choice(READERS)}))
            case OrderStatus.ASSIGNED, 2:
                case.order.rvu = case.order.units = Decimal(chance.randrange(1, 400)) / 100
                desk.resize(case)
            case OrderStatus.ASSIGNED, 4:
                desk.set_urgency(case, chance.choice(list(Urgency)))
            case OrderStatus.ASSIGNED, 5:
                desk.start(case)
            case _:
                pass
        desk.flush()
        # What was in hand agrees with what is stored, before anybody reads it again.
        in_hand = {name: desk.book.loads[name].given_units for name in READERS}
        assert in_hand == counted(at)


@pytest.mark.db
def test_what_was_given_before_the_turn_of_duty_does_not_count(department: Department) -> None:
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    yesterday = clock.now() - timedelta(hours=25)
    Assignment.objects.update(assigned_at=yesterday)
    LedgerEntry.objects.update(at=yesterday)
    ledger.forget()
    send(*order(placer="P2", mrn="M2"))

    with transaction.atomic():
        desk = open_desk(at=clock.now(), actor="system:test")
        assert desk.book.loads["DR_A"].given_units == Decimal(1)
