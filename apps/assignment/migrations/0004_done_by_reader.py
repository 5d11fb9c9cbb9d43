from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("assignment", "0003_passed_over"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("completed_at__isnull", False)),
                fields=["radiologist", "-completed_at"],
                name="assignment_done_by_reader",
            ),
        ),
    ]
