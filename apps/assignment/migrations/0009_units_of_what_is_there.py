"""What was given lately counts its RVU, as it does without a table of units."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

_UNITS = """
    UPDATE assignment_ledgerentry SET units = rvu WHERE at > now() - interval '2 days';
    UPDATE assignment_assignment SET units = rvu WHERE assigned_at > now() - interval '8 days';
    UPDATE orders_order SET units = rvu WHERE status NOT IN ('final', 'amended', 'cancelled');
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [
        ("orders", "0008_decisions_to_be_trusted"),
        ("assignment", "0008_decisions_to_be_trusted"),
    ]

    operations: ClassVar = [migrations.RunSQL(_UNITS, migrations.RunSQL.noop)]
