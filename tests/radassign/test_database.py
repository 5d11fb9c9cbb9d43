from __future__ import annotations

from pathlib import Path

import pytest

from radassign.database import database_from_url, embedded_database, for_process
from radassign.env import EnvError

ENGINE = "django.db.backends.postgresql"


def test_a_url_gives_every_part_with_escapes_undone() -> None:
    url = "postgresql://app:p%40ss@db.example:5433/rad%2Ddb?sslmode=verify-full"
    assert database_from_url("DATABASE_URL", url) == {
        "ENGINE": ENGINE,
        "HOST": "db.example",
        "PORT": "5433",
        "NAME": "rad-db",
        "USER": "app",
        "PASSWORD": "p@ss",
        "OPTIONS": {"sslmode": "verify-full"},
    }


def test_a_url_may_name_a_socket_folder() -> None:
    found = database_from_url("DATABASE_URL", "postgres:///radassign?host=/run/postgresql")
    assert (found["HOST"], found["NAME"], found["OPTIONS"]) == (
        "/run/postgresql",
        "radassign",
        {},
    )


@pytest.mark.parametrize(
    "url", ["mysql://u:pw@h/db", "postgresql://u:pw@h", "postgresql://u:pw@h/"]
)
def test_an_unusable_url_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(EnvError) as error:
        database_from_url("DATABASE_URL", url)
    assert "pw" not in str(error.value).replace("password", "")
    assert "DATABASE_URL" in str(error.value)


def test_the_embedded_database_has_a_role_that_migrates_and_one_that_does_not(
    tmp_path: Path,
) -> None:
    app = embedded_database(tmp_path, as_owner=False)
    owner = embedded_database(tmp_path, as_owner=True)
    assert (app["USER"], owner["USER"]) == ("radassign_app", "radassign_owner")
    assert app["PASSWORD"] != owner["PASSWORD"]
    assert app["HOST"] == str(tmp_path / "postgres" / "socket")


@pytest.mark.parametrize("role", ["listener", "worker", "command"])
def test_processes_other_than_web_keep_their_connection_and_have_no_pool(role: str) -> None:
    database = database_from_url("DATABASE_URL", "postgresql://u@h/db")
    fitted = for_process(database, role=role, pool_size=10)
    assert (fitted["CONN_MAX_AGE"], fitted["CONN_HEALTH_CHECKS"]) == (600, True)
    assert fitted["OPTIONS"] == {"connect_timeout": 5, "application_name": f"radassign-{role}"}


def test_a_web_process_has_a_checked_pool_and_bounded_statements() -> None:
    database = database_from_url("DATABASE_URL", "postgresql://u@h/db?connect_timeout=9")
    fitted = for_process(database, role="web", pool_size=10)
    assert (fitted["CONN_MAX_AGE"], fitted["CONN_HEALTH_CHECKS"]) == (0, True)
    assert fitted["OPTIONS"] == {
        "connect_timeout": "9",
        "application_name": "radassign-web",
        "pool": {"min_size": 1, "max_size": 10, "timeout": 2},
        "options": "-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s",
    }
