"""The deliverer's rows: what is due, what came of it, and who may send.

One session does all of it, and that session holds the destinations' advisory locks: whoever
lost its locks with its session can write nothing either. Its commits are asynchronous: what a
crash of PostgreSQL takes from the last moments are messages sent once more, with their MSH-10.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

import psycopg
from django.db import connection as django_connection

from apps.outbound.choices import OnDeadLetter, OutboundState
from apps.outbound.delivery import statements
from apps.outbound.delivery.letters import Batch, Letter, LinkState, Patience, Peer, Record, Tls

LOCK_SPACE = 0x686C376F
"""First key of the advisory locks; the second is the destination's id."""

# A dead machine's session, and its locks with it, end after 11 s instead of two hours.
_SERVER_OPTIONS = (
    "-c synchronous_commit=off -c statement_timeout=20s "
    "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"
)
MOST_LETTERS = 100
_OF_DJANGO = ("cursor_factory", "context", "prepare_threshold", "pool")


def connection_settings() -> dict[str, Any]:
    """Return psycopg's keywords for the database that Django uses."""
    ours = django_connection.get_connection_params()
    return {name: value for name, value in ours.items() if name not in _OF_DJANGO}


async def open_session(name: str) -> psycopg.AsyncConnection[tuple[Any, ...]]:
    """Return an autocommit connection that says what it is for."""
    ours = connection_settings()
    options = f"{ours.get('options', '')} {_SERVER_OPTIONS}".strip()
    named = {"application_name": f"radassign-{name}", "options": options}
    return await psycopg.AsyncConnection.connect(**(ours | named), autocommit=True)


class Store:
    """The deliverer's session."""

    def __init__(self, session: psycopg.AsyncConnection[tuple[Any, ...]]) -> None:
        self._session = session

    @classmethod
    async def open(cls) -> Self:
        """Connect."""
        return cls(await open_session("deliver"))

    async def close(self) -> None:
        """End the session and with it every lock."""
        await self._session.close()

    async def peers(self) -> list[Peer]:
        """Return the enabled destinations."""
        cursor = await self._session.execute(statements.PEERS)
        return [_peer(row) for row in await cursor.fetchall()]

    async def version(self) -> int:
        """Return how often destinations were edited."""
        cursor = await self._session.execute(statements.VERSION)
        row = await cursor.fetchone()
        return int(row[0]) if row else 0

    async def try_lock(self, destination_ids: Sequence[int]) -> set[int]:
        """Return those of the destinations whose lock was free and is now ours."""
        cursor = await self._session.execute(
            statements.TRY_LOCK, {"space": LOCK_SPACE, "ids": list(destination_ids)}
        )
        return {row[0] for row in await cursor.fetchall()}

    async def unlock(self, destination_id: int) -> None:
        """Let another deliverer have the destination."""
        await self._session.execute(statements.UNLOCK, [LOCK_SPACE, destination_id])

    async def link(self, peer: Peer, at: datetime) -> LinkState:
        """Return how reaching the peer went until now.

        Trouble is forgotten when it was with another address, or when nobody has looked for
        longer than the longest wait: the destination was switched off, or we were.
        """
        since = at - peer.patience.longest_wait - timedelta(minutes=1)
        cursor = await self._session.execute(statements.LINK, [peer.id, peer.address, since])
        row = await cursor.fetchone()
        return LinkState(*row) if row else LinkState()

    async def save_link(self, peer: Peer, state: LinkState, at: datetime) -> None:
        """Keep how reaching the peer goes."""
        await self._session.execute(
            statements.SAVE_LINK,
            [
                peer.id,
                peer.address,
                at,
                state.failing_since,
                state.failures,
                state.next_attempt_at,
                state.error,
            ],
        )

    async def served(self, peers: Collection[Peer], at: datetime) -> None:
        """Note that somebody looks after these queues."""
        await self._session.execute(
            statements.SERVED,
            {"ids": [p.id for p in peers], "addresses": [p.address for p in peers], "at": at},
        )

    async def due(self, peers: Collection[Peer], at: datetime) -> dict[int, Batch]:
        """Return what can be sent now to each peer that has any: 100 or 4 MiB at a time."""
        parameters = {
            "ids": [peer.id for peer in peers],
            "holds": [peer.holds_after_dead for peer in peers],
            "at": at,
            "most": MOST_LETTERS,
        }
        cursor = await self._session.execute(statements.DUE, parameters, binary=True)
        found: dict[int, list[tuple[Any, ...]]] = {}
        for row in await cursor.fetchall():
            found.setdefault(row[1], []).append(row)
        return {destination_id: _batch(rows) for destination_id, rows in found.items()}

    async def record(self, records: Collection[Record]) -> None:
        """Write what came of attempts, in one statement.

        A message that a person withdrew while it was on its way keeps that state, unless it
        arrived.
        """
        await self._session.execute(statements.RECORD, _columns(records))

    async def expire(self, peer: Peer, at: datetime, error: str) -> int:
        """Make dead letters of what waited too long for an unreachable peer; return how many."""
        cursor = await self._session.execute(
            statements.EXPIRE, [error, peer.id, at - peer.patience.give_up]
        )
        return cursor.rowcount


def _peer(row: tuple[Any, ...]) -> Peer:
    (key, name, host, port, timeout_seconds, on_dead, quick, longest, hours, *secured) = row
    patience = Patience(quick, timedelta(seconds=longest), timedelta(hours=hours))
    holds = on_dead == OnDeadLetter.HOLD
    seconds = max(float(timeout_seconds), 0.1)
    return Peer(key, name, host, port, seconds, holds, patience, _tls(host, secured))


def _tls(host: str, columns: Sequence[Any]) -> Tls | None:
    uses_tls, authority, server_name, shows_certificate = columns
    return Tls(authority, server_name or host, shows_certificate) if uses_tls else None


def _batch(rows: list[tuple[Any, ...]]) -> Batch:
    letters = tuple(Letter(*columns) for *columns, _found in rows)
    found = rows[0][-1]
    return Batch(letters, is_all=len(rows) == found < MOST_LETTERS)


def _columns(records: Collection[Record]) -> dict[str, list[object]]:
    return {
        "ids": [r.id for r in records],
        "tries": [r.tries for r in records],
        "sent": [r.sent_at for r in records],
        "states": [OutboundState(r.state).value for r in records],
        "next": [r.next_attempt_at for r in records],
        "answered": [r.answered_at for r in records],
        "codes": [_storable(r.answer_code)[:2] for r in records],
        "errors": [_storable(r.error)[:2000] for r in records],
    }


def _storable(text: str) -> str:
    # PostgreSQL's text holds every character but NUL, and an answer is a stranger's words.
    return text.replace("\x00", "")
