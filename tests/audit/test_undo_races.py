"""Undo while somebody else writes: it waits, looks again, and never writes over them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from apps.audit.exceptions import UndoError
from apps.audit.services.undo import undo
from apps.catalog.models import Procedure
from apps.core.access import FULL_ACCESS
from apps.core.actor import Actor, acting_as
from tests.factories import ProcedureFactory

pytestmark = [pytest.mark.db, pytest.mark.django_db(transaction=True)]

ANN, BOB = Actor("user", "ann"), Actor("user", "bob")
_PATIENCE = 10
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


class Undoing(threading.Thread):
    """Takes back ``r1`` on a connection of its own; ``said`` is what came of it."""

    said = ""

    def run(self) -> None:
        try:
            with acting_as(ANN, "undo"):
                count = undo("r1", actor=str(ANN), access=FULL_ACCESS)
            self.said = f"{count} taken back"
        except UndoError as error:
            self.said = str(error)
        finally:
            connection.close()


@contextmanager
def waiting_undo(*, committed: bool = True) -> Iterator[Undoing]:
    """Let an undo meet what the block has changed, before that is committed or rolled back."""
    thread = Undoing()
    with transaction.atomic():
        yield thread
        thread.start()
        _until_somebody_waits()
        transaction.set_rollback(not committed)
    thread.join(_PATIENCE)


def _until_somebody_waits() -> None:
    tick = threading.Event()
    with connection.cursor() as cursor:
        for _ in range(_PATIENCE * 20):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(_WAITING)
            if cursor.fetchone() != (0,):
                return
            tick.wait(0.05)
    raise AssertionError("nobody waits")


def _changed_by_ann() -> list[Procedure]:
    rows = [ProcedureFactory.create(rvu=1) for _ in range(5)]
    with acting_as(ANN, "r1"):
        Procedure.objects.update(rvu=2)
    return rows


def _weights() -> list[int]:
    return [int(row.rvu) for row in Procedure.objects.order_by("pk")]


def test_an_edit_that_is_committed_meanwhile_stands_and_is_told() -> None:
    rows = _changed_by_ann()
    with waiting_undo() as undoing, acting_as(BOB, "r2"):
        Procedure.objects.filter(pk=rows[2].pk).update(rvu=7)
    assert undoing.said.endswith(" was changed again since by bob; nothing was taken back.")
    assert rows[2].code in undoing.said
    assert _weights() == [2, 2, 7, 2, 2]


def test_a_row_that_is_deleted_meanwhile_does_not_come_back() -> None:
    rows = _changed_by_ann()
    with waiting_undo() as undoing, acting_as(BOB, "r2"):
        rows[2].delete()
    assert "changed again since by bob" in undoing.said
    assert _weights() == [2, 2, 2, 2]


def test_an_edit_that_comes_to_nothing_does_not_stop_it() -> None:
    rows = _changed_by_ann()
    with waiting_undo(committed=False) as undoing, acting_as(BOB, "r2"):
        Procedure.objects.filter(pk=rows[2].pk).update(rvu=7)
    assert undoing.said == "5 taken back"
    assert _weights() == [1] * 5


def test_pressed_twice_it_takes_back_once() -> None:
    _changed_by_ann()
    both = [Undoing(), Undoing()]
    for one in both:
        one.start()
    for one in both:
        one.join(_PATIENCE)
    done, refused = sorted(one.said for one in both)
    assert done == "5 taken back"
    assert refused.endswith("changed again since; nothing was taken back.")
    assert _weights() == [1] * 5


def test_who_waits_too_long_is_told_to_try_again() -> None:
    rows = _changed_by_ann()
    outcome: list[str] = []

    def impatient() -> None:
        try:
            with acting_as(ANN, "undo"), connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
                undo("r1", actor=str(ANN), access=FULL_ACCESS)
        except UndoError as error:
            outcome.append(str(error))
        finally:
            connection.close()

    with acting_as(BOB, "r2"):
        Procedure.objects.filter(pk=rows[2].pk).update(rvu=7)
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join(_PATIENCE)
    assert outcome == ["Somebody is changing the same at this moment; try again."]
    assert _weights() == [2, 2, 7, 2, 2]
