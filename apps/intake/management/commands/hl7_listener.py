"""``manage.py hl7_listener``: takes HL7 v2 messages over MLLP, with and without TLS."""

from __future__ import annotations

from argparse import ArgumentParser
from dataclasses import replace
from typing import Any

import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.process import die_with_parent
from apps.intake.listener.limits import Limits
from apps.intake.listener.service import Transport, raise_file_limit, serve
from apps.intake.listener.tls import TlsError


class Command(BaseCommand):
    """Listens until SIGTERM, then answers what it received and ends with 0."""

    help = "Listen for HL7 v2 messages over MLLP; AA is said once a message is on disk."
    # The listener needs neither pages nor an admin, and must come back fast after a kill.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the addresses."""
        parser.add_argument("--host", default=None, help="default: HL7_HOST")
        parser.add_argument(
            "--port", type=int, default=settings.HL7_PORT, help="default: HL7_PORT"
        )
        parser.add_argument("--tls-port", type=int, default=None, help="default: HL7_TLS_PORT")

    def handle(self, *_args: object, **options: Any) -> None:
        """Listen."""
        die_with_parent()
        raise_file_limit()
        try:
            transport = _transport(options["host"], options["port"], options["tls_port"])
            uvloop.run(serve(transport, on_listening=self._announce))
        except TlsError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            words = error.strerror or error
            raise CommandError(
                f"cannot listen on {words} (HL7_HOST, HL7_PORT, HL7_TLS_PORT)"
            ) from error

    def _announce(self, what: str, host: str, port: int) -> None:
        self.stdout.write(f"listening for {what} on {host}:{port}")
        self.stdout.flush()


def _transport(host: str | None, port: int, tls_port: int | None) -> Transport:
    plain_host = settings.HL7_PLAIN_HOST and (host or settings.HL7_PLAIN_HOST)
    tls = settings.HL7_TLS
    if tls is not None and tls_port is not None:
        tls = replace(tls, port=tls_port)
    return Transport(
        plain=(plain_host, port) if plain_host else None,
        tls=tls,
        tls_host=host or settings.HL7_HOST,
        allowed=tuple(settings.HL7_ALLOWED_PEERS),
        limits=Limits(
            connections=settings.HL7_CONNECTIONS,
            connections_per_peer=settings.HL7_CONNECTIONS_PER_PEER,
            idle_seconds=settings.HL7_IDLE_SECONDS,
        ),
    )
