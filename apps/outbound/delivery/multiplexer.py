"""All destinations in one event loop: wakes, reads what is due, hands it to the lanes.

A notice (``NOTIFY radassign_deliver``) goes straight to a read of what is due, and from there to
the socket. Before each read the outcomes known so far are written, so no message is read twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from psycopg import sql

from apps.core.triggers import DELIVER_CHANNEL
from apps.outbound.delivery.health import Clock
from apps.outbound.delivery.lane import Lane, Office
from apps.outbound.delivery.lanes import LaneBook
from apps.outbound.delivery.notices import destination_to_try
from apps.outbound.delivery.recorder import Recorder
from apps.outbound.delivery.store import Store, open_session

REFRESH_SECONDS = 1.0


class Multiplexer:
    """Delivers to every destination that is ours, until cancelled.

    ``rounds`` grows at least once a second while all is well; ``active_at`` is the
    monotonic time of the last read that found messages.
    """

    def __init__(self, clock: Clock) -> None:
        self.rounds = 0
        self.active_at = time.monotonic()
        self._clock = clock
        self._wake = asyncio.Event()
        self._lanes: LaneBook | None = None

    @property
    def delivered(self) -> int:
        """Return how many messages were delivered since the start."""
        return self._lanes.delivered if self._lanes else 0

    @property
    def is_busy(self) -> bool:
        """Return whether anything is on its way."""
        return any(lane.is_working for lane in self._lanes or ())

    async def run(self) -> None:
        """Deliver for ever.

        Raises:
            ExceptionGroup: the database went, and with the session our locks; every socket is
                closed then.
        """
        async with contextlib.AsyncExitStack() as stack:
            store = await Store.open()
            stack.push_async_callback(store.close)
            recorder = Recorder(store.record)
            office = Office(store, recorder, self._clock, self._wake.set)
            async with asyncio.TaskGroup() as group:
                self._lanes = LaneBook(office, group)
                group.create_task(self._listen(self._lanes))
                group.create_task(recorder.run())
                await self._serve(self._lanes, office)

    async def _listen(self, lanes: LaneBook) -> None:
        """Turn notices into looks, on a session of its own: waiting for them occupies it."""
        async with await open_session("deliver-notices") as session:
            await session.execute(sql.SQL("LISTEN {}").format(sql.Identifier(DELIVER_CHANNEL)))
            self._look_at(lanes)  # what was queued before we listened
            async for notice in session.notifies():
                wanted = lanes.find(destination_to_try(notice.payload))
                if wanted is not None:
                    wanted.health.forget_rest()
                self._look_at(lanes)

    def _look_at(self, lanes: LaneBook) -> None:
        for lane in lanes:
            lane.look_now()
        self._wake.set()

    async def _serve(self, lanes: LaneBook, office: Office) -> None:
        loop = asyncio.get_running_loop()
        refresh_at = loop.time()
        while True:
            self._wake.clear()
            if loop.time() >= refresh_at:
                await lanes.refresh()
                refresh_at = loop.time() + REFRESH_SECONDS
            await self._hand_out(_eager(lanes), office)
            self.rounds += 1
            looks = [lane.look_at for lane in lanes if lane.look_at is not None]
            await self._sleep_until(min([refresh_at, *looks]))

    async def _hand_out(self, eager: list[Lane], office: Office) -> None:
        """Read what is due for the lanes that want letters, in one statement."""
        if not eager:
            return
        for lane in eager:
            lane.begin_look()
        await office.recorder.settle()
        due = await office.store.due([lane.peer for lane in eager], self._clock())
        for lane in eager:
            lane.looked(due.get(lane.peer.id))
        if due:
            self.active_at = time.monotonic()

    async def _sleep_until(self, moment: float) -> None:
        seconds = moment - asyncio.get_running_loop().time()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


def _eager(lanes: LaneBook) -> list[Lane]:
    """Return the lanes whose rows are to be looked at now; resting ones rest on."""
    now = asyncio.get_running_loop().time()
    wanting = [lane for lane in lanes if lane.look_at is not None and lane.look_at <= now]
    for lane in wanting:
        if lane.health.is_resting:
            lane.look_later()
    return [lane for lane in wanting if not lane.health.is_resting]
