from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from apps.core import clock, due
from apps.core.due import Due
from apps.core.models import DueTime, Heartbeat

pytestmark = [pytest.mark.django_db]

NOON = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def no_handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due, "_handlers", {})


@pytest.fixture
def rung() -> list[tuple[Due, datetime]]:
    """Every ring: what, and the moment the handler was told."""
    calls: list[tuple[Due, datetime]] = []
    due.register("ring", lambda item, at: calls.append((item, at)))
    return calls


def _rows() -> list[tuple[str, str, datetime, object]]:
    fields = ("kind", "subject", "due_at", "payload")
    return list(DueTime.objects.order_by("kind", "subject").values_list(*fields))


def test_a_later_word_on_the_same_thing_replaces_the_earlier() -> None:
    due.schedule_due("ring", "1", NOON, {"tier": 1})
    due.schedule_due("ring", "1", NOON + MINUTE)
    due.schedule_due("ring", "2", NOON)
    due.schedule_due("sing", "1", NOON)

    assert _rows() == [
        ("ring", "1", NOON + MINUTE, {}),
        ("ring", "2", NOON, {}),
        ("sing", "1", NOON, {}),
    ]


def test_many_are_set_in_one_statement_and_the_last_of_equals_counts(
    django_assert_num_queries: object,
) -> None:
    rows = [Due("ring", str(n % 3), NOON + n * MINUTE, {"n": n}) for n in range(6)]

    with django_assert_num_queries(1):  # type: ignore[operator] # a fixture that is called
        due.schedule_many(rows)
        due.schedule_many([])

    assert _rows() == [("ring", str(n), NOON + (n + 3) * MINUTE, {"n": n + 3}) for n in range(3)]


def test_what_is_cancelled_does_not_happen(rung: list[object]) -> None:
    due.schedule_many([Due("ring", str(n), NOON) for n in range(4)])

    assert due.cancel_due("ring", "0")
    assert not due.cancel_due("ring", "0")
    assert due.cancel_many([("ring", "1"), ("ring", "2"), ("ring", "9"), ("sing", "3")]) == 2
    assert due.cancel_many([]) == 0

    assert due.run_due(NOON) == 1
    assert rung == [(Due("ring", "3", NOON), NOON)]


def test_what_is_due_happens_once_the_longest_overdue_first(rung: list[object]) -> None:
    first, second, third = (
        Due("ring", "b", NOON - MINUTE, {"tier": 2}),
        Due("ring", "a", NOON),
        Due("ring", "c", NOON + timedelta(microseconds=1)),
    )
    due.schedule_many([third, second, first])

    assert due.run_due(NOON) == 2
    assert due.run_due(NOON) == 0

    assert rung == [(first, NOON), (second, NOON)]
    assert [row[1] for row in _rows()] == ["c"]


def test_no_more_than_the_limit_is_taken(rung: list[object]) -> None:
    due.schedule_many([Due("ring", str(n), NOON) for n in range(3)])

    assert (due.run_due(NOON, limit=2), len(rung)) == (2, 2)


def test_a_failing_handler_is_undone_and_its_row_set_for_later() -> None:
    def handler(_item: Due, _at: datetime) -> None:
        Heartbeat.objects.create(name="half done", role="x", at=NOON)
        raise ValueError("broken")

    due.register("fail", handler)
    due.schedule_due("fail", "1", NOON, {"tier": 1})

    assert due.run_due(NOON) == 1

    assert not Heartbeat.objects.exists()
    assert _rows() == [("fail", "1", NOON + timedelta(seconds=5), {"tier": 1, "_failures": 1})]


def test_failures_in_a_row_wait_longer_and_a_handler_does_not_see_the_count() -> None:
    seen: list[object] = []

    def handler(item: Due, _at: datetime) -> None:
        seen.append(item.payload)
        raise ValueError("broken")

    due.register("fail", handler)
    due.schedule_due("fail", "1", NOON, {"tier": 1})
    waits: list[float] = []
    at = NOON
    for _ in range(9):
        due.run_due(at)
        next_at = DueTime.objects.get().due_at
        waits.append((next_at - at).total_seconds())
        at = next_at

    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    assert seen == [{"tier": 1}] * 9


def test_an_unknown_kind_is_kept_for_a_worker_that_knows_it() -> None:
    due.schedule_due("nobody knows", "1", NOON)

    assert due.run_due(NOON) == 1

    assert [row[:2] for row in _rows()] == [("nobody knows", "1")]


def test_one_failure_does_not_keep_the_rest(rung: list[object]) -> None:
    due.schedule_many([Due("nobody knows", "1", NOON - MINUTE), Due("ring", "1", NOON)])

    due.run_due(NOON)

    assert rung == [(Due("ring", "1", NOON), NOON)]


def test_a_handler_may_set_the_next_time_of_its_own() -> None:
    def handler(item: Due, at: datetime) -> None:
        due.schedule_due(item.kind, item.subject, at + MINUTE, {"tier": 2})

    due.register("again", handler)
    due.schedule_due("again", "1", NOON, {"tier": 1})

    due.run_due(NOON)

    assert _rows() == [("again", "1", NOON + MINUTE, {"tier": 2})]


def test_locks_are_taken_before_any_row(rung: list[object]) -> None:
    due.schedule_due("ring", "1", NOON)
    order: list[object] = []
    due.register("ring", lambda item, _at: order.append(item.subject))

    def before() -> None:
        order.append(DueTime.objects.count())

    due.run_due(NOON, before=before)

    assert order == [1, "1", 0]
    assert rung == []


def test_the_nearest_is_known_and_overdue_only_when_its_time_came() -> None:
    assert (due.nearest_due(), due.overdue_since()) == (None, None)

    later = clock.now() + MINUTE
    due.schedule_due("ring", "later", later)
    assert (due.nearest_due(), due.overdue_since()) == (later, None)

    due.schedule_due("ring", "past", NOON)
    assert (due.nearest_due(), due.overdue_since()) == (NOON, NOON)


@pytest.mark.django_db(transaction=True)
def test_two_watchers_racing_do_each_thing_once() -> None:
    done: list[str] = []
    gate = threading.Barrier(2)

    def handler(item: Due, _at: datetime) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.002)")
        done.append(item.subject)

    due.register("race", handler)
    due.schedule_many([Due("race", str(n), NOON) for n in range(40)])

    def watch() -> None:
        gate.wait()
        due.run_due(NOON)
        connection.close()

    watchers = [threading.Thread(target=watch) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()

    assert sorted(done, key=int) == [str(n) for n in range(40)]
    assert not DueTime.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_in_a_handler_leaves_the_row(rung: list[object]) -> None:
    def die(_item: Due, _at: datetime) -> None:
        raise SystemExit  # what django-q2 raises where a task's time is up

    due.schedule_due("ring", "1", NOON)
    due.register("ring", die)

    with pytest.raises(SystemExit):
        due.run_due(NOON)

    assert _rows() == [("ring", "1", NOON, {})]
    assert rung == []


@pytest.mark.django_db(transaction=True)
def test_what_is_set_in_a_transaction_stands_or_falls_with_it() -> None:
    with transaction.atomic():
        due.schedule_due("ring", "1", NOON)
        transaction.set_rollback(True)

    assert due.nearest_due() is None
