from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

# What was merged before is kept too, so that it can be undone; when it was, nobody wrote down.
_MERGED_BEFORE = """
    INSERT INTO orders_patientmerge
        (dead_id, survivor_id, at, made_by, sender, orders_moved, undone_by)
    SELECT id, merged_into_id, now(), 'system:migration', '', 0, ''
    FROM orders_patient WHERE merged_into_id IS NOT NULL
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0005_lists_that_look_back"),
    ]

    operations = [
        migrations.CreateModel(
            name="PatientMerge",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=160)),
                (
                    "message_id",
                    models.BigIntegerField(
                        blank=True,
                        help_text="The received message that asked for it.",
                        null=True,
                    ),
                ),
                ("sender", models.CharField(blank=True, default="", max_length=400)),
                ("orders_moved", models.PositiveIntegerField(default=0)),
                ("undone_at", models.DateTimeField(blank=True, null=True)),
                ("undone_by", models.CharField(blank=True, default="", max_length=160)),
                (
                    "dead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges_away",
                        to="orders.patient",
                    ),
                ),
                (
                    "survivor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merges_in",
                        to="orders.patient",
                    ),
                ),
            ],
            options={
                "verbose_name": "patient merge",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at__isnull", True)),
                        fields=("dead",),
                        name="one_standing_merge_per_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("undone_at__isnull", True), ("undone_by", "")),
                            models.Q(
                                ("undone_at__isnull", False),
                                models.Q(("undone_by", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="merge_undone_by_somebody",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("dead", models.F("survivor")), _negated=True),
                        name="merge_is_of_two_patients",
                    ),
                ],
            },
        ),
        migrations.RunSQL(_MERGED_BEFORE, migrations.RunSQL.noop),
    ]
