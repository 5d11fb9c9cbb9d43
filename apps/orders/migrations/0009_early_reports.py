from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_decisions_to_be_trusted"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="unknowncancel",
            options={
                "verbose_name": "cancel or report of an unknown order",
                "verbose_name_plural": "cancels and reports of unknown orders",
            },
        ),
        migrations.AddField(
            model_name="unknowncancel",
            name="is_report",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RemoveConstraint(
            model_name="unknowncancel",
            name="one_cancel_per_unknown_identifier",
        ),
        migrations.AddConstraint(
            model_name="unknowncancel",
            constraint=models.UniqueConstraint(
                fields=("issuer", "kind", "value", "is_report"),
                name="one_cancel_and_report_per_unknown_identifier",
            ),
        ),
    ]
