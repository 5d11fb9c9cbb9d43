from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from apps.assignment.snapshot.cache import forget
from apps.monitoring import coverage
from apps.roster.models import PlannedGap
from tests.assignment.coverage.scene import WEDNESDAY, day_shift, on, place
from tests.factories.times import NOON

committed = pytest.mark.django_db(transaction=True)
UNCOVERED, THIN = "assignment_engine_coverage_uncovered", "assignment_engine_coverage_thin"


@pytest.fixture(autouse=True)
def anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    monkeypatch.setattr(coverage, "_last", None)
    forget()
    with time_machine.travel(NOON, tick=False):
        yield


def gauge(name: str) -> dict[tuple[str, ...], float]:
    text = Client().get("/metrics").content.decode()
    [family] = [found for found in text_string_to_metric_families(text) if found.name == name]
    return {
        (sample.labels["site"], sample.labels["modality"]): sample.value
        for sample in family.samples
    }


@committed
def test_it_counts_the_kinds_of_work_that_nobody_may_be_given_in_the_next_hour() -> None:
    robina, tweed = place("ROBINA"), place("TWEED")
    on(day_shift(robina, work="MR"), "SMITH")
    day_shift(robina, tweed, code="CT", work="CT")
    on(day_shift(tweed, code="TWO", work="", readers_wanted=2), "JONES")
    assert gauge(UNCOVERED) == {
        ("ROBINA", "MR"): 0,
        ("ROBINA", "CT"): 1,
        ("TWEED", "CT"): 0,
        ("TWEED", "MR"): 0,
        ("TWEED", "any"): 0,
    }
    assert gauge(THIN) == {
        ("ROBINA", "MR"): 0,
        ("ROBINA", "CT"): 0,
        ("TWEED", "CT"): 1,
        ("TWEED", "MR"): 1,
        ("TWEED", "any"): 1,
    }


@committed
def test_what_is_meant_and_what_is_later_does_not_count() -> None:
    robina = place("ROBINA")
    shift = day_shift(robina)
    day_shift(robina, code="NIGHT", work="CT", start_local="22:00", end_local="06:00")
    PlannedGap.objects.create(shift=shift, start_date=WEDNESDAY, reason="Closed")
    assert gauge(UNCOVERED) == {("ROBINA", "CT"): 0, ("ROBINA", "MR"): 0}


@committed
def test_an_edit_shows_in_the_same_minute_and_time_in_the_next() -> None:
    shift = day_shift(place("ROBINA"))
    assert gauge(UNCOVERED) == {("ROBINA", "MR"): 1}
    on(shift, "SMITH")
    assert gauge(UNCOVERED) == {("ROBINA", "MR"): 0}
    shift.roster.all().delete()
    with time_machine.travel("2026-02-04T06:00:00+00:00", tick=False):
        assert gauge(UNCOVERED) == {("ROBINA", "MR"): 0}
