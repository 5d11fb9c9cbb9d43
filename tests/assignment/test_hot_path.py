"""What the decider spends, whom it waits for, and what it reads before it decides."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from apps.assignment.desk import company
from apps.assignment.models import Assignment
from apps.core import bulk, clock
from apps.orders.models import Order
from apps.roster.models import Workload
from apps.rules.choices import ActionChoices
from apps.trials.models import MovedOrder, WhatIf
from tests import factories
from tests.factories import AssignmentRuleFactory
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


@pytest.mark.django_db(transaction=True)
def test_the_moves_of_a_what_if_hold_up_no_decision() -> None:
    """A row that points at an order is being stored while a message changes the order."""
    department = Department()
    department.add_reader("DR_A")
    send(*order(placer="P1"))
    now = clock.now()
    asked = WhatIf.objects.create(name="As it is", since=now, until=now, made_at=now)
    stored, free = threading.Event(), threading.Event()

    def store() -> None:
        try:
            with transaction.atomic():
                MovedOrder.objects.create(whatif=asked, order=Order.objects.get(), at=now)
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                stored.set()
                free.wait(10)
        finally:
            connection.close()

    storing = threading.Thread(target=store)
    storing.start()
    assert stored.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    try:
        message = receive(*order(placer="P1", priority="S"))
        take_effect()
        message.refresh_from_db()
        assert (message.state, not free.is_set()) == ("processed", True)
        assert Order.objects.get().urgency == "STAT"
    finally:
        free.set()
        storing.join(10)
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert MovedOrder.objects.count() == 1


def test_a_rule_has_shifts_go_round_that_choose_otherwise(department: Department) -> None:
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    AssignmentRuleFactory.create(
        action_type=ActionChoices.USE_STRATEGY, action_target="ROUND_ROBIN"
    )
    send(*order(placer="P1", mrn="MRN1"))
    send(*order(placer="P2", mrn="MRN2"))
    Workload.objects.filter(pk="DR_A").update(open_rvu=Decimal(50))

    send(*order(placer="P3", mrn="MRN3"))

    assert readers() == {"P1": "DR_A", "P2": "DR_B", "P3": "DR_A"}
    assert Assignment.objects.latest("pk").trace["tries"][0]["by"] == "turn"


def test_many_breaches_at_once_read_the_patients_other_studies_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def select(query: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
        read.append(query)
        return bulk.select(query, params)

    with time_machine.travel(NOON, tick=False) as travelled:
        factories.SlaPolicyFactory(urgency="ROUTINE", report_minutes=60)
        department = Department()
        department.add_reader("DR_MR")
        for number in range(10):
            receive(*order(placer=f"P{number}", mrn=f"MRN{number}", modality="CT"))
        settle()
        assert set(reasons().values()) == {"no_shift"}
        monkeypatch.setattr(company, "bulk", SimpleNamespace(select=select))
        travelled.shift(3600)
        settle()

    assert set(readers().values()) == {"DR_MR"}
    assert len(read) == 1


def test_a_study_on_a_shared_list_keeps_no_other_from_a_seat(department: Department) -> None:
    """Both are of one kind; the listed one comes first at each try and is nobody's again."""
    department.add_reader("DR_A", max_concurrent_studies=1)
    department.add_reader("DR_B", shift=department.add_shift("CT_ALL", modality="CT"))
    AssignmentRuleFactory.create(
        action_type=ActionChoices.ASSIGN_TO_WORKLIST,
        action_target="DR_B",
        condition_filters={"all": [{"field": "accession", "op": "=", "value": "P1"}]},
    )
    for number in range(3):
        send(*order(placer=f"P{number}", mrn=f"MRN{number + 1}"))
    assert reasons() == {"P1": "worklist", "P2": "at_capacity"}

    send(*result(placer="P0", status="F"))

    assert reasons() == {"P1": "worklist"}
    assert readers()["P2"] == "DR_A"
