"""``manage.py demo_destination``: the demo's destination is where the demo's RIS listens."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.outbound.models import Destination

NAME = "Demo RIS"


class Command(BaseCommand):
    """Move the fixture's destination, loaded when ``RIS_PORT`` was another, to where it is now."""

    help = "Points the demo's destination at the RIS that the demo starts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the port."""
        parser.add_argument(
            "--port", type=int, default=settings.RIS_PORT, help="default: RIS_PORT"
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Update the destination, where it is there and elsewhere than it should be."""
        port: int = options["port"]
        moved = Destination.objects.filter(name=NAME).exclude(port=port).update(port=port)
        if moved:
            self.stdout.write(f"{NAME} is at port {port}")
