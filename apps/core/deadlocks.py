"""Two transactions that wait for each other: the database ends one of them."""

from __future__ import annotations

import psycopg
from django.db import OperationalError


def is_deadlock(error: OperationalError) -> bool:
    """Return whether a transaction was ended so that another could go on."""
    return isinstance(error.__cause__, psycopg.errors.DeadlockDetected)
