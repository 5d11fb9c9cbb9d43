"""What the listener does beside storing, on a database connection of its own.

It wakes the decider after commits: a NOTIFY inside a writer's transaction would serialise all
commits, so it comes after them, and many commits share one. It shows a sign of life, notes when
each sender was last heard, and reads the sender profiles anew when they were edited. All of it
may be lost or late without harm to a message: the rows are the truth, and a sweep finds what
nobody was woken for.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
from psycopg import sql

from apps.core import clock
from apps.core.heartbeat import process_name
from apps.core.triggers import DECIDE_CHANNEL
from apps.intake.listener.contacts import MOST_NAMES, Contacts, Sender
from apps.intake.listener.database import Connection, close_quietly, connect
from apps.intake.listener.profiles import AREA, COLUMNS, Profile, Profiles
from apps.intake.silence import ALL, KIND

log = logging.getLogger(__name__)

ROLE = "listener"
_STATEMENT_SECONDS = 5.0
_LOOK_SECONDS = 0.5
_BEAT_SECONDS = 2.0
_RETRY_SECONDS = 0.5
# The first wake after a pause goes out at once; under load one in so many seconds is enough.
_WAKE_PAUSE_SECONDS = 0.004

_NOTIFY = sql.SQL("NOTIFY {}").format(sql.Identifier(DECIDE_CHANNEL))
_VERSION = "SELECT version FROM core_configversion WHERE area = %s"
_PROFILES = sql.SQL("SELECT {} FROM intake_senderprofile").format(
    sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
)
_BEAT = """
    INSERT INTO core_heartbeat (name, role, at, details)
    VALUES (%s, %s, clock_timestamp(), %s::jsonb)
    ON CONFLICT (name) DO UPDATE
    SET role = EXCLUDED.role, at = EXCLUDED.at, details = EXCLUDED.details
"""
_CONTACTS = "SELECT application, facility FROM intake_sendercontact LIMIT %s"
# In the order of the names, so that two listeners never wait for each other in a ring.
_HEARD = """
    INSERT INTO intake_sendercontact (application, facility, last_at)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])
    ON CONFLICT (application, facility) DO UPDATE
    SET last_at = greatest(intake_sendercontact.last_at, EXCLUDED.last_at)
    RETURNING silent_since IS NOT NULL
"""
_LOOK_FOR_SILENCE = """
    INSERT INTO core_duetime (kind, subject, due_at, payload) VALUES (%s, %s, %s, '{}')
    ON CONFLICT (kind, subject) DO UPDATE
    SET due_at = EXCLUDED.due_at WHERE EXCLUDED.due_at < core_duetime.due_at
"""
_GONE = "DELETE FROM core_heartbeat WHERE name = %s"


class Attendant:
    """One task, one connection.

    Args:
        on_profiles: takes the profiles whenever they were read.
        details: what the sign of life tells, asked for at each one.
        contacts: who was heard since it was last asked.
    """

    def __init__(
        self,
        *,
        on_profiles: Callable[[Profiles], None],
        details: Callable[[], dict[str, Any]],
        contacts: Contacts,
    ) -> None:
        self._on_profiles = on_profiles
        self._details = details
        self._contacts = contacts
        self._wake = asyncio.Event()
        self._has_profiles = asyncio.Event()
        self._version = -1
        self._look_at = 0.0
        self._beat_at = 0.0

    def wake_decider(self) -> None:
        """Tell the decider soon that messages wait."""
        self._wake.set()

    async def wait_profiles(self, seconds: float) -> bool:
        """Return whether the profiles were read once, after waiting at most so long."""
        try:
            await asyncio.wait_for(self._has_profiles.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Attend until cancelled; a lost connection is made again."""
        while True:
            connection = None
            try:
                connection = await connect(durable=False, statement_seconds=_STATEMENT_SECONDS)
                self._wake.set()  # what was committed while we were away
                await self._attend(connection)
            except (psycopg.Error, OSError) as error:
                if connection is not None:
                    log.warning("attendant lost the database: %s", type(error).__name__)
            except asyncio.CancelledError:
                await _say_goodbye(connection)
                raise
            finally:
                await close_quietly(connection)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _attend(self, connection: Connection) -> None:
        cursor = await connection.execute(_CONTACTS, [MOST_NAMES])
        self._contacts.know((row[0], row[1]) for row in await cursor.fetchall())
        while True:
            now = time.monotonic()
            if now >= self._look_at:
                self._look_at = now + _LOOK_SECONDS
                await self._refresh_profiles(connection)
            if now >= self._beat_at:
                self._beat_at = now + _BEAT_SECONDS
                await self._beat(connection)
                await self._note_contacts(connection)
            if await self._is_woken(min(self._look_at, self._beat_at) - time.monotonic()):
                self._wake.clear()
                await connection.execute(_NOTIFY)
                await asyncio.sleep(_WAKE_PAUSE_SECONDS)

    async def _is_woken(self, seconds: float) -> bool:
        if self._wake.is_set():
            return True
        try:
            await asyncio.wait_for(self._wake.wait(), max(seconds, 0))
        except TimeoutError:
            return False
        return True

    async def _refresh_profiles(self, connection: Connection) -> None:
        cursor = await connection.execute(_VERSION, [AREA])
        row = await cursor.fetchone()
        version = row[0] if row else 0
        if version == self._version:
            return
        cursor = await connection.execute(_PROFILES)
        self._on_profiles(Profiles.of(Profile(*values) for values in await cursor.fetchall()))
        self._version = version
        self._has_profiles.set()
        await self._look_for_silence(connection)

    async def _beat(self, connection: Connection) -> None:
        details = json.dumps(self._details())
        await connection.execute(_BEAT, [process_name(ROLE), ROLE, details])

    async def _note_contacts(self, connection: Connection) -> None:
        heard = self._contacts.take()
        if not heard:
            return
        try:
            is_silent = await _write_contacts(connection, heard)
        except BaseException:
            self._contacts.give_back(heard)
            raise
        if is_silent:
            await self._look_for_silence(connection)

    async def _look_for_silence(self, connection: Connection) -> None:
        """Have the senders looked at now: what is expected of them, or one of them, changed."""
        await connection.execute(_LOOK_FOR_SILENCE, [KIND, ALL, clock.now()])
        self._wake.set()


async def _write_contacts(connection: Connection, heard: dict[Sender, datetime]) -> bool:
    """Note when senders were heard; return whether one of them was thought silent."""
    rows = sorted(heard.items())
    applications = [application for (application, _), _ in rows]
    facilities = [facility for (_, facility), _ in rows]
    cursor = await connection.execute(_HEARD, [applications, facilities, [at for _, at in rows]])
    return any(row[0] for row in await cursor.fetchall())


async def _say_goodbye(connection: Connection | None) -> None:
    """Take our sign of life away, so that nobody waits for a listener that has ended."""
    if connection is None or connection.closed:
        return
    try:
        async with asyncio.timeout(1):
            await connection.execute(_GONE, [process_name(ROLE)])
    except (psycopg.Error, OSError, TimeoutError):
        log.info("the sign of life could not be taken away")
