"""The SLA clock's arithmetic: due = start + the policy's minutes + the time held.

Pure: an order in, sums and words out. What the sums are made from stands on the order itself, so
they can be shown long after the policy was edited. Source: spec 3, the SLA clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import REPORTED

if TYPE_CHECKING:
    from apps.orders.models import Order

_EVENTS: Mapping[str, str] = {
    "received": "received",
    "ordered": "ordered",
    "exam": "exam",
}
_NO_TIME = timedelta(0)
_MINUTE = timedelta(minutes=1)
_ENDED = REPORTED | {OrderStatus.CANCELLED}


@dataclass(frozen=True, slots=True)
class Due:
    """One sum: so many minutes after the start, and when that is; None where no time is set."""

    minutes: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class ClockSum:
    """What an order's due times are made from.

    ``event`` is what started the clock, in a word ("received"), ``start_at`` its moment, None
    where no policy was asked yet. ``held`` is the time it stood still, without the present hold,
    which began at ``held_since`` (None while it runs).
    """

    event: str
    start_at: datetime | None
    urgency: str
    held: timedelta
    held_since: datetime | None
    acknowledge: Due
    report: Due


def arithmetic(order: Order) -> ClockSum:
    """Return what the order's due times are made from."""
    return ClockSum(
        event=_EVENTS.get(_event(order), "started"),
        start_at=order.clock_started_at,
        urgency=order.urgency,
        held=timedelta(seconds=order.held_seconds),
        held_since=order.held_at,
        acknowledge=Due(order.acknowledge_minutes, order.acknowledge_due_at),
        report=Due(order.report_minutes, order.report_due_at),
    )


def words(clock: ClockSum, due: Due, zone: tzinfo) -> str:
    """Return one sum as people would write it, empty where no time is set.

    Such as "received 10:02 + 60 min (STAT) + 12 min held = due 11:14".

    Args:
        clock: from ``arithmetic``.
        due: ``clock.report`` or ``clock.acknowledge``.
        zone: the reader's.
    """
    if due.at is None:
        return ""
    if clock.start_at is None or due.minutes is None:
        return f"due {_time(due.at, zone)}"
    is_one_day = clock.start_at.astimezone(zone).date() == due.at.astimezone(zone).date()
    parts = [
        f"{clock.event} {_time(clock.start_at, zone, with_date=not is_one_day)}",
        f"+ {due.minutes} min ({clock.urgency})",
    ]
    if clock.held:
        parts.append(f"+ {_span(clock.held)} held")
    parts.append(f"= due {_time(due.at, zone, with_date=not is_one_day)}")
    said = " ".join(parts)
    if clock.held_since is not None:
        said += f"; held since {_time(clock.held_since, zone)}, so it stands still"
    return said


def remaining(order: Order, at: datetime) -> timedelta | None:
    """Return the time until the report is due, below zero when it is overdue.

    While the order is held that time stands still. None where no time is set, and when there is
    nothing to wait for: the study is reported or cancelled.
    """
    if order.report_due_at is None or order.status in _ENDED:
        return None
    return order.report_due_at - (order.held_at or at)


def due_after(order: Order, minutes: int | None) -> datetime | None:
    """Return when so many minutes of the order's clock have passed, None for no limit."""
    if minutes is None or order.clock_started_at is None:
        return None
    held = timedelta(seconds=order.held_seconds)
    return order.clock_started_at + timedelta(minutes=minutes) + held


def report_due_at(order: Order, at: datetime) -> datetime | None:
    """Return when the report would be due if a clock that stands still went on at ``at``."""
    if order.report_due_at is None or order.held_at is None:
        return order.report_due_at
    return order.report_due_at + max(at - order.held_at, _NO_TIME)


def _event(order: Order) -> str:
    """Return the event that started the clock: the policy's, or the receipt where that lacked."""
    moments = {"ordered": order.ordered_at, "exam": order.exam_at}
    named = moments.get(order.clock_start)
    is_there = named is not None and named == order.clock_started_at
    return order.clock_start if is_there else "received"


def _time(at: datetime, zone: tzinfo, *, with_date: bool = False) -> str:
    local = at.astimezone(zone)
    return f"{local:%d %b %H:%M}" if with_date else f"{local:%H:%M}"


def _span(span: timedelta) -> str:
    minutes = round(span / _MINUTE)
    return f"{minutes} min" if minutes else f"{int(span.total_seconds())} s"
