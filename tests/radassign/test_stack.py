from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from radassign.locks import try_hold
from radassign.secret_files import kept_secret
from radassign.stack import announce, process_start, running_ports, withdraw
from radassign.supervisor.ports import Port, obstacles
from radassign.up.plan import Plan
from radassign.up.readiness import welcome
from radassign.up.steps import Step, StepError, perform, steps

PROJECT = Path(__file__).resolve().parents[2]

PORTS = {"HTTP_PORT": 8001, "HL7_PORT": 2577}


def _plan(tmp_path: Path, *, is_demo: bool) -> Plan:
    ports = {**PORTS, "RIS_PORT": 2578} if is_demo else PORTS
    return Plan(tmp_path, tmp_path / "var", "0.0.0.0", "127.0.0.1", ports, is_demo, True)  # noqa: S104, FBT003 -- a bind address; a plain record


def test_a_running_stack_tells_its_ports_until_it_withdraws(tmp_path: Path) -> None:
    announce(tmp_path, PORTS)
    assert running_ports(tmp_path) == PORTS
    withdraw(tmp_path)
    assert running_ports(tmp_path) == {}


def test_the_announcement_of_a_dead_stack_is_not_believed(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from radassign.stack import announce;"
        "announce(Path(sys.argv[1]), {'HTTP_PORT': 8001})"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=True)
    assert (tmp_path / "stack.json").exists()
    assert running_ports(tmp_path) == {}


def test_the_announcement_is_for_its_owner_only(tmp_path: Path) -> None:
    announce(tmp_path, PORTS)
    assert (tmp_path / "stack.json").stat().st_mode & 0o777 == 0o600


def test_process_start_tells_processes_apart() -> None:
    assert process_start(os.getpid()) == process_start(os.getpid()) != process_start(1)
    assert process_start(2**22 + 1) is None


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = try_hold(tmp_path / "supervisor.lock")
    assert first is not None
    assert try_hold(tmp_path / "supervisor.lock") is None
    first.close()
    again = try_hold(tmp_path / "supervisor.lock")
    assert again is not None
    again.close()


def test_a_secret_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    first = kept_secret(tmp_path, "django.key")
    assert kept_secret(tmp_path, "django.key") == first
    assert len(first) >= 50
    assert kept_secret(tmp_path, "other.key") != first
    path = tmp_path / "secrets" / "django.key"
    assert [p.stat().st_mode & 0o777 for p in (path, path.parent)] == [0o600, 0o700]
    assert sorted(p.name for p in path.parent.iterdir()) == ["django.key", "other.key"]


@pytest.mark.wire
def test_a_port_that_somebody_listens_on_is_named_with_its_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = Port("HL7_PORT", "127.0.0.1", probe.getsockname()[1])
        probe.close()
        used = Port("HTTP_PORT", "127.0.0.1", taken.getsockname()[1])
        assert obstacles([used, free]) == [
            f"port {used.number} on 127.0.0.1 is in use; free it, or set HTTP_PORT"
        ]


def test_an_address_that_is_not_ours_is_not_called_in_use() -> None:
    [reason] = obstacles([Port("HL7_PORT", "192.0.2.1", 2575)])
    assert reason == (
        "port 2575 on 192.0.2.1: Cannot assign requested address; set HL7_PORT or HL7_HOST"
    )


def test_a_stack_runs_web_listener_and_worker(tmp_path: Path) -> None:
    services = _plan(tmp_path, is_demo=False).services()
    assert [(s.name, s.environment["RADASSIGN_ROLE"], s.stop_phase) for s in services] == [
        ("web", "web", 0),
        ("listener", "listener", 0),
        ("worker", "worker", 1),
    ]
    assert {s.environment["HL7_PORT"] for s in services} == {"2577"}


def test_the_demo_adds_a_ris_that_receives_and_one_that_orders(tmp_path: Path) -> None:
    services = _plan(tmp_path, is_demo=True).services()
    assert [s.name for s in services] == ["ris", "web", "listener", "worker", "simulator"]
    assert list(services[0].command[-3:]) == ["receive_hl7", "--port", "2578"]


def test_the_dashboards_address_is_one_a_browser_can_open(tmp_path: Path) -> None:
    assert _plan(tmp_path, is_demo=False).dashboard_url() == "http://127.0.0.1:8001/"


def test_the_welcome_of_the_demo_names_the_sign_in_and_what_to_try(tmp_path: Path) -> None:
    plan = _plan(tmp_path, is_demo=True)
    secret = kept_secret(plan.data_dir, "demo.password")
    lines = welcome(plan).splitlines()
    assert lines[1:6] == [
        "  dashboard       http://127.0.0.1:8001/",
        f"  sign in as      manager / {secret}",
        f"  sign in as      smith / {secret}",
        f"  sign in as      auditor / {secret}",
        f"  sign in as      admin / {secret}",
    ]
    order = lines[9].split()[-1]
    assert (order, (PROJECT / order).exists()) == ("fixtures/hl7/orm_vendor.hl7", True)


def test_the_welcome_names_the_data_folder_where_it_is_not_the_default(tmp_path: Path) -> None:
    plan = replace(_plan(tmp_path, is_demo=False), data_dir=tmp_path / "second")
    assert (
        f"  first sign-in   RADASSIGN_DATA_DIR={tmp_path}/second .venv/bin/python manage.py "
        "createsuperuser"
    ) in welcome(plan).splitlines()


def test_demo_data_is_loaded_once(tmp_path: Path) -> None:
    plan = _plan(tmp_path, is_demo=True)
    plan.data_dir.mkdir()
    first = [step.arguments[0] for step in steps(plan)]
    (plan.data_dir / "demo-loaded").touch()
    again = [step.arguments[0] for step in steps(plan)]
    assert first == ["migrate", "collectstatic", "loaddata", "demo_destination", "demo_signin"]
    assert again == ["migrate", "collectstatic", "demo_destination", "demo_signin"]


def test_a_step_that_fails_says_what_its_command_wrote(tmp_path: Path) -> None:
    plan = replace(_plan(tmp_path, is_demo=False), base_dir=PROJECT)
    with pytest.raises(StepError, match=r"manage\.py no_such failed:\nUnknown command: 'no_such'"):
        perform(Step("done", ("no_such",)), plan)
