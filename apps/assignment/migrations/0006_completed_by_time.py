from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assignment", "0005_escalated_by_time"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("completed_at__isnull", False)),
                fields=["-completed_at"],
                name="assignment_completed",
            ),
        ),
    ]
