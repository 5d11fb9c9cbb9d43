"""The trigger that writes the audit row of a configuration table in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

import pgtrigger


def audited(key: str = "id", *, without: Sequence[str] = ()) -> pgtrigger.Trigger:
    """Return a row trigger that leaves an AuditEvent for every insert, update and delete.

    The actor and the request come from the transaction's settings (``apps.core.actor``); without
    them the connection's application name stands in, so that bulk edits and raw SQL are named
    too. When the audit row cannot be written, the change is undone with it.

    Args:
        key: the column whose value names the row.
        without: columns that are not told, such as a password's hash; a change of these alone
            leaves no row.
    """
    columns = f" - ARRAY[{', '.join(map(repr, without))}]" if without else ""
    old, new = (f"to_jsonb({row}){columns}" for row in ("OLD", "NEW"))
    is_same = f"{old} = {new}" if without else "OLD IS NOT DISTINCT FROM NEW"
    return pgtrigger.Trigger(
        name="audited",
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
        func=f"""
            IF TG_OP = 'UPDATE' AND {is_same} THEN
                RETURN NULL;
            END IF;
            INSERT INTO audit_auditevent
                (at, entity, entity_id, action, old_values, new_values, actor, request_id)
            VALUES (
                clock_timestamp(),
                TG_TABLE_NAME,
                COALESCE(NEW.{key}, OLD.{key})::text,
                lower(TG_OP),
                CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE {old} END,
                CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE {new} END,
                COALESCE(
                    NULLIF(current_setting('radassign.actor', true), ''),
                    'system:' || current_setting('application_name')
                ),
                COALESCE(current_setting('radassign.request_id', true), '')
            );
            RETURN NULL;
        """,  # noqa: S608 -- the columns are literals of our own models
    )
