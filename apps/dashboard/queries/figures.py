"""Today's figures: assignments, SLA compliance, escalations, latency. Source: spec 6."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.db.models import Avg, Count, Exists, F, FloatField, OuterRef, Q
from django.db.models.aggregates import Aggregate

from apps.assignment.models import Assignment
from apps.dashboard.days import Day
from apps.orders.choices import OrderStatus
from apps.orders.models import Order

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one day so far.

    ``reports_due`` are the studies whose report is due on the day, without cancelled ones and
    without ``reports_open``, those that are not reported and still have time. Latencies are in
    milliseconds, None without an assignment.
    """

    assignments: int
    escalations: int
    mean_latency_ms: float | None
    median_latency_ms: float | None
    reports_on_time: int
    reports_due: int
    reports_open: int

    @property
    def sla_percent(self) -> Decimal | None:
        """Return the share of reports on time, rounded down so that 100 means all of them."""
        if self.reports_due == 0:
            return None
        percent = Decimal(100 * self.reports_on_time) / self.reports_due
        return percent.quantize(_TENTH, rounding=ROUND_FLOOR)

    @property
    def reports_late(self) -> int:
        """Return how many reports were late or are still missing."""
        return self.reports_due - self.reports_on_time


class _Median(Aggregate):
    """PostgreSQL's ``percentile_cont(0.5)``."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def figures(day: Day, *, at: datetime) -> Figures:
    """Return the figures of ``day`` as they stand at ``at``."""
    return Figures(**_assigned(day), **_reports(day, at))


# Each key is a field of Figures; what PostgreSQL aggregates has no narrower type.
def _assigned(day: Day) -> dict[str, Any]:
    """Count the day's assignments; latency is that of each order's first one.

    A reassignment's latency would be the age of the order, which says nothing of the engine.
    """
    earlier = Assignment.objects.filter(order=OuterRef("order"), id__lt=OuterRef("id"))
    is_first = ~Exists(earlier)
    return Assignment.objects.filter(
        assigned_at__gte=day.start, assigned_at__lt=day.end
    ).aggregate(
        assignments=Count("id"),
        escalations=Count("id", filter=Q(escalated=True)),
        mean_latency_ms=Avg("latency_ms", filter=is_first),
        median_latency_ms=_Median("latency_ms", filter=is_first),
    )


def _reports(day: Day, at: datetime) -> dict[str, int]:
    on_time = Q(reported_at__lte=F("report_due_at"))
    is_open = Q(reported_at__isnull=True, report_due_at__gt=at)
    return (
        Order.objects.filter(report_due_at__gte=day.start, report_due_at__lt=day.end)
        .exclude(status=OrderStatus.CANCELLED)
        .aggregate(
            reports_on_time=Count("id", filter=on_time),
            reports_due=Count("id", filter=~is_open),
            reports_open=Count("id", filter=is_open),
        )
    )
