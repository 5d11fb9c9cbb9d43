"""Today's figures: assignments, SLA compliance, escalations, latency. Source: spec 6."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from apps.assignment.choices import ReasonChoices
from apps.dashboard.lens import Lens
from apps.dashboard.queries.tallies import Kind, Tally

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one day so far, and what waits for a reader or is overdue now.

    ``reports_due`` are the studies whose report is due on the day, without cancelled ones and
    without ``reports_open``, those that are not reported and still have time. The latency is in
    milliseconds, over each order's first assignment (a later one's would be the age of the
    order), None without any. ``unassigned`` counts by reason, the most frequent first; what is
    ``on_lists`` of several readers waits for one of them and is no alarm.
    """

    assignments: int
    escalations: int
    mean_latency_ms: float | None
    reports_on_time: int
    reports_due: int
    reports_open: int
    unassigned: tuple[tuple[ReasonChoices, int], ...]
    overdue: int
    on_lists: int = 0

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

    @property
    def unassigned_now(self) -> int:
        """Return how many orders have no reader, nor a list of readers who share them."""
        return sum(count for _, count in self.unassigned)


def figures(counted: Iterable[Tally], lens: Lens) -> Figures:
    """Return the figures of what the lens shows, added up from everybody's counts."""
    seen = [tally for tally in counted if lens.shows(tally.place)]
    assigned, escalated, first, latency_ms = _sum(seen, Kind.ASSIGNED)
    due, on_time, still_open, _ = _sum(seen, Kind.REPORTS)
    unassigned = _by_reason(seen)
    return Figures(
        assignments=assigned,
        escalations=escalated,
        mean_latency_ms=latency_ms / first if first else None,
        reports_on_time=on_time,
        reports_due=due,
        reports_open=still_open,
        unassigned=tuple(pair for pair in unassigned if pair[0] != ReasonChoices.WORKLIST),
        overdue=_sum(seen, Kind.OVERDUE)[0],
        on_lists=dict(unassigned).get(ReasonChoices.WORKLIST, 0),
    )


def _sum(tallies: Iterable[Tally], kind: Kind) -> tuple[int, int, int, int]:
    wanted = [tally.counts for tally in tallies if tally.kind is kind]
    first, second, third, fourth = map(sum, zip(*wanted, strict=True)) if wanted else (0, 0, 0, 0)
    return first, second, third, fourth


def _by_reason(tallies: Iterable[Tally]) -> tuple[tuple[ReasonChoices, int], ...]:
    found: Counter[ReasonChoices] = Counter()
    for tally in tallies:
        if tally.kind is Kind.UNASSIGNED:
            found[ReasonChoices(tally.reason)] += tally.counts[0]
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0].value)))
