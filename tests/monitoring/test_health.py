from __future__ import annotations

import json
import socket
import threading
from datetime import timedelta
from time import perf_counter

import psycopg
import pytest
from django.db import connection, connections
from django.test import Client

from apps.core import clock
from apps.monitoring.health import Report, Signs, judge_listener, judge_queue, read_signs
from apps.monitoring.probe import probing
from tests.factories import HeartbeatFactory, InboundMessageFactory
from tests.factories.times import NOON

committed = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("worker", "waiting", "problems"),
    [
        pytest.param(1.0, None, [], id="idle"),
        pytest.param(10.0, 30.0, [], id="on the edge"),
        pytest.param(
            10.1, None, ["no worker gave a sign of life for 10 seconds"], id="silent worker"
        ),
        pytest.param(
            None, None, ["no worker gave a sign of life for 10 seconds"], id="never a worker"
        ),
        pytest.param(1.0, 31.0, ["a message has waited for 31 seconds"], id="stuck message"),
        pytest.param(
            None,
            40.0,
            [
                "no worker gave a sign of life for 10 seconds",
                "a message has waited for 40 seconds",
            ],
            id="both",
        ),
    ],
)
def test_queue_is_well_while_a_worker_lives_and_no_message_waits_for_long(
    worker: float | None, waiting: float | None, problems: list[str]
) -> None:
    oldest_at = None if waiting is None else NOON - timedelta(seconds=waiting)

    report = judge_queue(Signs(worker, None, oldest_at), at=NOON)

    assert report == {
        "status": "down" if problems else "ok",
        "worker_heartbeat_seconds": worker,
        "oldest_waiting_seconds": waiting,
        "problems": problems,
    }


@pytest.mark.parametrize(
    ("seconds", "status"), [(0.0, "ok"), (10.0, "ok"), (11.0, "down"), (None, "down")]
)
def test_listener_is_well_while_it_gives_signs_of_life(seconds: float | None, status: str) -> None:
    assert judge_listener(Signs(None, seconds, None))["status"] == status


def beat(role: str, *, seconds_ago: float = 0) -> None:
    HeartbeatFactory(role=role)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_heartbeat SET at = clock_timestamp() - make_interval(secs => %s) "
            "WHERE role = %s",
            [seconds_ago, role],
        )


def get(path: str) -> tuple[int, Report]:
    answer = Client().get(path)
    return answer.status_code, json.loads(answer.content)


@committed
def test_signs_are_those_of_the_latest_process_and_the_oldest_workable_message() -> None:
    beat("worker", seconds_ago=500)
    HeartbeatFactory(role="worker", at=NOON)
    at = clock.now()
    InboundMessageFactory(received_at=at - timedelta(hours=1), state="refused")
    InboundMessageFactory(received_at=at - timedelta(seconds=7))
    InboundMessageFactory(received_at=at - timedelta(seconds=3), is_urgent=True)

    with probing() as probe:
        signs = read_signs(probe)

    assert signs.worker_seconds == pytest.approx(500, abs=5)
    assert (signs.listener_seconds, signs.oldest_waiting_at) == (None, at - timedelta(seconds=7))


@committed
def test_stack_is_well_when_all_its_parts_are() -> None:
    beat("worker")
    beat("listener")

    status, report = get("/health")

    parts = {name: report[name]["status"] for name in ("database", "queue", "listener")}
    assert (status, report["status"], parts) == (
        200,
        "ok",
        {"database": "ok", "queue": "ok", "listener": "ok"},
    )


@committed
@pytest.mark.parametrize("alive", ["worker", "listener"])
def test_stack_is_down_when_one_part_is(alive: str) -> None:
    beat(alive)

    status, report = get("/health")

    down = [name for name in ("database", "queue", "listener") if report[name]["status"] != "ok"]
    assert (status, report["status"], down) == (
        503,
        "down",
        ["listener"] if alive == "worker" else ["queue"],
    )


@committed
def test_queue_health_tells_of_a_silent_worker() -> None:
    status, report = get("/health/queue")

    assert (status, report["problems"]) == (
        503,
        ["no worker gave a sign of life for 10 seconds"],
    )


@committed
def test_database_health_tells_how_fast_it_answered() -> None:
    status, report = get("/health/db")

    assert (status, report["status"], report["milliseconds"] > 0) == (200, "ok", True)


@pytest.mark.db
@pytest.mark.parametrize("path", ["/health", "/health/db", "/health/queue"])
def test_health_needs_no_sign_in_and_is_never_cached(path: str) -> None:
    answer = Client().get(path)

    assert answer["Content-Type"] == "application/json"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/health", "/health/db", "/health/queue"])
def test_health_says_503_at_once_while_the_database_is_away(
    path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", str(tmp_path))
    started = perf_counter()

    status, report = get(path)

    assert status == 503
    assert "does not answer" in json.dumps(report)
    assert str(tmp_path) not in json.dumps(report)
    assert perf_counter() - started < 3


@pytest.mark.wire
def test_health_does_not_hang_on_a_database_that_accepts_and_says_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = connections["default"].settings_dict
        monkeypatch.setitem(settings, "HOST", "127.0.0.1")
        monkeypatch.setitem(settings, "PORT", str(server.getsockname()[1]))
        started = perf_counter()

        status, _ = get("/health")

    assert status == 503
    assert perf_counter() - started < 3


@committed
def test_probe_gives_up_on_a_slow_statement_and_writes_nothing() -> None:
    with probing() as probe, pytest.raises(psycopg.errors.QueryCanceled):
        probe.execute("SELECT pg_sleep(5)")
    with probing() as probe, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        probe.execute("DELETE FROM core_heartbeat")


@committed
def test_health_holds_no_connection_after_it_answered() -> None:
    threads = [threading.Thread(target=get, args=("/health",)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'radassign-probe'"
            " AND state = 'active'"
        )
        assert cursor.fetchone() == (0,)
