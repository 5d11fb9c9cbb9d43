"""How a peer is doing, and until when its lane rests."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apps.outbound.delivery import waits
from apps.outbound.delivery.letters import LinkState, Patience, Peer
from apps.outbound.delivery.store import Store
from apps.outbound.exceptions import DeliveryError

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]
_Wait = Callable[[int, datetime, datetime, Patience], timedelta]


class PeerHealth:
    """Counts a peer's failures in a row, and keeps them in its link's row."""

    def __init__(self, peer: Peer, state: LinkState, store: Store, clock: Clock) -> None:
        self._peer = peer
        self._state = state
        self._store = store
        self._clock = clock

    @property
    def rests_until(self) -> datetime | None:
        """Return before when nothing is tried; None or past means now."""
        return self._state.next_attempt_at

    @property
    def is_resting(self) -> bool:
        """Return whether the peer is left alone for now."""
        until = self._state.next_attempt_at
        return until is not None and until > self._clock()

    def forget_rest(self) -> None:
        """Try at once, because a person asked for it."""
        state = self._state
        self._state = LinkState(state.failing_since, state.failures, None, state.error)

    async def answered(self) -> None:
        """Note an answer, whatever it said: the peer is there."""
        if self._state.failures:
            log.info("%s answers again", self._peer.name)
            self._state = LinkState()
            await self._store.save_link(self._peer, self._state, self._clock())

    async def silent(self, error: DeliveryError) -> None:
        """Note that a message was taken and not answered."""
        await self._failed(error, waits.wait_for_silent_peer)

    async def unreachable(self, error: DeliveryError) -> None:
        """Note that no connection came about; what waited too long becomes dead letters."""
        await self._failed(error, waits.wait_for_connection)
        now, since = self._clock(), self._state.failing_since
        if since is None or not waits.has_given_up(since, now, self._peer.patience):
            return
        dead = await self._store.expire(self._peer, now, self._state.error)
        if dead:
            log.error("%s dead letters: %s cannot be reached", dead, self._peer.name)

    async def _failed(self, error: DeliveryError, wait: _Wait) -> None:
        now = self._clock()
        failures, since = self._state.failures + 1, self._state.failing_since or now
        rest = wait(failures, since, now, self._peer.patience)
        self._state = LinkState(since, failures, now + rest, str(error))
        if failures == 1:
            log.warning("%s is in trouble: %s", self._peer.name, error.result)
        await self._store.save_link(self._peer, self._state, now)
