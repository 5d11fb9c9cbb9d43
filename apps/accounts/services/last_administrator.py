"""Sees to it that somebody can always let others in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from apps.accounts.exceptions import LastAdministratorError
from apps.accounts.queries.people import administrators

_LOCK = 0x726F_6C65  # "role"


@contextmanager
def keeping_an_administrator() -> Iterator[None]:
    """Run the block in a transaction that is undone if it leaves nobody to change people.

    One at a time: of two administrators who remove each other at once, the second is refused.

    Raises:
        LastAdministratorError: there was somebody before the block, and nobody after it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        had_one = administrators().exists()
        yield
        if had_one and not administrators().exists():
            raise LastAdministratorError(
                "Not saved: nobody would be left who may change people at every site. Give "
                "somebody else the role Administrator everywhere first."
            )
