"""Queues what a decision tells, inside the decision's own transaction; the network comes later."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.core import bulk
from apps.core.triggers import DELIVER_CHANNEL
from apps.outbound.choices import OutboundState
from apps.outbound.models import OutboundMessage
from apps.outbound.queries.destinations import DestinationFacts, destinations
from apps.outbound.services.notices import Notice
from apps.outbound.services.render import new_control_id, render

Row = Mapping[str, Any]

__all__ = ["Notice", "notices_to_rows", "queue_many", "queue_notices", "wake_deliverers"]


def queue_notices(notices: Sequence[Notice], *, version: int | None = None) -> int:
    """Queue every notice for every destination that it concerns; return how many messages.

    Belongs into the transaction that decided, so that an assignment and its message are
    committed together or not at all; call ``wake_deliverers`` after the commit.

    Args:
        notices: in the order in which they were decided; messages go out in this order.
        version: of ``core_configversion`` for the area ``outbound``, where the caller has just
            read it.
    """
    if not notices:
        return 0
    return queue_many(notices_to_rows(notices, destinations(version)))


def notices_to_rows(notices: Iterable[Notice], among: Sequence[DestinationFacts]) -> list[Row]:
    """Return the rows to queue, payloads rendered: each notice for each destination it concerns."""
    return [
        _row(notice, destination)
        for notice in notices
        for destination in among
        if (destination.tells_waiting or not notice.only_if_asked)
        and destination.serves(
            application=notice.application, facility=notice.facility, site_id=notice.site_id
        )
    ]


def queue_many(rows: Sequence[Row]) -> int:
    """Insert the rows in one statement, which numbers them in their order; return how many."""
    bulk.insert(OutboundMessage, rows)
    return len(rows)


def wake_deliverers() -> None:
    """Have what is queued and committed sent at once; lost, the watchdog makes up for it."""
    bulk.execute("SELECT pg_notify(%s, '')", [DELIVER_CHANNEL])


def _row(notice: Notice, destination: DestinationFacts) -> Row:
    control_id = new_control_id(notice.at)
    return {
        "destination_id": destination.id,
        "order_id": notice.order_id,
        "assignment_id": notice.assignment_id,
        "kind": notice.kind.value,
        "control_id": control_id,
        "payload": render(notice, destination.profile, control_id),
        "state": OutboundState.QUEUED.value,
        "attempts": 0,
        "created_at": notice.at,
        "next_attempt_at": notice.at,
        "answer_code": "",
        "error": "",
    }
