"""Forces every process to read the configuration anew. Source: spec 6, refresh hook.

An edit takes effect by itself, because triggers raise the version of its area. The hook is for
what got past them, such as a bulk load that ran with the triggers off.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from apps.audit.models import AuditEvent
from apps.core import request_id
from apps.core.actor import Actor, acting_as
from apps.core.triggers import DECIDE_CHANNEL

AREAS = ("catalog", "outbound", "presence", "roster", "rules", "senders")
"""Every area that has a version; raised in this order, so that two calls never deadlock."""
ACTOR = Actor.system("refresh-hook")
_RAISE = """
    INSERT INTO core_configversion (area, version)
    SELECT area, 1 FROM unnest(%s::text[]) AS raised(area) ORDER BY area
    ON CONFLICT (area) DO UPDATE SET version = core_configversion.version + 1
    RETURNING area, version
"""


def force_reload(*, at: datetime) -> None:
    """Raise the versions of all areas, so that the next decision reads everything anew.

    The decider is woken, and tries again what waits.
    """
    with acting_as(ACTOR), connection.cursor() as cursor:
        cursor.execute(_RAISE, [list(AREAS)])
        versions = dict(cursor.fetchall())
        AuditEvent.objects.create(
            at=at,
            entity="core_configversion",
            entity_id="all",
            action="refresh",
            new_values=versions,
            actor=str(ACTOR),
            request_id=request_id.current(),
        )
        cursor.execute("SELECT pg_notify(%s, 'refresh')", [DECIDE_CHANNEL])
