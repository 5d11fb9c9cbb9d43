"""What has changed since a board was read: cheap to ask, and answered by where it changed.

A change to who reads an order leaves an audit line in its own transaction, any other change to an
order came with a message that names it, and an edit of the configuration or of somebody's
presence raises a version. What leaves none of these (a retry that changes nothing but its time)
is seen when the board is next read anyway.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from apps.core import bulk
from apps.dashboard.lens import Place

_WINDOW = 256
"""A row whose id was drawn early may be committed after later ones, and a message takes effect
after it came: so many of the newest are looked at again."""

_MARK = """
    SELECT lines.newest, (SELECT count(*) FROM audit_auditevent WHERE id > lines.newest - %s),
           messages.newest, messages.done,
           (SELECT coalesce(sum(version), 0)::bigint FROM core_configversion
            WHERE area IN ('catalog', 'roster', 'presence')),
           (SELECT coalesce(sum(extract(epoch FROM silent_since)), 0)::bigint
            FROM intake_sendercontact WHERE silent_since IS NOT NULL),
           coalesce((SELECT CASE WHEN drifted > 0 THEN id ELSE 0 END
                     FROM assignment_replaycheck WHERE settles ORDER BY at DESC LIMIT 1), 0)
    FROM (SELECT coalesce(max(id), 0) AS newest FROM audit_auditevent) lines,
         (SELECT coalesce(max(id), 0) AS newest, count(processed_at) AS done
          FROM (SELECT id, processed_at FROM intake_inboundmessage ORDER BY id DESC LIMIT %s) w
         ) messages
"""
_LINES = """
    SELECT id, entity, entity_id FROM audit_auditevent
    WHERE id > %s AND entity IN ('orders_order', 'assignment_assignment')
"""
_MESSAGES = """
    SELECT id, order_ids FROM intake_inboundmessage WHERE id > %s AND processed_at IS NOT NULL
"""
_TOUCHED = """
    SELECT DISTINCT o.site_id, o.modality, coalesce(a.radiologist_id, '')
    FROM orders_order o LEFT JOIN assignment_assignment a ON a.order_id = o.id
    WHERE o.id = ANY(%s::bigint[] || ARRAY(
        SELECT order_id FROM assignment_assignment WHERE id = ANY(%s::bigint[])))
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far everything has come; equal marks mean that nothing changed.

    ``silences`` is zero while every sender speaks, ``drift`` while the newest replay of decisions
    came out the same; else it is that check.
    """

    newest_line: int
    lines: int
    newest_message: int
    messages_done: int
    configuration: int
    silences: int = 0
    drift: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest lines and messages that were looked at already, by id."""

    lines: frozenset[int] = frozenset()
    messages: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Touched:
    """The places of the orders that changed, and their readers; or simply everything."""

    places: frozenset[Place] = frozenset()
    readers: frozenset[str] = frozenset()
    is_everything: bool = False


EVERYTHING = Touched(is_everything=True)


def read_mark() -> Mark:
    """Return how far everything has come."""
    return Mark(*bulk.select(_MARK, [_WINDOW, _WINDOW])[0])


def read_touched(mark: Mark, seen: Seen) -> tuple[Touched, Seen]:
    """Return what changed since ``seen``, and what is seen now.

    Args:
        mark: how far everything had come when ``seen`` was read.
        seen: from the last time.
    """
    lines, messages = bulk.select_all(
        [
            (_LINES, [mark.newest_line - _WINDOW]),
            (_MESSAGES, [mark.newest_message - _WINDOW]),
        ]
    )
    orders = {id_ for key, ids in messages if key not in seen.messages for id_ in ids}
    assignments: set[int] = set()
    for key, entity, entity_id in lines:
        if key not in seen.lines:
            (orders if entity == "orders_order" else assignments).add(int(entity_id))
    now_seen = Seen(frozenset(row[0] for row in lines), frozenset(row[0] for row in messages))
    return _touched(orders, assignments), now_seen


def _touched(orders: Collection[int], assignments: Collection[int]) -> Touched:
    if not orders and not assignments:
        return Touched()
    rows = bulk.select(_TOUCHED, [list(orders), list(assignments)])
    return Touched(
        places=frozenset((site_id, modality) for site_id, modality, _ in rows),
        readers=frozenset(reader for _, _, reader in rows if reader),
    )
