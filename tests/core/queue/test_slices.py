from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection
from django.db.utils import OperationalError

from apps.core import heartbeat
from apps.core.models import Heartbeat, QueueTask
from apps.core.queue import probes, slices
from apps.core.queue.line import Line
from apps.core.queue.locks import is_held, try_lock
from apps.core.queue.slices import held_slice, run_slice, stop_soon

pytestmark = [pytest.mark.django_db(transaction=True)]

_CHANNEL = "radassign_decide"


class Pile:
    """Work in memory; every step can be watched."""

    def __init__(self, *steps: int | Exception) -> None:
        self.steps = list(steps)
        self.calls = 0

    def work(self) -> int:
        self.calls += 1
        step = self.steps.pop(0) if self.steps else 0
        if isinstance(step, Exception):
            raise step
        return step


def _run(pile: Pile, *, waits: bool = False, longest: float = 5.0, idle: float = 0.05) -> int:
    return run_slice(
        name="decide",
        channel=_CHANNEL,
        work=pile.work,
        has_work=lambda: waits,
        longest_seconds=longest,
        idle_seconds=idle,
    )


def _nudges() -> list[str]:
    return list(QueueTask.objects.values_list("dedupe_key", flat=True))


def test_a_slice_works_until_nothing_waits() -> None:
    pile = Pile(3, 2)

    assert (_run(pile), pile.calls, _nudges()) == (5, 3, [])


def test_a_slice_held_elsewhere_is_left_alone(line: Line) -> None:
    try_lock(line, "decide")
    pile = Pile(3)

    assert (_run(pile), pile.calls, _nudges()) == (0, 0, [])


def test_a_slice_holds_its_lock_while_it_works_and_not_after(line: Line) -> None:
    held: list[bool] = []

    def look() -> int:
        held.append(is_held(line, "decide"))
        return 0

    run_slice(
        name="decide", channel=_CHANNEL, work=look, has_work=lambda: False, idle_seconds=0.01
    )

    assert [*held, is_held(line, "decide")] == [True, False]


def test_a_notice_wakes_a_lingering_slice() -> None:
    woken_at: list[float] = []
    sent_at: list[float] = []

    def work() -> int:
        woken_at.append(time.monotonic())
        return 0

    def notify() -> None:
        sent_at.append(time.monotonic())
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {_CHANNEL}")
        connection.close()

    later = threading.Timer(0.3, notify)
    later.start()
    run_slice(name="decide", channel=_CHANNEL, work=work, has_work=lambda: False, idle_seconds=1.0)
    later.join()

    assert len(woken_at) == 2
    assert woken_at[1] >= sent_at[0]


def test_a_notice_during_the_work_is_not_lost() -> None:
    calls: list[int] = []

    def work() -> int:
        calls.append(1)
        if len(calls) == 1:
            with connection.cursor() as cursor:
                cursor.execute(f"NOTIFY {_CHANNEL}")
        return 0

    run_slice(name="decide", channel=_CHANNEL, work=work, has_work=lambda: False, idle_seconds=0.3)

    assert len(calls) == 2


def test_a_slice_whose_time_is_up_leaves_the_rest_to_the_next() -> None:
    pile = Pile(*[1] * 1000)

    done = _run(pile, longest=0.0)

    assert (done, _nudges()) == (1, ["apps.intake.tasks.decide_slice"])


def test_what_came_while_the_lock_was_let_go_is_nudged_for() -> None:
    _run(Pile(), waits=True)

    assert _nudges() == ["apps.intake.tasks.decide_slice"]


def test_without_has_work_the_probes_are_asked(now: datetime) -> None:
    def probe() -> datetime:
        return now

    probes.register_probe("decide", probe)
    try:
        run_slice(name="decide", channel=_CHANNEL, work=Pile().work, idle_seconds=0.01)
    finally:
        probes.unregister_probe("decide", probe)

    assert _nudges() == ["apps.intake.tasks.decide_slice"]


def test_a_failing_slice_ends_waits_and_is_nudged_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(slices, "_FIRST_BACK_OFF_SECONDS", 0.2)
    pile = Pile(ValueError("Doe"), 5)
    begun = time.monotonic()

    assert _run(pile) == 0

    assert (pile.calls, _nudges()) == (1, ["apps.intake.tasks.decide_slice"])
    assert time.monotonic() - begun >= 0.2
    assert "slice decide failed: ValueError at " in caplog.text
    assert "Doe" not in caplog.text


def test_failures_in_a_row_wait_longer_until_one_slice_goes_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(slices, "_rest", waits.append)

    for _ in range(7):
        _run(Pile(ValueError()))
    _run(Pile(1))
    _run(Pile(ValueError()))

    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0, 0.25]


def test_a_database_error_gives_up_djangos_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "_FIRST_BACK_OFF_SECONDS", 0.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        before = cursor.fetchone()

    _run(Pile(OperationalError("gone")))

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        assert cursor.fetchone() != before


def test_a_lost_line_ends_the_slice_and_the_next_opens_another() -> None:
    def cut() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'radassign-slice-decide'"
            )
        return 1

    run_slice(name="decide", channel=_CHANNEL, work=cut, has_work=lambda: False)

    assert _run(Pile(2)) == 2


def test_a_slice_asked_to_stop_ends_after_its_step() -> None:
    def work() -> int:
        stop_soon()
        return 1

    begun = time.monotonic()
    done = run_slice(name="decide", channel=_CHANNEL, work=work, has_work=lambda: True)

    assert (done, _nudges()) == (1, ["apps.intake.tasks.decide_slice"])
    assert time.monotonic() - begun < 2
    assert run_slice(name="decide", channel=_CHANNEL, work=work) == 0


def test_a_lingering_slice_asked_to_stop_ends_within_a_moment() -> None:
    later = threading.Timer(0.2, stop_soon)
    later.start()
    begun = time.monotonic()

    _run(Pile(), idle=30, longest=60)
    later.join()

    assert time.monotonic() - begun < 5


def test_a_slice_gives_a_sign_of_life_with_what_it_did() -> None:
    _run(Pile(4))
    before = Heartbeat.objects.get(role="decide").details["done"]
    _run(Pile(3))

    row = Heartbeat.objects.get(role="decide")
    assert (row.name, row.details["done"] - before) == (heartbeat.process_name("decide"), 3)


def test_the_line_is_kept_between_slices_and_hears_nothing_meanwhile(
    make_line: Callable[..., Line],
) -> None:
    with held_slice("decide", _CHANNEL) as first:
        assert first is not None
        session = first.rows("SELECT pg_backend_pid()")
    make_line().rows("SELECT pg_notify(%s, '')", [_CHANNEL])

    with held_slice("decide", _CHANNEL) as second:
        assert second is not None
        assert second.rows("SELECT pg_backend_pid()") == session
        assert second.take_notices() == []
