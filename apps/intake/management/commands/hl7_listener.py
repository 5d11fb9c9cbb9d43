"""``manage.py hl7_listener``: takes HL7 v2 messages over MLLP."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.process import die_with_parent
from apps.intake.listener.service import raise_file_limit, serve


class Command(BaseCommand):
    """Listens until SIGTERM, then answers what it received and ends with 0."""

    help = "Listen for HL7 v2 messages over MLLP; AA is said once a message is on disk."
    # The listener needs neither pages nor an admin, and must come back fast after a kill.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address."""
        parser.add_argument("--host", default=settings.HL7_HOST, help="default: HL7_HOST")
        parser.add_argument(
            "--port", type=int, default=settings.HL7_PORT, help="default: HL7_PORT"
        )

    def handle(self, *_args: object, host: str, port: int, **_options: Any) -> None:
        """Listen."""
        die_with_parent()
        raise_file_limit()

        def announce(bound: int) -> None:
            self.stdout.write(f"listening for HL7 on {host}:{bound}")
            self.stdout.flush()

        try:
            uvloop.run(serve(host, port, on_listening=announce))
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} (HL7_HOST, HL7_PORT): {error.strerror or error}"
            ) from error
