"""The transition table of orders: which status may follow which.

Data, so that the tests walk every pair and the diagram in ``docs/`` is drawn from it. A repeat
of the same status is no transition. Source: spec 1 (control codes) and 5 (order status).
"""

from __future__ import annotations

from collections.abc import Mapping

from apps.orders.choices import OrderStatus as Status
from apps.orders.exceptions import TransitionError

TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.RECEIVED: frozenset(
        {
            Status.UNASSIGNED,
            Status.ASSIGNED,
            Status.HELD,
            Status.CANCELLED,
            Status.PRELIMINARY,
            Status.FINAL,
        }
    ),
    Status.UNASSIGNED: frozenset(
        {Status.ASSIGNED, Status.HELD, Status.CANCELLED, Status.PRELIMINARY, Status.FINAL}
    ),
    Status.ASSIGNED: frozenset(
        {
            Status.ACKNOWLEDGED,
            Status.IN_PROGRESS,
            Status.UNASSIGNED,
            Status.HELD,
            Status.CANCELLED,
            Status.PRELIMINARY,
            Status.FINAL,
        }
    ),
    Status.ACKNOWLEDGED: frozenset(
        {
            Status.ASSIGNED,
            Status.IN_PROGRESS,
            Status.UNASSIGNED,
            Status.HELD,
            Status.CANCELLED,
            Status.PRELIMINARY,
            Status.FINAL,
        }
    ),
    Status.IN_PROGRESS: frozenset(
        {
            Status.ASSIGNED,
            Status.UNASSIGNED,
            Status.HELD,
            Status.CANCELLED,
            Status.PRELIMINARY,
            Status.FINAL,
        }
    ),
    # Only the reader who said by hand that it is reported takes that back.
    Status.PRELIMINARY: frozenset({Status.FINAL, Status.CANCELLED, Status.IN_PROGRESS}),
    Status.FINAL: frozenset({Status.AMENDED}),
    Status.AMENDED: frozenset(),
    Status.HELD: frozenset(
        {Status.ASSIGNED, Status.UNASSIGNED, Status.CANCELLED, Status.PRELIMINARY, Status.FINAL}
    ),
    Status.CANCELLED: frozenset(),
}

WITH_READER = frozenset({Status.ASSIGNED, Status.ACKNOWLEDGED, Status.IN_PROGRESS})
"""The statuses in which a radiologist has the study and it counts as open."""

AWAITS_REPORT = WITH_READER | {Status.RECEIVED, Status.UNASSIGNED}
"""The statuses in which the clock of the report runs; while an order is held it stands still."""

REPORTED = frozenset({Status.PRELIMINARY, Status.FINAL, Status.AMENDED})
"""The statuses in which a report exists, so nothing is left to assign."""


def can_move(current: str, target: str) -> bool:
    """Return whether an order may go from ``current`` to ``target``; a repeat may not."""
    return Status(target) in TRANSITIONS[Status(current)]


def check_can_move(current: str, target: str) -> None:
    """Return quietly when the move is allowed.

    Raises:
        TransitionError: the table has no such move.
    """
    if not can_move(current, target):
        raise TransitionError(current=current, target=target)
