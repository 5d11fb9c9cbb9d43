from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Millions of messages are looked at; whoever stores one meanwhile need not wait.
    atomic = False

    dependencies = [("intake", "0005_fewer_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="inboundmessage",
            index=models.Index(
                condition=models.Q(("copy_of__isnull", False)),
                fields=["copy_of"],
                name="inbound_copies",
            ),
        )
    ]
