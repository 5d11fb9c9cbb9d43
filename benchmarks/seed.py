"""Writes a year of past work into an embedded database: orders, assignments, ledger, audit lines.

A day before now the department is in full swing, with 10,000 orders of which some hundred are
open, some overdue and a few without a reader; the rest lies evenly over the year before. The
department itself (``benchmarks.department``) is loaded where there is none. As the superuser,
without triggers, since a million checks of foreign keys would test nothing here.
Usage: ``RADASSIGN_DATA_DIR=… python -m benchmarks.seed [ORDERS]``.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString, cast

import django
import psycopg

from radassign.postgres.bootstrap import connect
from radassign.postgres.record import DATABASE, SUPERUSER

_ORDERS = 1_000_000
_LAST_DAY = 10_000

# Every number below follows from n alone, so that two seeded databases are alike. ``age`` is how
# long ago the order came; n counts up with time, the last of them came just now.
_HISTORY = """
    CREATE TEMP TABLE history AS
    SELECT n, first.order_id + n AS order_id, first.assignment_id + n AS assignment_id,
           %(at)s::timestamptz - age AS received_at, age,
           (SELECT array_agg(id ORDER BY id) FROM catalog_site) [1 + n %% places.sites] AS site_id,
           readers.ids [1 + n * 7 %% cardinality(readers.ids)] AS reader,
           shifts.ids [1 + n * 11 %% cardinality(shifts.ids)] AS shift_id,
           shifts.codes [1 + n * 11 %% cardinality(shifts.ids)] AS shift_code,
           (ARRAY['MR','CT','DX','US','DX','CT','DX','MG','NM','XA']) [1 + n * 3 %% 10] AS modality,
           (ARRAY['KNEE','CHEST','HAND','ABDOMEN','CHEST','HEAD','FOOT','BREAST','BONE','LEG'])
               [1 + n * 3 %% 10] AS body_part,
           CASE WHEN n %% 10 = 0 THEN 'STAT' WHEN n %% 10 < 3 THEN 'URGENT' ELSE 'ROUTINE' END
               AS urgency,
           CASE WHEN n %% 10 = 0 THEN 60 WHEN n %% 10 < 3 THEN 240 ELSE 1440 END AS minutes,
           make_interval(mins => 5 + n * 13 %% CASE WHEN n %% 10 = 0 THEN 60 ELSE 200 END)
               AS took,
           CASE WHEN n %% 37 = 0 THEN 'cancelled'
                WHEN age > interval '30 hours' THEN 'final'
                WHEN n %% 251 = 0 THEN 'unassigned'
                WHEN n %% 11 = 0 AND age > interval '2 hours' THEN 'assigned'
                WHEN age > make_interval(mins => 5 + n * 13 %% 200) THEN 'final'
                WHEN n %% 3 = 0 THEN 'in_progress' ELSE 'assigned' END AS status
    FROM (
        SELECT n, CASE WHEN n > %(orders)s - %(last_day)s
                       THEN (%(orders)s - n) * interval '1 day' / %(last_day)s
                       ELSE interval '1 day' + (%(orders)s - %(last_day)s - n)
                            * interval '364 days' / greatest(%(orders)s - %(last_day)s, 1)
                  END AS age
        FROM generate_series(1, %(orders)s) n
    ) numbered,
    (SELECT count(*)::int AS sites FROM catalog_site) places,
    (SELECT array_agg(id ORDER BY id) AS ids FROM roster_radiologist) readers,
    (SELECT array_agg(id ORDER BY code) AS ids, array_agg(code ORDER BY code) AS codes
     FROM roster_shift) shifts,
    (SELECT (SELECT coalesce(max(id), 0) FROM orders_order) AS order_id,
            (SELECT coalesce(max(id), 0) FROM assignment_assignment) AS assignment_id) first
"""
_PATIENTS = """
    INSERT INTO orders_patient (id, authority, mrn, family_name, given_name, birth_on, sex)
    SELECT first.id + n, 'SEED', 'SEED' || first.id + n, 'Doe', 'John' || n,
           date '1930-01-01' + n %% 30000, 'F'
    FROM generate_series(1, %(orders)s / 10 + 1) n,
         (SELECT coalesce(max(id), 0) AS id FROM orders_patient) first
"""
_ORDER_ROWS = """
    INSERT INTO orders_order (
        id, issuer, accession, accession_rank, study_uid, patient_id, site_id, procedure_code,
        procedure_text, modality, body_part, subspecialty, urgency, sent_urgency, rvu, indication,
        ordering_provider, ordering_contact, patient_class, patient_location, visit_number,
        received_at, clock_start, clock_started_at, report_minutes, held_seconds, report_due_at,
        reported_at, breached_at, escalation_step, status, held_reason, flags, sender, updated_at)
    SELECT order_id, 'SEED', 'SEED' || lpad(order_id::text, 9, '0'), 0, '',
           (SELECT max(id) FROM orders_patient) - n %% 100, site_id, modality || body_part,
           modality || ' ' || body_part, modality, body_part, '', urgency, urgency, 1,
           'pain for three weeks', 'P100 Okafor', '', 'O', 'WARD', '',
           received_at, 'received', received_at, minutes, 0, due_at,
           CASE WHEN status = 'final' THEN received_at + took END,
           CASE WHEN status IN ('assigned', 'in_progress', 'unassigned') AND due_at <= %(at)s
                THEN due_at END,
           0, status, '', '{}', 'RIS|SEED', received_at + took
    FROM (SELECT *, received_at + make_interval(mins => minutes) AS due_at FROM history) h
"""
_IDENTIFIERS = """
    INSERT INTO orders_orderidentifier (order_id, issuer, kind, value)
    SELECT order_id, 'SEED', 'accession', 'SEED' || lpad(order_id::text, 9, '0') FROM history
"""
_ASSIGNMENTS = """
    INSERT INTO assignment_assignment (
        id, order_id, radiologist_id, shift_id, shift_code, strategy, escalated, state,
        is_current, urgency, rvu, assigned_at, opened_at, completed_at, turnaround_seconds,
        ended_at, end_reason, made_by, made_note, end_note, latency_ms, trace)
    SELECT assignment_id, order_id, reader, shift_id, shift_code, 'LOAD_BALANCED', n %% 50 = 0,
           CASE status WHEN 'final' THEN 'completed' WHEN 'cancelled' THEN 'ended' ELSE status END,
           status <> 'cancelled', urgency, 1, received_at + interval '30 ms',
           CASE WHEN status IN ('final', 'in_progress') THEN received_at + took / 2 END,
           CASE WHEN status = 'final' THEN received_at + took END,
           CASE WHEN status = 'final' THEN extract(epoch FROM took)::int END,
           CASE WHEN status = 'cancelled' THEN received_at + took END,
           CASE WHEN status = 'cancelled' THEN 'cancelled' ELSE '' END, '', '', '', 20 + n %% 60,
           -- What a decision keeps, about 2 KB, for the days that are looked at.
           CASE WHEN age < interval '2 days'
                THEN jsonb_build_object('candidates', (
                    SELECT jsonb_agg(md5((n * 60 + c)::text)) FROM generate_series(1, 50) c))
                ELSE '{}'::jsonb END
    FROM history WHERE status <> 'unassigned'
"""
_UNASSIGNED = """
    INSERT INTO assignment_unassigned (
        order_id, reason, reason_text, urgency_rank, since, tried_at, attempts, is_waiting, trace)
    SELECT order_id, (ARRAY['no_shift', 'no_roster', 'at_capacity', 'no_competency'])[1 + n %% 4],
           '', CASE urgency WHEN 'STAT' THEN 0 WHEN 'URGENT' THEN 1 ELSE 2 END, received_at,
           %(at)s, 3, true, '{}'
    FROM history WHERE status = 'unassigned'
"""
_LEDGER = """
    INSERT INTO assignment_ledgerentry (radiologist_id, shift_code, kind, at, rvu,
                                        turnaround_seconds)
    SELECT reader, shift_code, 'assigned', received_at, 1, NULL FROM history
    WHERE status <> 'unassigned'
    UNION ALL
    SELECT reader, shift_code, 'completed', received_at + took, 1, extract(epoch FROM took)::int
    FROM history WHERE status = 'final'
"""
_AUDIT = """
    INSERT INTO audit_auditevent (at, entity, entity_id, action, new_values, actor, request_id)
    SELECT at, 'assignment_assignment', assignment_id::text, action,
           jsonb_build_object('order', order_id, 'radiologist', reader), 'system:hl7', ''
    FROM (
        SELECT received_at AS at, assignment_id, order_id, reader, 'assign' AS action FROM history
        WHERE status <> 'unassigned'
        UNION ALL
        SELECT received_at + took, assignment_id, order_id, reader, 'complete' FROM history
        WHERE status = 'final'
    ) lines
"""
_WORKLOADS = """
    UPDATE roster_workload load SET
        open_stat = open.stat, open_urgent = open.urgent, open_routine = open.routine,
        open_rvu = open.rvu, last_assigned_at = open.last_at
    FROM (
        SELECT radiologist_id, count(*) FILTER (WHERE urgency = 'STAT') AS stat,
               count(*) FILTER (WHERE urgency = 'URGENT') AS urgent,
               count(*) FILTER (WHERE urgency = 'ROUTINE') AS routine, sum(rvu) AS rvu,
               max(assigned_at) AS last_at
        FROM assignment_assignment
        WHERE is_current AND completed_at IS NULL AND state <> 'held' GROUP BY radiologist_id
    ) open WHERE open.radiologist_id = load.radiologist_id
"""
_STEPS = (
    _PATIENTS, _HISTORY, _ORDER_ROWS, _IDENTIFIERS, _ASSIGNMENTS, _UNASSIGNED, _LEDGER, _AUDIT,
    _WORKLOADS,
)  # fmt: skip
_COUNTED = ("orders_patient", "orders_order", "assignment_assignment")
_TABLES = (*_COUNTED, "orders_orderidentifier", "assignment_ledgerentry", "audit_auditevent")

Connection = psycopg.Connection[tuple[object, ...]]


def seed(data_dir: Path, *, orders: int = _ORDERS, at: datetime | None = None) -> float:
    """Write the history before ``at``, by default now; return the seconds it took.

    Args:
        data_dir: of an embedded database that runs, migrated, with the department in it.
        orders: how many; the last 10,000 fill the last day.
        at: the moment at which the department stands.
    """
    began = time.perf_counter()
    values = {"orders": orders, "last_day": min(_LAST_DAY, orders), "at": at or datetime.now(UTC)}
    with connect(data_dir, role=SUPERUSER, database=DATABASE) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '512MB'")
        with connection.transaction():
            indexes = _take_indexes(connection)
            for statement in _STEPS:
                connection.execute(statement, values)
            for definition in indexes:
                connection.execute(definition)
            _set_sequences(connection)
        connection.execute("VACUUM (ANALYZE)")
    return time.perf_counter() - began


def _take_indexes(connection: Connection) -> list[LiteralString]:
    """Drop the indexes that no constraint needs; return how to make them again.

    Built over a full table they take a fraction of the time of a million insertions each.
    """
    rows = connection.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i WHERE i.tablename = ANY(%s) AND NOT "
        "EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexname::regclass)",
        [list(_TABLES)],
    ).fetchall()
    for name, _ in rows:
        connection.execute(f'DROP INDEX "{name}"')
    return [cast("LiteralString", definition) for _, definition in rows]


def _set_sequences(connection: Connection) -> None:
    for table in _COUNTED:
        connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
        )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    from django.conf import settings

    from apps.roster.models import Radiologist
    from benchmarks import department

    if not Radiologist.objects.exists():
        department.load(settings.RIS_PORT)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _ORDERS
    print(f"{count:,} orders in {seed(settings.RADASSIGN_DATA_DIR, orders=count):.0f} s")
