"""``manage.py coverage``: who may be given which work, past, now or planned."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.assignment.coverage.report import as_data, at_moment, over_time
from apps.assignment.coverage.swept import LONGEST, coverage
from apps.catalog.models import Site
from apps.core import clock
from apps.engine.occurrences import is_zone, wall_to_utc
from apps.engine.timeline.facts import Asked, Cover

_DAY = timedelta(days=1)
_GAPS = (Cover.OPEN, Cover.THIN)


class Command(BaseCommand):
    """Print who is eligible at a moment, or over days, and what is not covered and why."""

    help = (
        "Tells for each kind of work and each site who may be given it, at a moment (--at, else "
        "now) or over days (--from and --to, both included), and why nobody may."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the moment or days, and what they are narrowed by."""
        parser.add_argument("--at", metavar="MOMENT", help="2026-02-04 22:00, or with an offset.")
        parser.add_argument("--from", dest="first", metavar="DAY", help="The first day.")
        parser.add_argument("--to", dest="last", metavar="DAY", help="The last day, included.")
        parser.add_argument("--site", help="Only this site, by its code.")
        parser.add_argument("--modality", help="Only this one, as a DICOM code.")
        parser.add_argument("--body-part", help="Only this one, as orders name it: HEAD.")
        parser.add_argument(
            "--zone", help="Whose clock counts; else the site's, or that of most sites."
        )
        parser.add_argument("--gaps", action="store_true", help="Only what nobody means to lack.")
        parser.add_argument("--json", action="store_true", help="For a machine.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002 -- Django's signature
        """Print the table, or JSON.

        Raises:
            CommandError: an argument names nothing; says which and why.
        """
        site = _site(options["site"])
        zone = _zone(options["zone"], site)
        start_at, end_at = _span(options, zone)
        is_moment = not options["first"]
        found = coverage(start_at, end_at, _asked(site, options))
        covers: Sequence[Cover] = _GAPS if options["gaps"] else ()
        if options["json"]:
            self._print([json.dumps(as_data(found, zone, covers), indent=2)])
            return
        is_table = is_moment and not options["gaps"]
        lines = at_moment(found, start_at, zone) if is_table else over_time(found, zone, covers)
        self._print(lines)

    def _print(self, lines: Iterable[str]) -> None:
        """Print the lines; whoever reads them, such as head, may have seen enough."""
        try:
            for line in lines:
                self.stdout.write(line)
            self.stdout.flush()
        except BrokenPipeError:
            # Python flushes once more as it ends, and would complain then.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.stdout.fileno())


def _asked(site: Site | None, options: dict[str, Any]) -> Asked:
    return Asked(
        frozenset({site.code}) if site else None,
        (options["modality"] or "").upper(),
        (options["body_part"] or "").upper(),
    )


def _site(code: str | None) -> Site | None:
    if not code:
        return None
    site = Site.objects.filter(code=code).first()
    if site is None:
        raise CommandError(f"--site: no site has the code {code!r}.")
    return site


def _zone(name: str | None, site: Site | None) -> str:
    zone = name or (site.time_zone if site else _common_zone())
    if not is_zone(zone):
        raise CommandError(f"--zone: the time zone database knows no {zone!r}.")
    return zone


def _common_zone() -> str:
    zones = Counter(Site.objects.filter(is_active=True).values_list("time_zone", flat=True))
    # Of equally many the first by name, so that the answer does not change by itself.
    ranked = sorted(zones, key=lambda zone: (-zones[zone], zone))
    return ranked[0] if ranked else timezone.get_current_timezone_name()


def _span(options: dict[str, Any], zone: str) -> tuple[datetime, datetime]:
    """Return what is looked at; around a moment a day, to say until when its answer holds."""
    first, last = options["first"], options["last"]
    if options["at"] and (first or last):
        raise CommandError("--at is a moment, --from and --to are days: choose one.")
    if not first and not last:
        at = _moment(options["at"], zone) if options["at"] else clock.now()
        return at, at + _DAY
    if not (first and last):
        raise CommandError("--from and --to go together.")
    start_on, end_on = _day("--from", first), _day("--to", last)
    if end_on < start_on:
        raise CommandError(f"--to: {end_on} lies before {start_on}.")
    if end_on - start_on > LONGEST:
        raise CommandError(f"--to: at most {LONGEST.days} days are looked at in one go.")
    return _midnight(start_on, zone), _midnight(end_on + _DAY, zone)


def _moment(words: str, zone: str) -> datetime:
    try:
        found = parse_datetime(words)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"--at: {words!r} is no moment; write it as 2026-02-04 22:00.")
    return found if found.tzinfo is not None else wall_to_utc(found, zone, is_end=False)


def _day(option: str, words: str) -> date:
    try:
        found = parse_date(words)
    except ValueError:
        found = None
    if found is None:
        raise CommandError(f"{option}: {words!r} is no day; write it as 2026-02-04.")
    return found


def _midnight(on: date, zone: str) -> datetime:
    return wall_to_utc(datetime.combine(on, time.min), zone, is_end=False)
