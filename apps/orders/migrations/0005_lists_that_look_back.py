from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalog", "0001_records"),
        ("orders", "0004_nobody_left"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("reported_at__isnull", False)),
                fields=["-reported_at"],
                name="order_reported",
            ),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(
                condition=models.Q(("status", "cancelled")),
                fields=["-received_at"],
                name="order_cancelled",
            ),
        ),
    ]
