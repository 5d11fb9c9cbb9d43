"""Database triggers that raise the version of a configuration area, bulk SQL included."""

from __future__ import annotations

import pgtrigger

DECIDE_CHANNEL = "radassign_decide"
DELIVER_CHANNEL = "radassign_deliver"
PLAN_CHANNEL = "radassign_plan"


def raise_version_sql(area: str) -> str:
    """Return the trigger body that raises ``area``'s version and wakes the decider."""
    return f"""
        INSERT INTO core_configversion (area, version) VALUES ('{area}', 1)
        ON CONFLICT (area) DO UPDATE SET version = core_configversion.version + 1;
        PERFORM pg_notify('{DECIDE_CHANNEL}', '{area}');
        RETURN NULL;
    """  # noqa: S608 -- the area is a literal of our own models


def raises_version(area: str) -> pgtrigger.Trigger:
    """Return a statement trigger that raises ``area``'s version, bulk SQL included."""
    return pgtrigger.Trigger(
        name=f"raises_{area}_version",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=raise_version_sql(area),
    )


_REASON = (
    ", COALESCE(current_setting('radassign.reason', true), '')"
    ", COALESCE(current_setting('radassign.request_id', true), '')"
)


def keeps_versions(versions: str, key: str, *, with_reason: bool = False) -> pgtrigger.Trigger:
    """Return a row trigger that keeps every state of a row, numbered, in another table.

    Args:
        versions: that table; it holds version, is_deleted, content, at and actor beside the key.
        key: its column that names the row.
        with_reason: whether it holds ``reason`` too, what ``apps.core.actor`` was told of why, and
            ``request_id``, the request that made it.
    """
    column, reason = (", reason, request_id", _REASON) if with_reason else ("", "")
    return pgtrigger.Trigger(
        name="keeps_versions",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
    IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
        RETURN NULL;
    END IF;
    INSERT INTO {versions} ({key}, version, is_deleted, content, at, actor{column})
    SELECT COALESCE(NEW.id, OLD.id),
           COALESCE(max(version), 0) + 1,
           TG_OP = 'DELETE',
           to_jsonb(COALESCE(NEW, OLD)),
           clock_timestamp(),
           COALESCE(NULLIF(current_setting('radassign.actor', true), ''),
                    'system:' || current_setting('application_name')){reason}
    FROM {versions} WHERE {key} = COALESCE(NEW.id, OLD.id);
    RETURN NULL;
""",  # noqa: S608 -- tables and columns are literals of our own models
    )
