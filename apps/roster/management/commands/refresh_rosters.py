"""``manage.py refresh_rosters``: reads the feeds now, instead of when they are due."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.roster.choices import SourceKind
from apps.roster.importing.refreshing import refresh
from apps.roster.models import RosterSource
from apps.roster.queries.sources import progress_of


class Command(BaseCommand):
    """Reads every enabled feed, or those that are named, and says what came of it."""

    help = "Read the roster feeds now. Exit code 1: at least one could not be read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the names of feeds."""
        parser.add_argument("name", nargs="*", help="of a feed; none are all that are enabled")

    def handle(self, *_args: object, name: list[str], **_options: Any) -> None:
        """Read them one after the other.

        Raises:
            CommandError: there is no such feed, or one could not be read.
        """
        feeds = RosterSource.objects.filter(kind=SourceKind.ICAL).order_by("name")
        found = list(feeds.filter(name__in=name) if name else feeds.filter(is_enabled=True))
        missing = set(name) - {feed.name for feed in found}
        if missing:
            raise CommandError(f"there is no feed {', '.join(sorted(missing))}")
        failed = [feed.name for feed in found if not self._is_read(feed)]
        if failed:
            raise CommandError(f"could not be read: {', '.join(failed)}")

    def _is_read(self, feed: RosterSource) -> bool:
        refresh(feed)
        state = progress_of(feed)
        counts = state.found
        words = state.error or ", ".join(
            f"{counts.get(name, 0)} {name}" for name in ("new", "changed", "gone", "same")
        )
        self.stdout.write(f"{feed.name}: {words}")
        return not state.error
