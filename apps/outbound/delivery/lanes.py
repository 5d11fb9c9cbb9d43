"""Which destinations are ours: their locks, their lanes, and what editing them changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from apps.outbound.delivery.lane import Lane, Office
from apps.outbound.delivery.letters import Peer

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Running:
    lane: Lane
    task: asyncio.Task[None]


class LaneBook:
    """The lanes that run here, one for each enabled destination whose lock was free."""

    def __init__(self, office: Office, group: asyncio.TaskGroup) -> None:
        self._office = office
        self._group = group
        self._running: dict[int, _Running] = {}
        self._wanted: dict[int, Peer] = {}
        self._version = -1
        self._delivered_before = 0

    @property
    def delivered(self) -> int:
        """Return how many messages were delivered by all lanes, ended ones included."""
        return self._delivered_before + sum(lane.delivered for lane in self)

    def __iter__(self) -> Iterator[Lane]:
        return iter([running.lane for running in self._running.values()])

    def find(self, destination_id: int) -> Lane | None:
        """Return the lane of a destination, None where it is not ours."""
        running = self._running.get(destination_id)
        return running.lane if running else None

    async def refresh(self) -> None:
        """Follow what was edited, and take up what another deliverer let go.

        A lane at work ends after its batch, at a later refresh.
        """
        await self._read_destinations()
        for running in list(self._running.values()):
            if running.task.done() or self._is_outdated(running.lane):
                await self._stop(running)
        missing = self._wanted.keys() - self._running.keys()
        if missing:
            for destination_id in await self._office.store.try_lock(sorted(missing)):
                await self._start(self._wanted[destination_id])
        if self._running:
            await self._office.store.served([lane.peer for lane in self], self._office.clock())

    async def _read_destinations(self) -> None:
        version = await self._office.store.version()
        if version != self._version:
            self._wanted = {peer.id: peer for peer in await self._office.store.peers()}
            self._version = version

    def _is_outdated(self, lane: Lane) -> bool:
        return not lane.is_working and self._wanted.get(lane.peer.id) != lane.peer

    async def _start(self, peer: Peer) -> None:
        now = self._office.clock()
        state = await self._office.store.link(peer, now)
        await self._office.store.save_link(peer, state, now)
        lane = Lane(peer, state, self._office)
        task = self._group.create_task(_run(lane), name=f"lane {peer.name}")
        self._running[peer.id] = _Running(lane, task)

    async def _stop(self, running: _Running) -> None:
        destination_id = running.lane.peer.id
        del self._running[destination_id]
        self._delivered_before += running.lane.delivered
        running.task.cancel()
        # Its outcomes first: whoever takes the lock next must not send them again.
        await self._office.recorder.settle()
        await self._office.store.unlock(destination_id)


async def _run(lane: Lane) -> None:
    """Run a lane; its failure is its own, unless the database is gone."""
    try:
        await lane.run()
    except psycopg.Error:
        raise
    except Exception:
        # The outermost loop of one destination: what fails here must not stop the others. The
        # next refresh starts the lane anew.
        log.exception("the lane of %s failed", lane.peer.name)
