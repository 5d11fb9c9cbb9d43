"""People and what they may are told in the trail; their passwords never."""

from __future__ import annotations

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_roles"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="user",
            trigger=pgtrigger.compiler.Trigger(
                name="audited",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n            IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - ARRAY['password', 'last_login'] = to_jsonb(NEW) - ARRAY['password', 'last_login'] THEN\n                RETURN NULL;\n            END IF;\n            INSERT INTO audit_auditevent\n                (at, entity, entity_id, action, old_values, new_values, actor, request_id)\n            VALUES (\n                clock_timestamp(),\n                TG_TABLE_NAME,\n                COALESCE(NEW.id, OLD.id)::text,\n                lower(TG_OP),\n                CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - ARRAY['password', 'last_login'] END,\n                CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - ARRAY['password', 'last_login'] END,\n                COALESCE(\n                    NULLIF(current_setting('radassign.actor', true), ''),\n                    'system:' || current_setting('application_name')\n                ),\n                COALESCE(current_setting('radassign.request_id', true), '')\n            );\n            RETURN NULL;\n        ",
                    hash="b4515eba61472db7fbea174a0b95b691120d4ab7",
                    operation="INSERT OR UPDATE OR DELETE",
                    pgid="pgtrigger_audited_0c9f7",
                    table="accounts_user",
                    when="AFTER",
                ),
            ),
        ),
    ]
