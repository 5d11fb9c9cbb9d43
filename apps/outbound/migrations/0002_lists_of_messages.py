from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_lists_that_look_back"),
        ("outbound", "0001_records"),
    ]

    operations = [
        migrations.AlterField(
            model_name="outboundmessage",
            name="destination",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="messages",
                to="outbound.destination",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(fields=["destination", "id"], name="outbound_by_destination"),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state", "dead")),
                fields=["destination", "id"],
                name="outbound_dead_by_age",
            ),
        ),
        migrations.AddIndex(
            model_name="outboundmessage",
            index=models.Index(
                condition=models.Q(("state", "delivered")),
                fields=["destination", "-answered_at"],
                name="outbound_delivered",
            ),
        ),
    ]
