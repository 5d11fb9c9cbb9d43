"""``manage.py postgres start|stop|status|psql``: the embedded server of the data folder."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from radassign.postgres import EmbeddedPostgres, PostgresError, connection_settings
from radassign.postgres.record import APP_ROLE, OWNER_ROLE


class Command(BaseCommand):
    """Starts, stops and reports the embedded PostgreSQL, or opens psql on it."""

    help = "Start, stop or report the embedded PostgreSQL of the data folder, or open psql on it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the verb, and for psql whether to connect as the owner."""
        parser.add_argument("verb", choices=("start", "stop", "status", "psql"))
        parser.add_argument("--owner", action="store_true", help="psql as the role that migrates")
        parser.add_argument("psql_options", nargs="*", help="after --, passed on to psql")

    def handle(self, *_args: object, **options: Any) -> None:
        """Do what the verb says."""
        if not settings.USES_EMBEDDED_DATABASE:
            raise CommandError("DATABASE_URL is set: the server there is not ours to handle")
        server = EmbeddedPostgres(settings.RADASSIGN_DATA_DIR)
        try:
            if options["verb"] == "start":
                server.start()
            elif options["verb"] == "stop":
                server.stop()
            elif options["verb"] == "psql":
                self._psql(server, options)
        except PostgresError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_in_words(server))

    def _psql(self, server: EmbeddedPostgres, options: dict[str, Any]) -> None:
        """Become psql; the password goes by the environment, never by the command line."""
        record = server.state().record
        if record is None:
            raise CommandError("no database was made yet; `manage.py postgres start` makes it")
        role = OWNER_ROLE if options["owner"] else APP_ROLE
        where = connection_settings(settings.RADASSIGN_DATA_DIR, role=role)
        names = {"HOST": "PGHOST", "PORT": "PGPORT", "NAME": "PGDATABASE",
                 "USER": "PGUSER", "PASSWORD": "PGPASSWORD"}  # fmt: skip
        os.environ.update({names[key]: value for key, value in where.items()})
        psql = Path(record.binaries) / "psql"
        os.execv(psql, [str(psql), *options["psql_options"]])  # noqa: S606 -- no shell wanted


def _in_words(server: EmbeddedPostgres) -> str:
    state = server.state()
    if state.record is None:
        return "no database was made yet"
    what = "stopped" if state.pid is None else f"running, process {state.pid}"
    return (
        f"{what}\ncluster  {state.record.cluster_dir}\nbinaries {state.record.binaries}\n"
        f"socket   {state.record.socket_dir}"
    )
