from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assignment", "0004_done_by_reader"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("escalated", True)),
                fields=["-assigned_at"],
                name="assignment_escalated",
            ),
        ),
    ]
