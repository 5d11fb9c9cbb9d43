"""``manage.py receive_hl7``: plays the RIS that is told who reads what."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.core.legible import legible
from apps.core.process import die_with_parent
from apps.outbound.tools.receiver import CODES, SILENT, Receiver
from apps.outbound.tools.telling import in_words


class Command(BaseCommand):
    """Listens until SIGTERM or Ctrl-C; a line for each message."""

    help = "Acknowledge HL7 v2 messages over MLLP and print what their ZRA says."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address and how to answer."""
        parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=settings.RIS_PORT, help="default: RIS_PORT"
        )
        parser.add_argument("--answer", choices=[*CODES, SILENT], default="AA")
        parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")

    def handle(self, *_args: object, host: str, port: int, **options: Any) -> None:
        """Listen."""
        die_with_parent()
        receiver = Receiver(self._tell, code=options["answer"], delay=options["delay"])

        async def listen() -> None:
            stop = asyncio.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(number, stop.set)
            await receiver.serve(host, port, stop, self._announce(host))

        try:
            asyncio.run(listen())
        except OSError as error:
            raise CommandError(
                f"cannot listen on {host}:{port} (RIS_PORT): {error.strerror or error}"
            ) from error

    def _announce(self, host: str) -> Callable[[int], None]:
        def announce(port: int) -> None:
            self._line(f"receiving HL7 on {host}:{port}")

        return announce

    def _tell(self, payload: bytes) -> None:
        # Drawn, not obeyed: what a message holds must not steer the terminal.
        self._line(f"{_wall_clock(clock.now())} {legible(in_words(payload).encode())}")

    def _line(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _wall_clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")
