from __future__ import annotations

import os
import time
from datetime import datetime

from django.db import connection, transaction

from apps.core import clock, due
from apps.core.due import Due
from apps.core.queue.slices import run_slice

TABLES = """
    CREATE TABLE scene_item (
        id bigserial PRIMARY KEY, cluster text NOT NULL, what text NOT NULL DEFAULT '',
        since timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE TABLE scene_journal (
        id bigserial PRIMARY KEY, what text NOT NULL, pid int NOT NULL,
        since timestamptz, at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
"""
_TAKE = """
    WITH taken AS (
        DELETE FROM scene_item WHERE id = (
            SELECT id FROM scene_item WHERE cluster = %s ORDER BY id LIMIT 1 FOR UPDATE
        ) RETURNING what, since
    )
    INSERT INTO scene_journal (what, pid, since) SELECT what, %s, since FROM taken RETURNING what
"""


def decide_slice() -> None:
    run_slice(name="decide", channel="radassign_decide", work=_decide)


def deliver_slice() -> None:
    run_slice(name="deliver", channel="radassign_deliver", work=_deliver)


def waiting_since(cluster: str) -> datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(since) FROM scene_item WHERE cluster = %s", [cluster])
        found: datetime | None = cursor.fetchone()[0]
    return found


def ring(item: Due, _at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO scene_journal (what, pid, since) VALUES (%s, %s, %s)",
            [f"ring {item.subject}", os.getpid(), item.due_at],
        )


def _decide() -> int:
    return due.run_due(clock.now()) + _take("decide")


def _deliver() -> int:
    return _take("deliver")


@transaction.atomic
def _take(cluster: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, [cluster, os.getpid()])
        found = cursor.fetchone()
    if found is None:
        return 0
    if found[0].startswith("slow"):
        time.sleep(float(found[0].split()[1]))
    return 1
