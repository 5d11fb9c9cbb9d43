from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from apps.monitoring import multiprocess
from apps.monitoring.multiprocess import compact, merged_families

_PROCESS = """
from prometheus_client import Counter, Gauge, Histogram
Counter("orders_total", "Orders.", ["shift"]).labels("MRI").inc({count})
Histogram("wait_seconds", "Wait.", buckets=(1, 5)).observe({wait})
Gauge("open", "Open.", multiprocess_mode="livesum").set({count})
"""


def process(folder: Path, *, count: int = 1, wait: float = 0.5) -> None:
    """Let a process of its own count something and end."""
    subprocess.run(
        [sys.executable, "-c", _PROCESS.format(count=count, wait=wait)],
        env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(folder)},
        check=True,
    )


def samples(folder: Path) -> dict[str, float]:
    return {
        sample.name + json.dumps(sample.labels): sample.value
        for family in merged_families(folder)
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


EXPECTED_OF_TWO = {
    'orders_total{"shift": "MRI"}': 5.0,
    'wait_seconds_bucket{"le": "1.0"}': 1.0,
    'wait_seconds_bucket{"le": "5.0"}': 2.0,
    'wait_seconds_bucket{"le": "+Inf"}': 2.0,
    "wait_seconds_count{}": 2.0,
    "wait_seconds_sum{}": 2.5,
}


@pytest.fixture
def two_dead(tmp_path: Path) -> Path:
    process(tmp_path, count=2, wait=0.5)
    process(tmp_path, count=3, wait=2.0)
    return tmp_path


def test_counts_of_ended_processes_stay_and_their_gauges_end(two_dead: Path) -> None:
    assert samples(two_dead) == EXPECTED_OF_TWO


def test_ended_processes_leave_one_archive_of_each_kind(two_dead: Path) -> None:
    compact(two_dead)

    assert sorted(path.name for path in two_dead.iterdir()) == [
        "archive.json",
        "archive.lock",
        "counter_1.archive",
        "histogram_1.archive",
    ]


def test_later_processes_are_added_to_the_archive(two_dead: Path) -> None:
    compact(two_dead)
    process(two_dead, count=10, wait=9)
    compact(two_dead)

    found = samples(two_dead)

    assert found['orders_total{"shift": "MRI"}'] == 15
    assert found["wait_seconds_count{}"] == 3
    assert len(list(two_dead.glob("*.archive"))) == 2


def test_compaction_again_and_again_changes_nothing(two_dead: Path) -> None:
    for _ in range(3):
        compact(two_dead)

    assert samples(two_dead) == EXPECTED_OF_TWO


@pytest.mark.parametrize("fails_at", ["_write_archives", "_write_manifest", "_finish"])
def test_crash_in_the_middle_loses_and_doubles_nothing(
    two_dead: Path, monkeypatch: pytest.MonkeyPatch, fails_at: str
) -> None:
    real = getattr(multiprocess, fails_at)
    calls = []

    def crash(*args: object, **kwargs: object) -> object:
        calls.append(fails_at)
        # `_finish` is called before a compaction too; the crash is in the one that ends it.
        if fails_at == "_finish" and len(calls) == 1:
            return real(*args, **kwargs)
        if fails_at == "_write_archives":
            real(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(multiprocess, fails_at, crash)
        compact(two_dead)

    assert samples(two_dead) == EXPECTED_OF_TWO


def test_a_new_process_with_the_number_of_a_dead_one_counts_again(two_dead: Path) -> None:
    before = {path.name for path in two_dead.glob("counter_*.db")}
    compact(two_dead)
    process(two_dead, count=100)
    (fresh,) = two_dead.glob("counter_*.db")
    fresh.rename(two_dead / before.pop())

    assert samples(two_dead)['orders_total{"shift": "MRI"}'] == 105


def test_files_of_living_processes_are_left_to_them(tmp_path: Path) -> None:
    process(tmp_path)
    (mine,) = tmp_path.glob("counter_*.db")
    mine.rename(tmp_path / f"counter_{os.getpid()}.db")

    compact(tmp_path)

    assert (tmp_path / f"counter_{os.getpid()}.db").exists()


def test_half_written_file_of_a_killed_process_costs_only_its_own_figures(
    two_dead: Path,
) -> None:
    (two_dead / "counter_99999999.db").write_bytes(b"\xff\x00\x00\x00garbage")

    assert samples(two_dead) == EXPECTED_OF_TWO


def test_folder_that_does_not_exist_yet_has_no_figures(tmp_path: Path) -> None:
    assert merged_families(tmp_path / "later") == []
