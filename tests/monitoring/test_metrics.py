from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from apps.intake.models import SenderContact
from tests.factories import (
    DestinationFactory,
    OutboundMessageFactory,
    ReplayCheckFactory,
    UnassignedFactory,
)
from tests.factories.times import NOON

committed = pytest.mark.django_db(transaction=True)

NAMES = {
    "assignment_engine_assignments",
    "assignment_engine_assignment_latency_seconds",
    "assignment_engine_sla_breaches",
    "assignment_engine_rule_matches",
    "assignment_engine_unassigned",
    "hl7_listener_messages_received",
    "hl7_listener_connections",
    "hl7_emitter_messages_sent",
    "hl7_emitter_queue",
    "roster_cache_refresh_seconds",
    "rules_cache_refresh_seconds",
}
"""Source: spec 6. The parser takes the ``_total`` of counters off."""


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    return tmp_path


def scrape() -> dict[str, dict[tuple[str, ...], float]]:
    text = Client().get("/metrics").content.decode()
    return {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(text)
    }


@committed
def test_every_name_is_there_before_anything_happened() -> None:
    assert NAMES - scrape().keys() == set()


@committed
def test_no_family_is_shown_twice() -> None:
    text = Client().get("/metrics").content.decode()

    types = [line for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(types) == len(set(types))


@committed
def test_unassigned_has_every_reason_at_zero_too() -> None:
    UnassignedFactory(reason="no_shift")
    UnassignedFactory(reason="no_shift")

    unassigned = scrape()["assignment_engine_unassigned"]

    assert unassigned["no_shift",] == 2
    assert unassigned["held",] == 0
    assert sum(unassigned.values()) == 2


@committed
def test_silent_senders_are_counted_and_none_is_zero() -> None:
    assert scrape()["assignment_engine_silent_senders"] == {(): 0}
    SenderContact.objects.create(application="PACS", last_at=NOON, silent_since=NOON)
    SenderContact.objects.create(application="RIS", last_at=NOON)

    assert scrape()["assignment_engine_silent_senders"] == {(): 1}


@committed
def test_decisions_that_drifted_are_those_of_the_newest_check_and_health_stays_well() -> None:
    assert scrape()["assignment_engine_replay_drift"] == {(): 0}
    ReplayCheckFactory(at=NOON, drifted=5)
    ReplayCheckFactory(at=NOON + timedelta(days=1), drifted=2)

    assert scrape()["assignment_engine_replay_drift"] == {(): 2}
    assert Client().get("/health/db").status_code == 200


@committed
def test_emitter_queue_has_every_destination_and_counts_what_is_queued() -> None:
    DestinationFactory(name="Idle")
    busy = DestinationFactory(name="Busy")
    for state in ("queued", "queued", "dead", "cancelled"):
        OutboundMessageFactory(destination=busy, state=state)

    found = scrape()

    assert found["hl7_emitter_queue"] == {("Busy",): 2, ("Idle",): 0}
    assert found["hl7_emitter_dead_letters"] == {("Busy",): 1, ("Idle",): 0}


@committed
def test_figures_of_other_processes_are_added_up() -> None:
    counting = (
        "from prometheus_client import Counter;"
        "Counter('assignment_engine_assignments_total', '.', ['shift', 'strategy', 'escalated'])"
        ".labels('MRI', 'SCORED', 'false').inc(3)"
    )
    for _ in range(2):
        subprocess.run([sys.executable, "-c", counting], check=True, env=dict(os.environ))

    assert scrape()["assignment_engine_assignments"] == {("false", "MRI", "SCORED"): 6}


def test_counters_are_shown_while_the_database_is_away(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(connections["default"].settings_dict, "HOST", str(tmp_path))

    found = scrape()

    assert found["radassign_database_up"] == {(): 0}
    assert NAMES - found.keys() == set()


@committed
def test_metrics_need_no_sign_in_and_show_nothing_of_one_process() -> None:
    found = scrape()

    assert [name for name in found if name.startswith(("python_", "process_"))] == []


@pytest.mark.wire
@committed
def test_machine_without_a_web_process_has_an_address_of_its_own() -> None:
    command = [sys.executable, "manage.py", "metrics", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 -- our own server
            text = answer.read().decode()
        server.send_signal(signal.SIGTERM)
        assert server.wait(10) == 0

    found = {family.name for family in text_string_to_metric_families(text)}
    assert NAMES - found == set()
