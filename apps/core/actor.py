"""Who is acting: known to the code by a context variable, to the audit triggers by the transaction.

A database trigger cannot ask Python who the user is, so the transaction carries it in two
settings of its own, ``radassign.actor`` and ``radassign.request_id``. They are local to the
transaction: a pooled connection never takes them along to somebody else's request.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db import connection, transaction

from apps.core import request_id as request_ids

# No trigger is ignored, which is so anyway; but where the setting is missing, pgtrigger finds out
# by an exception in the triggers of each row, and PostgreSQL then walks over all foreign keys that
# wait for the end of the transaction: quadratic in the rows of an import.
_SET_SQL = (
    "SELECT set_config('radassign.actor', %s, true), set_config('radassign.request_id', %s, true), "
    "set_config('pgtrigger.ignore', '{}', true)"
)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a part of the system; ``str()`` is what the audit trail keeps."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return ``user:manager`` or ``system:worker``."""
        return f"{self.kind}:{self.name}"

    @classmethod
    def user(cls, user: AbstractBaseUser | AnonymousUser) -> Self:
        """Return the actor for a signed-in person."""
        return cls("user", user.get_username())

    @classmethod
    def system(cls, name: str) -> Self:
        """Return the actor for a process or an interface, such as ``hl7`` or ``watchdog``."""
        return cls("system", name)


class ActingTransaction:
    """The transaction of an ``acting_as`` block."""

    def roll_back(self) -> None:
        """Undo the block's changes when it ends, without an exception."""
        transaction.set_rollback(True)


_current: ContextVar[Actor | None] = ContextVar("actor", default=None)


def current() -> Actor | None:
    """Return who is acting, None outside of ``acting_as``."""
    return _current.get()


@contextmanager
def acting_as(actor: Actor, request_id: str = "") -> Iterator[ActingTransaction]:
    """Run the block in one transaction in which every change is the actor's.

    Args:
        actor: who the audit rows name.
        request_id: what they are tied to; empty means the running request's or task's.

    Nested in another block it names its own actor until it ends, and then the outer one again.
    """
    outer = _current.get()
    token = _current.set(actor)
    try:
        with transaction.atomic():
            _tell_database(actor, request_id or request_ids.current())
            yield ActingTransaction()
            if outer is not None and not connection.needs_rollback:
                _tell_database(outer, request_ids.current())
    finally:
        _current.reset(token)


def say_why(reason: str) -> None:
    """Have the versions that this transaction makes keep why; call it within the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('radassign.reason', %s, true)", [reason[:300]])


def _tell_database(actor: Actor, request_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_SET_SQL, [str(actor), request_id])
