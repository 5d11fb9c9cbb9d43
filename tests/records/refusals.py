"""What a table refuses, by the name of its constraint."""

from __future__ import annotations

from collections.abc import Callable

from django.db import DatabaseError, connection, transaction
from django.db.models import Model

from tests.records.racing import constraint_of


def refusal(write: Callable[[], object]) -> str:
    """Return the constraint that refuses the write; empty when it is taken."""
    try:
        with transaction.atomic():
            write()
            connection.check_constraints()
    except DatabaseError as error:
        return constraint_of(error)
    return ""


def changed(row: Model, **values: object) -> str:
    """Return what refuses an update of one row."""
    return refusal(lambda: type(row)._default_manager.filter(pk=row.pk).update(**values))
