"""The settings that matter, read as production and as the demo read them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def _run(tmp_path: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RADASSIGN_", "DJANGO_", "PROMETHEUS_"))
    }
    return subprocess.run(
        [sys.executable, *command],
        cwd=PROJECT,
        env={**clean, "RADASSIGN_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _settings(tmp_path: Path, *names: str, **environment: str) -> list[Any]:
    program = (
        "import json, radassign.settings as s, sys;"
        "print(json.dumps([getattr(s, name) for name in sys.argv[1:]], default=str))"
    )
    answer = _run(tmp_path, "-c", program, *names, **environment)
    assert answer.returncode == 0, answer.stderr
    return list(json.loads(answer.stdout))


def test_production_settings_pass_djangos_deployment_checks(tmp_path: Path) -> None:
    answer = _run(
        tmp_path,
        "manage.py", "check", "--deploy", "--fail-level", "WARNING",
        HTTPS_ONLY="1", ALLOWED_HOSTS="radassign.example",
    )  # fmt: skip
    assert (answer.returncode, answer.stdout) == (
        0,
        "System check identified no issues (0 silenced).\n",
    )


def test_defaults_are_safe_and_serve_this_machine_only(tmp_path: Path) -> None:
    names = ("DEBUG", "ALLOWED_HOSTS", "HTTP_HOST", "HTTP_PORT", "HL7_HOST", "HL7_PORT",
             "RIS_PORT", "RADASSIGN_TEST_CLOCK", "TIME_ZONE", "USE_TZ")  # fmt: skip
    assert _settings(tmp_path, *names) == [
        False, ["127.0.0.1", "localhost"], "127.0.0.1", 8000, "127.0.0.1", 2575,
        2576, False, "UTC", True,
    ]  # fmt: skip


def test_the_secret_key_is_made_once_per_data_folder(tmp_path: Path) -> None:
    first, again = (_settings(tmp_path, "SECRET_KEY") for _ in range(2))
    assert first == again
    assert len(first[0]) >= 50
    assert _settings(tmp_path / "other", "SECRET_KEY") != first


def test_scripts_and_styles_come_from_us_alone(tmp_path: Path) -> None:
    (policy,) = _settings(tmp_path, "CONTENT_SECURITY_POLICY")
    directives = policy["DIRECTIVES"]
    assert (directives["script-src"], directives["style-src"]) == (["'self'"], ["'self'"])
    assert "unsafe" not in json.dumps(policy)


def test_migrations_connect_as_the_owner_and_everything_else_does_not(tmp_path: Path) -> None:
    users = [
        _settings(tmp_path, "DATABASES", **environment)[0]["default"]["USER"]
        for environment in ({"RADASSIGN_DB_OWNER": "1"}, {}, {"RADASSIGN_ROLE": "worker"})
    ]
    assert users == ["radassign_owner", "radassign_app", "radassign_app"]


def test_a_database_of_ones_own_may_have_two_roles_too(tmp_path: Path) -> None:
    urls = {
        "DATABASE_URL": "postgresql://app:a@db.example/rad",
        "DATABASE_OWNER_URL": "postgresql://owner:o@db.example/rad",
    }
    app = _settings(tmp_path, "DATABASES", **urls)[0]["default"]["USER"]
    owner = _settings(tmp_path, "DATABASES", RADASSIGN_DB_OWNER="1", **urls)[0]["default"]["USER"]
    assert (app, owner) == ("app", "owner")


def test_the_clusters_are_chosen_by_name_and_never_schedule(tmp_path: Path) -> None:
    program = (
        "import django; django.setup();"
        "from django_q.conf import Conf;"
        "print(Conf.PREFIX, Conf.CLUSTER_NAME, Conf.SAVE_LIMIT, Conf.SCHEDULER, Conf.ACK_FAILURES,"
        "Conf.WORKERS, Conf.TIMEOUT, Conf.RETRY)"
    )
    settings = {"DJANGO_SETTINGS_MODULE": "radassign.settings"}
    answers = [
        _run(tmp_path, "-c", program, Q_CLUSTER_NAME=name, **settings).stdout
        for name in ("decide", "deliver", "plan")
    ]
    assert answers == [
        "radassign decide -1 False True 1 30 60\n",
        "radassign deliver -1 False True 1 30 60\n",
        "radassign plan -1 False True 1 900 960\n",
    ]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HL7_PORT", "mllp", "HL7_PORT is 'mllp'; expected a whole number from 1 to 65535\n"),
        (
            "RADASSIGN_ROLE",
            "boss",
            "RADASSIGN_ROLE is 'boss'; expected one of web, listener, worker, command\n",
        ),
    ],
)
def test_a_wrong_setting_ends_a_command_with_one_line(
    tmp_path: Path, name: str, value: str, expected: str
) -> None:
    answer = _run(tmp_path, "manage.py", "check", **{name: value})
    assert (answer.returncode, answer.stderr) == (2, expected)


def test_a_command_without_a_database_says_how_to_start_one(tmp_path: Path) -> None:
    answer = _run(tmp_path, "manage.py", "migrate")
    assert answer.returncode == 1
    assert answer.stderr == (
        f"No database runs for {tmp_path}. `make run` starts the whole stack, "
        "`manage.py postgres start` the database alone.\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_folder_of_somebody_else_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    answer = _run(tmp_path, "manage.py", "check")
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"RADASSIGN_DATA_DIR is '{tmp_path}'; expected a folder that")
