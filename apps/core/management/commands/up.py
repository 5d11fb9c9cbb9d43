"""``manage.py up``: the whole stack under one supervisor."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from radassign.supervisor import Output
from radassign.up import Plan, StackError, run_stack


class Command(BaseCommand):
    """Runs PostgreSQL, web, HL7 listener and worker; with ``--demo`` a simulated RIS too."""

    help = "Run the whole stack; restart what dies; Ctrl-C ends it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether it is the demo."""
        parser.add_argument(
            "--demo", action="store_true", help="with demo data, a sign-in and a simulated RIS"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """Run until a signal ends it."""
        try:
            run_stack(_plan(is_demo=options["demo"]), Output())
        except StackError as error:
            raise CommandError(str(error)) from error


def _plan(*, is_demo: bool) -> Plan:
    ports = {"HTTP_PORT": settings.HTTP_PORT, "HL7_PORT": settings.HL7_PORT}
    if settings.HL7_TLS:
        ports["HL7_TLS_PORT"] = settings.HL7_TLS.port
    if is_demo:
        ports["RIS_PORT"] = settings.RIS_PORT
    return Plan(
        base_dir=settings.BASE_DIR,
        data_dir=settings.RADASSIGN_DATA_DIR,
        http_host=settings.HTTP_HOST,
        hl7_host=settings.HL7_PLAIN_HOST or "",
        hl7_tls_host=settings.HL7_HOST,
        ports=ports,
        is_demo=is_demo,
        embedded_database=settings.USES_EMBEDDED_DATABASE,
        log_format=os.environ.get("LOG_FORMAT") or "console",
    )
