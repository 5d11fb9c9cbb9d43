"""``manage.py simulate_ris``: a RIS that orders and, after a while, reports."""

from __future__ import annotations

import random
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.core import clock
from apps.core.process import die_with_parent, stop_event
from apps.intake.tools.client import MllpClient
from apps.intake.tools.ris.desk import StackDesk
from apps.intake.tools.ris.menu import menu_of_stack
from apps.intake.tools.ris.outlet import Outlet
from apps.intake.tools.ris.simulator import Pace, Simulator
from apps.intake.tools.ris.studies import Inventor

# Shorter than a supervisor's patience: a wait for an answer is not interrupted.
_ANSWER_SECONDS = 8.0


class Command(BaseCommand):
    """Sends plausible orders, changes, cancels and results until SIGTERM or Ctrl-C."""

    help = "Simulate a RIS: order studies of invented patients and report on them later."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the pace and the address."""
        usual = Pace()
        parser.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=settings.HL7_PORT, help="default: the stack's HL7_PORT"
        )
        parser.add_argument(
            "--rate", type=float, default=usual.per_minute, help="orders a minute, on average"
        )
        parser.add_argument(
            "--reading-speed",
            type=float,
            default=usual.reading_speed,
            help="how many times faster than people the simulated readers are",
        )
        parser.add_argument("--seed", type=int, default=None, help="invent the same studies again")

    def handle(self, *_args: object, host: str, port: int, **options: Any) -> None:
        """Simulate."""
        die_with_parent()
        stop = stop_event()
        rng = random.Random(options["seed"])  # noqa: S311 -- invents studies, keeps no secret
        run = f"{int(clock.now().timestamp()) % 36**5:X}"
        with MllpClient(host, port, timeout=_ANSWER_SECONDS) as client:
            Simulator(
                inventor=Inventor(menu_of_stack(), rng, run),
                rng=rng,
                pace=Pace(options["rate"], options["reading_speed"]),
                outlet=Outlet(client, pause=stop.wait, tell=self._tell),
                desk=StackDesk(),
                tell=self._tell,
                now=time.monotonic,
            ).run(stop.wait)

    def _tell(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
