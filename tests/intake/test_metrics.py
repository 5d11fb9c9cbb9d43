from __future__ import annotations

import os
from pathlib import Path

import pytest

from apps.intake.metrics import forget_ended_processes


def test_live_gauges_of_ended_processes_go_and_those_of_the_living_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    # Beyond the largest process id that Linux gives.
    ended, living = (
        tmp_path / "gauge_livesum_4194305.db",
        tmp_path / f"gauge_livesum_{os.getpid()}.db",
    )
    counted = tmp_path / "counter_4194305.db"
    for path in (ended, living, counted):
        path.touch()

    forget_ended_processes()

    assert sorted(tmp_path.iterdir()) == sorted([living, counted])


def test_without_a_folder_there_is_nothing_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)

    forget_ended_processes()
