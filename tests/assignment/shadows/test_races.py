from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from apps.assignment.models import ShadowResult
from apps.rules.choices import ActionChoices
from apps.rules.exceptions import ShadowError
from apps.rules.models import RuleDraft, Shadow
from apps.rules.services import shadows
from tests.factories import AssignmentRuleFactory
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.support.department import Department, order, readers, send

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def draft() -> RuleDraft:
    made = RuleDraftFactory.create()
    drafted(made, AssignmentRuleFactory.build(action_type=ActionChoices.HOLD))
    return made


def at_once(*deeds: Callable[[], object]) -> list[str]:
    said: list[str] = []
    ready = threading.Barrier(len(deeds))

    def do(deed: Callable[[], object]) -> None:
        try:
            ready.wait(10)
            deed()
            said.append("done")
        except ShadowError as error:
            said.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return sorted(said)


def test_of_many_started_at_once_only_three_run() -> None:
    drafts = [draft() for _ in range(5)]

    def start(draft_id: int) -> Callable[[], object]:
        return lambda: shadows.start(draft_id=draft_id, days=1, at=NOON, actor="user:ann")

    said = at_once(*(start(one.pk) for one in drafts))

    assert said == ["3 drafts run already; stop one of them first."] * 2 + ["done"] * 3
    assert Shadow.objects.filter(state="running").count() == 3


def test_one_draft_started_twice_at_once_runs_once() -> None:
    one = draft()

    def start() -> object:
        return shadows.start(draft_id=one.pk, days=1, at=NOON, actor="user:ann")

    assert at_once(start, start) == ["The draft runs beside the live rules already.", "done"]
    assert Shadow.objects.count() == 1


def test_who_is_stopping_a_shadow_holds_up_no_decision() -> None:
    """Its row is locked by somebody else's transaction while the order is decided."""
    department = Department()
    department.add_reader("DR_A")
    shadow = shadows.start(draft_id=draft().pk, days=1, at=datetime.now(UTC), actor="user:ann")
    send(*order(placer="P1"))
    held, free = threading.Event(), threading.Event()

    def lock(statement: str) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement, [shadow.pk])
                held.set()
                free.wait(20)
                transaction.set_rollback(True)
        finally:
            connection.close()

    lock_it = "SELECT FROM rules_shadow WHERE id = %s FOR UPDATE"
    thread = threading.Thread(target=lock, args=(lock_it,))
    thread.start()
    held.wait(10)
    try:
        send(*order(placer="P2"))
        assert readers() == {"P1": "DR_A", "P2": "DR_A"}
    finally:
        free.set()
        thread.join(20)
    assert list(ShadowResult.objects.values_list("order__accession", flat=True)) == ["P1"]
