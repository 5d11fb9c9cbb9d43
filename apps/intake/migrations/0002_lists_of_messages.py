from __future__ import annotations

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("intake", "0001_records"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(
                condition=models.Q(("state__in", ["refused", "quarantined"])),
                fields=["state", "id"],
                name="inbound_set_aside",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=models.Index(
                models.F("order_ids__0"),
                condition=models.Q(("order_ids", []), _negated=True),
                name="inbound_by_first_order",
            ),
        ),
        migrations.AddIndex(
            model_name="inboundmessage",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("order_ids__len__gt", 1)),
                fields=["order_ids"],
                name="inbound_by_more_orders",
            ),
        ),
    ]
