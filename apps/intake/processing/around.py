"""What a batch has to know beside its orders and patients: what stands around its messages."""

from __future__ import annotations

from collections.abc import Sequence

from apps.assignment.choices import ReasonChoices
from apps.core import bulk
from apps.intake.processing.queue import Waiting

SEAT_REASONS = frozenset({ReasonChoices.AT_CAPACITY.value, ReasonChoices.RULE_STRICT.value})
"""Why an order is unassigned that a freed seat could help."""


class Around:
    """Read along with a batch, under the assignment lock.

    ``reused`` are the ids of messages whose control id (MSH-10) the same sender used before for
    other content.
    """

    def __init__(self) -> None:
        """Begin with nothing known; the errands read it."""
        self.reused: set[int] = set()
        self._somebody_waits: bool | None = None

    def errands(self, batch: Sequence[Waiting]) -> list[bulk.Errand]:
        """Return what to ask."""
        ids = [message.id for message in batch if message.control_id]
        return [((_REUSED, [ids]), self._take_reused)] if ids else []

    def does_somebody_wait(self) -> bool:
        """Return whether an order waited for a seat when the batch began; asked when one is freed.

        Nothing of the batch is written yet, and under the lock nobody else changes it.
        """
        if self._somebody_waits is None:
            self._somebody_waits = bool(bulk.select(_SEAT_WANTED, [sorted(SEAT_REASONS)]))
        return self._somebody_waits

    def _take_reused(self, rows: list[tuple[int]]) -> None:
        self.reused.update(message_id for (message_id,) in rows)


# A few looks for each message, so that a sender whose control id never changes costs no more.
_REUSED = """
    SELECT id FROM intake_inboundmessage AS message
    WHERE id = ANY(%s::bigint[]) AND EXISTS (
        SELECT FROM (
            SELECT id, arrival_seq, sender, digest, state FROM intake_inboundmessage
            WHERE control_id = message.control_id LIMIT 20
        ) AS earlier
        WHERE earlier.sender = message.sender AND earlier.digest <> message.digest
          AND earlier.state <> 'refused'
          AND (earlier.arrival_seq, earlier.id) < (message.arrival_seq, message.id)
    )
"""
_SEAT_WANTED = """
    SELECT 1 FROM assignment_unassigned WHERE is_waiting AND reason = ANY(%s::text[]) LIMIT 1
"""
