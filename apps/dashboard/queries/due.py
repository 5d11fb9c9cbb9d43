"""What is due next, what is overdue and what was done about it, and what nobody takes.

Plain SQL, because the board asks it after every change: each question reads the few rows that it
shows from an index, and stays prepared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.catalog.choices import UrgencyChoices
from apps.core import bulk
from apps.core.spans import in_words
from apps.dashboard.lens import Lens
from apps.orders import clock
from apps.orders.choices import OrderStatus
from apps.orders.lifecycle import AWAITS_REPORT
from apps.orders.models import Order

SHOWN = 8
_CLOSE = timedelta(minutes=15)
_STEPS: Mapping[str, str] = {
    "sla_alert": "alert given",
    "sla_no_better_reader": "no reader with less load",
    "sla_supervisor": "supervisor called",
    "nobody_left_to_offer": "nobody left to offer it to",
    "not_acknowledged": "not acknowledged in time",
}
_FACTS = (
    *("id", "accession", "modality", "body_part", "urgency", "flags", "received_at"),
    *("clock_start", "clock_started_at", "ordered_at", "exam_at", "held_at", "held_seconds"),
    *("acknowledge_minutes", "report_minutes", "acknowledge_due_at", "report_due_at"),
    "next_step_at",
)
# In the order in which the partial indexes list them.
_AWAITED = ", ".join(f"'{status.value}'" for status in OrderStatus if status in AWAITS_REPORT)
_NAMES = [f"nullif(reader.{name}, '')" for name in ("title", "given_name", "family_name")]
_COLUMNS = ", ".join(
    [
        *(f"o.{name}" for name in _FACTS),
        "site.name",
        "reader.id",
        f"concat_ws(' ', {', '.join(_NAMES)})",
    ]
)
_PARTIES = """
    LEFT JOIN catalog_site site ON site.id = o.site_id
    LEFT JOIN roster_radiologist reader ON reader.id = current.radiologist_id
"""
_TO_REPORT = "o.breached_at IS NULL AND o.report_due_at IS NOT NULL"
# As the partial index has it.
_NOBODY_LEFT = "o.flags @> ARRAY['nobody_left_to_offer']::varchar(64)[]"
_URGENCY = "CASE o.urgency WHEN 'STAT' THEN 0 WHEN 'URGENT' THEN 1 ELSE 2 END"


@dataclass(frozen=True, slots=True)
class DueRow:
    """A study and a due time of it.

    ``what`` is what has to be done; ``span`` how long is left, or how long it is overdue;
    ``arithmetic`` how the due time came about. ``steps`` says what was done about an overdue
    one, ``reader_id`` is empty for nobody.
    """

    key: str
    order_id: int
    study: str
    modality: str
    body_part: str
    site: str
    urgency: UrgencyChoices
    reader_id: str
    reader_name: str
    what: str
    due_at: datetime
    span: str
    is_late: bool
    is_close: bool
    arithmetic: str
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """An order as it was read; ``acknowledge_due_at`` is that of an offer, else None."""

    order: Order
    site: str
    reader_id: str
    reader_name: str
    acknowledge_due_at: datetime | None


def due_next(lens: Lens, *, at: datetime, limit: int = SHOWN) -> list[DueRow]:
    """Return the reports and acknowledgements that are due soonest and were not missed yet."""
    reports, values = _orders(lens, _TO_REPORT, "o.report_due_at")
    offers, more = _offers(lens)
    found = bulk.select(f"({reports}) UNION ALL ({offers})", [*values, limit, *more, limit])
    rows = [_row(_found(row), lens, at) for row in found]
    return sorted(rows, key=lambda row: (row.due_at, row.key))[:limit]


def overdue(lens: Lens, *, at: datetime, limit: int = SHOWN) -> list[DueRow]:
    """Return the studies whose report is overdue: the most urgent, then the longest overdue."""
    sql, values = _orders(lens, "o.breached_at IS NOT NULL", f"{_URGENCY}, o.report_due_at")
    found = map(_found, bulk.select(sql, [*values, limit]))
    return [_row(one, lens, at, steps=_steps(one.order, at)) for one in found]


def nobody_left(lens: Lens, *, at: datetime, limit: int = SHOWN) -> list[DueRow]:
    """Return the studies that were offered to everybody who may have them, and not taken.

    Their steps say only how old they are.
    """
    sql, values = _orders(lens, _NOBODY_LEFT, "o.received_at")
    found = map(_found, bulk.select(sql, [*values, limit]))
    return [_row(one, lens, at, steps=(in_words(at - one.order.received_at),)) for one in found]


def _orders(lens: Lens, which: str, order_by: str) -> tuple[str, list[object]]:
    """Return what asks for orders that await their report, each with its reader.

    The last value, of LIMIT, is the caller's. Only the few that are shown are joined.
    """
    seen, values = lens.sql("o")
    sql = f"""
        SELECT {_COLUMNS}, NULL::timestamptz FROM (
            SELECT * FROM orders_order o WHERE {seen} AND {which} AND o.status IN ({_AWAITED})
            ORDER BY {order_by}, o.id LIMIT %s
        ) o LEFT JOIN assignment_assignment current
            ON current.order_id = o.id AND current.is_current
        {_PARTIES} ORDER BY {order_by}, o.id
    """  # noqa: S608 -- made of our own words
    return sql, values


def _offers(lens: Lens) -> tuple[str, list[object]]:
    """Return what asks for assignments that wait to be acknowledged; LIMIT is the caller's."""
    seen, values = lens.sql("o")
    sql = f"""
        SELECT {_COLUMNS}, current.acknowledge_due_at FROM assignment_assignment current
        JOIN orders_order o ON o.id = current.order_id {_PARTIES}
        WHERE {seen} AND current.is_current AND current.state = 'assigned'
          AND current.acknowledge_missed_at IS NULL AND current.acknowledge_due_at IS NOT NULL
        ORDER BY current.acknowledge_due_at, o.id LIMIT %s
    """  # noqa: S608 -- made of our own words
    return sql, values


def _found(row: tuple[Any, ...]) -> _Found:
    site, reader_id, reader_name, acknowledge_due_at = row[len(_FACTS) :]
    order = Order(**dict(zip(_FACTS, row, strict=False)))
    return _Found(order, site or "", reader_id or "", reader_name, acknowledge_due_at)


def _row(found: _Found, lens: Lens, at: datetime, *, steps: tuple[str, ...] = ()) -> DueRow:
    order, what = found.order, "Acknowledge" if found.acknowledge_due_at else "Report"
    due_at = found.acknowledge_due_at or order.report_due_at or order.received_at
    return DueRow(
        key=f"{what.lower()}-{order.pk}",
        order_id=order.pk,
        study=order.accession,
        modality=order.modality,
        body_part=order.body_part,
        site=found.site,
        urgency=UrgencyChoices(order.urgency),
        reader_id=found.reader_id,
        reader_name=found.reader_name,
        what=what,
        due_at=due_at,
        span=in_words(abs(due_at - at)),
        is_late=due_at <= at,
        is_close=at < due_at <= at + _CLOSE,
        arithmetic=_arithmetic(found, lens),
        steps=steps,
    )


def _arithmetic(found: _Found, lens: Lens) -> str:
    """Return how the due time came about; a later offer has one that the sum does not explain."""
    order = found.order
    total = clock.arithmetic(order)
    if found.acknowledge_due_at is None:
        return clock.words(total, total.report, lens.zone)
    is_first = found.acknowledge_due_at == order.acknowledge_due_at
    return clock.words(total, total.acknowledge, lens.zone) if is_first else ""


def _steps(order: Order, at: datetime) -> tuple[str, ...]:
    taken = [words for flag, words in _STEPS.items() if flag in order.flags]
    if order.next_step_at is not None:
        taken.append(f"next step in {in_words(order.next_step_at - at, units=1)}")
    return tuple(taken) or ("no further step",)
