from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0002_clock"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="ordering_provider_id",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="ORC-12.1 or OBR-16.1 alone: by it providers find what they ordered.",
                max_length=120,
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("ordering_provider_id", ""), _negated=True),
                fields=["ordering_provider_id", "-received_at"],
                name="order_by_provider",
            ),
        ),
    ]
