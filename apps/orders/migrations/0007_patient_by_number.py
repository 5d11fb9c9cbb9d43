from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Without holding up the messages that write patients meanwhile.
    atomic = False

    dependencies = [
        ("orders", "0006_patientmerge"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="patient",
            index=models.Index(fields=["mrn"], name="patient_by_number"),
        ),
    ]
