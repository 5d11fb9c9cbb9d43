"""A reader's day in figures, and the mark by which their page knows that something changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from django.db.models import Avg, Count, Sum

from apps.assignment.models import Assignment
from apps.assignment.queries.filters import day_of
from apps.assignment.queries.shift_work import Lately
from apps.core import bulk
from apps.roster.models import Radiologist

_HOUR = timedelta(hours=1)
_HUNDRED = 100
_FRESH = 30
"""After so many seconds the spans on the page ("due in 43 min") are written anew."""


@dataclass(frozen=True, slots=True)
class Day:
    """What the reader did today, and how much more they can be given.

    ``turnaround`` is the mean from assigned to reported, None without any report today. ``rvu``
    is what was reported.
    """

    open_studies: int
    seats: int
    hourly: int
    lately: Lately
    done: int
    rvu: Decimal
    turnaround: timedelta | None

    @property
    def percent(self) -> int:
        """Return how much of the reader's capacity is used, at most 100."""
        used = self.open_studies * _HUNDRED // self.seats if self.seats else _HUNDRED
        return min(used, _HUNDRED)

    @property
    def full(self) -> str:
        """Return which limit keeps new work away, in words; empty where none does."""
        if self.open_studies >= self.seats:
            return "full: nothing new until one is done"
        if self.lately.studies >= self.hourly:
            return "hourly limit reached: STAT only"
        return ""


def day(reader: Radiologist, *, at: datetime, zone: tzinfo) -> Day:
    """Return the reader's figures; *today* is the viewer's."""
    mine = Assignment.objects.filter(radiologist=reader)
    lately = mine.filter(assigned_at__gt=at - _HOUR).aggregate(n=Count("pk"), rvu=Sum("rvu"))
    done = mine.filter(is_current=True, completed_at__gte=day_of(at, zone)[0]).aggregate(
        n=Count("pk"), rvu=Sum("rvu"), seconds=Avg("turnaround_seconds")
    )
    seconds = done["seconds"]
    return Day(
        open_studies=reader.workload.open_studies,
        seats=reader.max_concurrent_studies,
        hourly=reader.max_studies_per_hour,
        lately=Lately(lately["n"], lately["rvu"] or Decimal(0)),
        done=done["n"],
        rvu=done["rvu"] or Decimal(0),
        turnaround=None if seconds is None else timedelta(seconds=float(seconds)),
    )


_MARK = """
    SELECT
        (SELECT string_agg(
            concat_ws(' ', mine.id, mine.state, mine.acknowledge_due_at, placed.updated_at,
                      placed.status, placed.urgency, placed.report_due_at), ',' ORDER BY mine.id)
         FROM assignment_assignment mine JOIN orders_order placed ON placed.id = mine.order_id
         WHERE mine.radiologist_id = %s AND mine.is_current
           AND mine.completed_at IS NULL),
        (SELECT max(completed_at) FROM assignment_assignment
         WHERE radiologist_id = %s AND completed_at IS NOT NULL),
        (SELECT string_agg(head.order_id::text, ',') FROM (
            SELECT order_id FROM assignment_unassigned WHERE is_waiting
            ORDER BY urgency_rank, since LIMIT 100) head),
        (SELECT concat_ws(' ', presence, busy_until, open_stat, open_urgent, open_routine, open_rvu)
         FROM roster_workload WHERE radiologist_id = %s),
        (SELECT sum(version) FROM core_configversion)
"""


def mark(radiologist_id: str, at: datetime) -> str:
    """Return what tells one state of the reader's page from the next; one cheap read."""
    seen = bulk.select(_MARK, [radiologist_id] * _MARK.count("%s"))
    beat = int(at.timestamp()) // _FRESH
    return hashlib.sha256(f"{beat} {seen}".encode()).hexdigest()[:16]
