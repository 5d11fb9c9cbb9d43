"""Makes Django's database settings: which server, which role, what each kind of process needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings

from radassign.env import EnvError
from radassign.postgres import EmbeddedPostgres
from radassign.postgres.record import APP_ROLE, OWNER_ROLE, connection_settings

ENGINE = "django.db.backends.postgresql"
_SCHEMES = frozenset({"postgres", "postgresql"})
_KEEP_SECONDS = 600
_URL_FORM = "postgresql://user:password@host:port/name?option=value"


def embedded_database(data_dir: Path, *, as_owner: bool) -> dict[str, Any]:
    """Return the settings of the embedded server's database, running or not."""
    role = OWNER_ROLE if as_owner else APP_ROLE
    return {"ENGINE": ENGINE, **connection_settings(data_dir, role=role), "OPTIONS": {}}


def database_from_url(name: str, url: str) -> dict[str, Any]:
    """Return the settings for a URL; ``?host=/folder`` names a socket's folder.

    Raises:
        EnvError: not a PostgreSQL URL, or one without a database; the password is not shown.
    """
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise EnvError(name, _without_password(url), _URL_FORM)
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    return {
        "ENGINE": ENGINE,
        "HOST": host,
        "PORT": str(parts.port or ""),
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": options,
    }


def for_process(database: dict[str, Any], *, role: str, pool_size: int) -> dict[str, Any]:
    """Return the settings fitted to a kind of process.

    A web process has a pool, which refuses kept connections; every other process keeps its
    own and looks whether it still lives. A pool under a task cluster hangs, because its threads
    do not survive the fork.
    """
    options = {"connect_timeout": 5, "application_name": f"radassign-{role}"}
    fitted = {**database, "CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": _KEEP_SECONDS}
    if role == "web":
        fitted["CONN_MAX_AGE"] = 0
        options |= {
            # There is a connection for every thread, so a wait means that the database is away:
            # pages say so soon, instead of holding the threads that health checks need.
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 2},
            # A page that waits longer is no page; whoever forgot a transaction blocks nobody.
            "options": "-c statement_timeout=30s -c idle_in_transaction_session_timeout=60s",
        }
    return {**fitted, "OPTIONS": {**options, **database["OPTIONS"]}}


def why_unreachable() -> str:
    """Return why a command finds no database and what to do, empty where that is not known."""
    data_dir = settings.RADASSIGN_DATA_DIR
    if not settings.USES_EMBEDDED_DATABASE or EmbeddedPostgres(data_dir).state().is_ready:
        return ""
    return (
        f"No database runs for {data_dir}. `make run` starts the whole stack, "
        "`manage.py postgres start` the database alone."
    )


def _without_password(url: str) -> str:
    before, at, after = url.rpartition("@")
    if not at:
        return url.split("?", maxsplit=1)[0]
    return f"{before.split(':')[0]}://***@{after}"
