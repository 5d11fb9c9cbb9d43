"""The trigger that writes the audit row of a configuration table in the same transaction."""

from __future__ import annotations

import pgtrigger


def audited(key: str = "id") -> pgtrigger.Trigger:
    """Return a row trigger that leaves an AuditEvent for every insert, update and delete.

    The actor and the request come from the transaction's settings (``apps.core.actor``); without
    them the connection's application name stands in, so that bulk edits and raw SQL are named
    too. When the audit row cannot be written, the change is undone with it.

    Args:
        key: the column whose value names the row.
    """
    return pgtrigger.Trigger(
        name="audited",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' AND OLD IS NOT DISTINCT FROM NEW THEN
                RETURN NULL;
            END IF;
            INSERT INTO audit_auditevent
                (at, entity, entity_id, action, old_values, new_values, actor, request_id)
            VALUES (
                clock_timestamp(),
                TG_TABLE_NAME,
                COALESCE(NEW.{key}, OLD.{key})::text,
                lower(TG_OP),
                CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) END,
                CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) END,
                COALESCE(
                    NULLIF(current_setting('radassign.actor', true), ''),
                    'system:' || current_setting('application_name')
                ),
                COALESCE(current_setting('radassign.request_id', true), '')
            );
            RETURN NULL;
        """,  # noqa: S608 -- the key is a literal of our own models
    )
