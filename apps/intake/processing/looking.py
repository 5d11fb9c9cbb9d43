"""One look at everything that may have to be done next, in one round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from apps.core import bulk
from apps.intake.processing import queue
from apps.intake.processing.queue import Waiting


class Seen(NamedTuple):
    """What a look found.

    ``versions`` are those of every area, ``nearest_due`` is when something must happen next,
    ``in_hand`` are the messages that a dead decider left in hand, ``batch`` those to take now.
    """

    versions: Mapping[str, int]
    nearest_due: datetime | None
    in_hand: Sequence[int]
    batch: Sequence[Waiting]


def look() -> Seen:
    """Return what waits, of messages the next batch."""
    state, rows = bulk.select_all([(_STATE, []), queue.next_query(queue.BATCH_SIZE)])
    versions, nearest_due, in_hand = state[0]
    batch = queue.arranged(rows, queue.BATCH_SIZE)
    return Seen(versions or {}, nearest_due, in_hand or [], batch)


# One statement for what is three small tables: each statement costs more than what it reads.
_STATE = """
    SELECT (SELECT json_object_agg(area, version) FROM core_configversion),
           (SELECT min(due_at) FROM core_duetime),
           (SELECT message_ids FROM intake_batchmarker WHERE message_ids <> '{}' LIMIT 1)
"""
