"""``manage.py replay``: makes stored decisions again and says where one differs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.assignment.models import ReplayCheck
from apps.assignment.services.proving import MOST_ASSIGNED, MOST_UNASSIGNED, prove
from apps.core import clock

_DAY = timedelta(days=1)


class Command(BaseCommand):
    """Make a sample of the last day's decisions again, or all since a moment."""

    help = (
        "Makes stored decisions again from what was stored with them and compares them byte for "
        "byte: a sample of the last day, or all since a moment. Ends with 1 where one differs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare since when, and how many."""
        parser.add_argument(
            "--since", metavar="MOMENT", help="2026-02-04 22:00 in UTC, or with an offset."
        )
        parser.add_argument("--all", action="store_true", help="All of them, no sample.")
        parser.add_argument("--seed", type=int, default=0, help="Of the sample.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Print what came of it.

        Raises:
            CommandError: the moment cannot be read, or a decision differs.
        """
        at = clock.now()
        since = _moment(options["since"]) if options["since"] else at - _DAY
        most = (None, None) if options["all"] else (MOST_ASSIGNED, MOST_UNASSIGNED)
        check = prove(
            since=since,
            at=at,
            most_assigned=most[0],
            most_unassigned=most[1],
            seed=options["seed"],
            by_hand=True,
        )
        if check is None:
            raise CommandError("It was asked to end before it was through.")
        self._tell(check)

    def _tell(self, check: ReplayCheck) -> None:
        self.stdout.write(
            f"{check.looked_at} decisions since {check.since:%Y-%m-%d %H:%M} UTC: {check.same} the "
            f"same byte for byte, {check.no_basis} whose configuration was not kept, "
            f"{check.drifted} that differ; {check.took_ms} ms."
        )
        for drift in check.drifts:
            where = f" at {drift['path']}" if drift["path"] else ""
            self.stdout.write(f"  {drift['what']} {drift['id']}: {drift['state']}{where}")
        if check.drifted:
            raise CommandError(f"{check.drifted} decisions differ.")


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise CommandError(f"{text!r} is no moment, such as 2026-02-04 22:00.")
    return found if found.tzinfo else timezone.make_aware(found, timezone.get_default_timezone())
