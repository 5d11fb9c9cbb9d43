"""Extensions that exclusion constraints and text search need."""

from __future__ import annotations

from django.contrib.postgres.operations import BtreeGistExtension, TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    """Create btree_gist and pg_trgm."""

    initial = True
    dependencies = []
    operations = [BtreeGistExtension(), TrigramExtension()]
