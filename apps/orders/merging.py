"""Writes merges of patients: the record, the orders that go along, the audit lines.

Names of patients never reach the trail: it holds the keys of both records. Call everything here
under the assignment lock, which every other writer of orders takes too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from apps.audit.models import AuditEvent
from apps.core import bulk, request_id
from apps.orders.models import PatientMerge

_MOVE_ORDERS = """
    WITH merged AS (
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS row(id, dead, survivor)
    ), moved AS (
        UPDATE orders_order SET patient_id = merged.survivor FROM merged
        WHERE patient_id = merged.dead
        RETURNING orders_order.id AS order_id, merged.*
    ), counted AS (
        UPDATE orders_patientmerge SET orders_moved = orders_moved + found.count
        FROM (SELECT id, count(*) FROM moved GROUP BY id) AS found
        WHERE orders_patientmerge.id = found.id
    )
    INSERT INTO audit_auditevent
        (at, entity, entity_id, action, old_values, new_values, actor, request_id)
    SELECT %s, 'orders_order', order_id::text, 'patient_merged',
        jsonb_build_object('patient', dead),
        jsonb_build_object('patient', survivor, 'merge', id), %s, %s
    FROM moved
"""
_TAKE_BACK_ORDERS = """
    WITH moved AS (
        UPDATE orders_order SET patient_id = %s WHERE id = ANY(%s::bigint[]) AND patient_id = %s
        RETURNING id
    )
    INSERT INTO audit_auditevent
        (at, entity, entity_id, action, old_values, new_values, actor, request_id)
    SELECT %s, 'orders_order', id::text, 'patient_unmerged',
        jsonb_build_object('patient', %s::bigint),
        jsonb_build_object('patient', %s::bigint, 'merge', %s::bigint), %s, %s
    FROM moved
"""


class MergeSource(NamedTuple):
    """The received message that asks for merges."""

    message_id: int | None = None
    sender: str = ""


BY_HAND = MergeSource()
"""No message asks for it."""


def write_merges(merges: Sequence[PatientMerge], heirs: Mapping[int, int]) -> None:
    """Record merges and move the orders of the dead numbers.

    Args:
        merges: fresh rows with their keys; the patients are written.
        heirs: of a dead patient's key to who has the orders by now, at the end of a chain.
    """
    if not merges:
        return
    first = merges[0]
    bulk.insert(PatientMerge, [bulk.columns_of(merge) for merge in merges])
    bulk.insert(AuditEvent, list(_lines(merges)))
    ids = [merge.pk for merge in merges]
    dead = [merge.dead_id for merge in merges]
    bulk.execute(
        _MOVE_ORDERS,
        [ids, dead, [heirs[key] for key in dead], first.at, first.made_by, request_id.current()],
    )


def take_back(merge: PatientMerge, order_ids: Sequence[int], *, at: datetime, actor: str) -> int:
    """Part two patients again, and give these orders back; return how many went.

    The patient's own row is the caller's to write.
    """
    parted = {"merge": merge.pk, "merged_into": merge.survivor_id}
    line = _line("unmerge", merge.dead_id, parted, {"merged_into": None}, at=at, actor=actor)
    bulk.insert(AuditEvent, [line])
    here, there = merge.dead_id, merge.survivor_id
    told = [at, there, here, merge.pk, actor, request_id.current()]
    return bulk.execute(_TAKE_BACK_ORDERS, [here, list(order_ids), there, *told])


def _lines(merges: Iterable[PatientMerge]) -> Iterable[dict[str, Any]]:
    for merge in merges:
        told = {"merge": merge.pk, "message": merge.message_id}
        into = {"merged_into": merge.survivor_id, **told}
        at, actor = merge.at, merge.made_by
        yield _line("merge", merge.dead_id, {"merged_into": None}, into, at=at, actor=actor)
        taken = {"merged": merge.dead_id, **told}
        yield _line("merge_in", merge.survivor_id, None, taken, at=at, actor=actor)


def _line(
    action: str,
    patient_id: int,
    old: dict[str, Any] | None,
    new: dict[str, Any],
    *,
    at: datetime,
    actor: str,
) -> dict[str, Any]:
    return {
        "at": at,
        "entity": "orders_patient",
        "entity_id": str(patient_id),
        "action": action,
        "old_values": old,
        "new_values": new,
        "actor": actor,
        "request_id": request_id.current(),
    }
