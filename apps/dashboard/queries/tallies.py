"""Today's counts by site and modality: one read, from which every viewer's figures are added up.

A viewer sees some sites and perhaps one modality. Counting once for each of them would read the
same day again and again; adding up a few hundred lines costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.core import bulk
from apps.dashboard.days import Day
from apps.dashboard.lens import Place
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import AWAITS_REPORT


class Kind(StrEnum):
    """What a line counts."""

    ASSIGNED = "assigned"
    REPORTS = "reports"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one kind at one place.

    ``reason`` says why for UNASSIGNED. The numbers are, by kind: ASSIGNED all, escalated, first
    assignments and their latencies in ms together; REPORTS due so far, on time, still open;
    UNASSIGNED and OVERDUE all.
    """

    kind: Kind
    reason: str
    place: Place
    counts: tuple[int, int, int, int]


# An assignment is its order's first where no earlier one exists; asked once for each, hence
# MATERIALIZED.
_MADE = """
    WITH made AS MATERIALIZED (
        SELECT order_id, escalated, latency_ms, NOT EXISTS (
            SELECT FROM assignment_assignment earlier
            WHERE earlier.order_id = made.order_id
              AND (earlier.assigned_at, earlier.id) < (made.assigned_at, made.id)
        ) AS is_first
        FROM assignment_assignment made
        WHERE made.assigned_at >= %s AND made.assigned_at < %s
    )
    SELECT 'assigned', '', o.site_id, o.modality, count(*),
           count(*) FILTER (WHERE made.escalated), count(*) FILTER (WHERE made.is_first),
           coalesce(sum(made.latency_ms) FILTER (WHERE made.is_first), 0)
    FROM made JOIN orders_order o ON o.id = made.order_id
    GROUP BY o.site_id, o.modality
"""
# Of reports due today cancelled ones do not count, and those that still have time count neither
# for nor against. The two halves of what is overdue have an index each, which lists the statuses
# in this order: breaches that were counted, and those of this moment.
_AWAITED = ", ".join(f"'{status.value}'" for status in OrderStatus if status in AWAITS_REPORT)
_NOW = f"""
    SELECT 'reports', '', site_id, modality,
           count(*) FILTER (WHERE reported_at IS NOT NULL OR report_due_at <= %s),
           count(*) FILTER (WHERE reported_at <= report_due_at),
           count(*) FILTER (WHERE reported_at IS NULL AND report_due_at > %s), 0
    FROM orders_order
    WHERE report_due_at >= %s AND report_due_at < %s AND status <> 'cancelled'
    GROUP BY site_id, modality
    UNION ALL
    SELECT 'unassigned', u.reason, o.site_id, o.modality, count(*), 0, 0, 0
    FROM assignment_unassigned u JOIN orders_order o ON o.id = u.order_id
    GROUP BY u.reason, o.site_id, o.modality
    UNION ALL
    SELECT 'overdue', '', site_id, modality, count(*), 0, 0, 0
    FROM (
        SELECT site_id, modality FROM orders_order
        WHERE report_due_at <= %s AND breached_at IS NOT NULL AND status IN ({_AWAITED})
        UNION ALL
        SELECT site_id, modality FROM orders_order
        WHERE report_due_at <= %s AND breached_at IS NULL AND status IN ({_AWAITED})
    ) late
    GROUP BY site_id, modality
"""  # noqa: S608 -- made of our own words


def made(start: datetime, end: datetime) -> Sequence[Tally]:
    """Return the counts of the assignments made from ``start`` until before ``end``."""
    return _tallies(bulk.select(_MADE, [start, end]))


def now(day: Day, *, since: datetime, at: datetime) -> Sequence[Tally]:
    """Return the counts of the day's reports, of what waits and of what is overdue at ``at``.

    And those of the day's assignments made from ``since`` on.
    """
    times = [since, day.end, at, at, day.start, day.end, at, at]
    return _tallies(bulk.select(f"{_MADE} UNION ALL {_NOW}", times))


def _tallies(rows: Iterable[tuple[Any, ...]]) -> Sequence[Tally]:
    return [
        Tally(Kind(kind), reason, (site_id, modality), (first, second, third, int(fourth)))
        for kind, reason, site_id, modality, first, second, third, fourth in rows
    ]
