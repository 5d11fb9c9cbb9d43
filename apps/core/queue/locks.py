"""Names of session locks: who holds the slice of a name, over all machines.

A lock is freed by the server when its holder's connection ends, so a holder killed with -9 holds
nothing back. Two integers, so that these never meet the locks of transactions elsewhere.
"""

from __future__ import annotations

import zlib

from apps.core.queue.line import Line

_CLASS = 0x52414453  # "RADS"
_TRY = "SELECT pg_try_advisory_lock(%s::int, %s::int)"
_TRY_SHARED = "SELECT pg_try_advisory_lock_shared(%s::int, %s::int)"
# Looking must not take the lock: for that moment a real holder would be refused.
_IS_HELD = """
    SELECT EXISTS (
        SELECT FROM pg_locks
        WHERE locktype = 'advisory' AND granted AND objsubid = 2
          AND classid = %s::bigint::oid AND objid = %s::bigint::oid
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    )
"""


def lock_key(name: str) -> tuple[int, int]:
    """Return the two signed integers that stand for a name in ``pg_advisory_lock``."""
    number = zlib.crc32(name.encode())
    return _CLASS, number - (1 << 32) if number >= 1 << 31 else number


def try_lock(line: Line, name: str, *, shared: bool = False) -> bool:
    """Take the lock of a name on this line, at once or not at all.

    Args:
        line: whose session holds it until ``unlock_all`` or its end.
        name: what is locked.
        shared: holders that share do not shut each other out, but show in ``is_held``.
    """
    return bool(line.rows(_TRY_SHARED if shared else _TRY, lock_key(name))[0][0])


def unlock_all(line: Line) -> None:
    """Let go of every session lock of this line."""
    line.rows("SELECT pg_advisory_unlock_all()")


def is_held(line: Line, name: str) -> bool:
    """Return whether anyone, on any machine, holds the lock of a name, shared or not."""
    class_number, number = lock_key(name)
    return bool(line.rows(_IS_HELD, (class_number, number % (1 << 32)))[0][0])
