from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from apps.core import heartbeat
from apps.core.models import Heartbeat
from apps.core.queue.line import Line

pytestmark = [pytest.mark.django_db(transaction=True)]


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line("test")
    yield line
    line.close()


def _age(seconds: float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_heartbeat SET at = clock_timestamp() - make_interval(secs => %s)",
            [seconds],
        )


def test_a_process_has_one_row_with_its_latest_word(line: Line) -> None:
    heartbeat.beat(line, "decide", done=1)
    heartbeat.beat(line, "decide", done=7)

    row = Heartbeat.objects.get()
    assert (row.name, row.role, row.details) == (
        heartbeat.process_name("decide"),
        "decide",
        {"done": 7},
    )
    assert heartbeat.done_by_process(line, "decide") == {row.name: 7}


def test_what_a_process_did_is_nothing_until_it_says_so(line: Line) -> None:
    heartbeat.beat(line, "worker")

    assert heartbeat.done_by_process(line, "worker") == {heartbeat.process_name("worker"): 0}


def test_a_role_is_as_old_as_its_youngest_word(line: Line) -> None:
    assert heartbeat.seconds_since("worker") is None

    heartbeat.beat(line, "worker")
    _age(30)
    age = heartbeat.seconds_since("worker")

    assert age is not None
    assert 30 <= age < 40


def test_rows_of_the_dead_are_swept_and_the_living_stay(line: Line) -> None:
    heartbeat.beat(line, "dead")
    _age(heartbeat.SWEEP_SECONDS + 1)
    heartbeat.beat(line, "living")

    heartbeat.sweep(line)

    assert list(Heartbeat.objects.values_list("role", flat=True)) == ["living"]


def test_a_process_that_ends_takes_its_row_with_it(line: Line) -> None:
    heartbeat.beat(line, "worker")
    heartbeat.beat(line, "decide")

    heartbeat.end(line, "worker")

    assert list(Heartbeat.objects.values_list("role", flat=True)) == ["decide"]
