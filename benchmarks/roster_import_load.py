"""Imports a large roster into the database that the environment names; prints JSON."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING

import django
from openpyxl import Workbook  # type: ignore[import-untyped] # ships without types

if TYPE_CHECKING:
    from apps.roster.models import RosterSource

TURNS, PEOPLE, SHIFTS, DAYS = 10_000, 200, 500, 56
_FIRST = datetime(2030, 1, 7)  # noqa: DTZ001 -- a spreadsheet's date has no zone


def main() -> dict[str, float | int]:
    """Return seconds of each step."""
    from apps.core import clock  # noqa: PLC0415 -- Django is set up by then
    from apps.core.access import EVERYWHERE  # noqa: PLC0415 -- as above
    from apps.roster.importing import sources  # noqa: PLC0415 -- as above
    from apps.roster.importing.planning import plan_of  # noqa: PLC0415 -- as above

    source, data, at = _world(), _workbook(), clock.now()
    marks = [time.perf_counter()]
    sources.keep_file(source, "roster.xlsx", data, at=at)
    marks.append(time.perf_counter())
    plan = plan_of(source, EVERYWHERE, at=at)
    marks.append(time.perf_counter())
    sources.apply(source, EVERYWHERE, digest=plan.digest, at=at)
    marks.append(time.perf_counter())
    again = plan_of(source, EVERYWHERE, at=at)
    marks.append(time.perf_counter())
    read, shown, applied, compared = (b - a for a, b in pairwise(marks))
    return {
        "turns in the file": plan.added,
        "rows written": len(plan.rows),
        "rows of the same file again": len(again.rows),
        "read, s": read,
        "preview, s": shown,
        "read and preview, s": read + shown,
        "apply, s": applied,
        "preview of the same again, s": compared,
    }


def _world() -> RosterSource:
    from datetime import time as clock_time  # noqa: PLC0415 -- as above

    from apps.roster.models import Radiologist, RosterSource, Shift  # noqa: PLC0415 -- as above

    hours = [(0, 8), (8, 16), (16, 0)]
    Shift.objects.bulk_create(
        Shift(
            code=f"S{number}",
            name=f"Shift {number}",
            start_local=clock_time(hours[number % 3][0]),
            end_local=clock_time(hours[number % 3][1]),
            time_zone="Australia/Brisbane",
        )
        for number in range(SHIFTS)
    )
    Radiologist.objects.bulk_create(
        Radiologist(id=f"R{number}", given_name=f"Given{number}", family_name=f"Family{number}")
        for number in range(PEOPLE)
    )
    return RosterSource.objects.create(
        name="Benchmark", kind="file", time_zone="Australia/Brisbane"
    )


def _workbook() -> bytes:
    random = Random(1)  # noqa: S311 -- the same file each time
    turns: set[tuple[int, int, int]] = set()
    while len(turns) < TURNS:
        turns.add((random.randrange(PEOPLE), random.randrange(SHIFTS), random.randrange(DAYS)))
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(["person", "shift", "date"])
    for person, shift, day in sorted(turns):
        on = _FIRST + timedelta(days=day)
        sheet.append([f"Given{person} Family{person}", f"S{shift}", on])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    sys.stdout.write(json.dumps(main()))
