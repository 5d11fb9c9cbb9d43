"""Who may come in: counts connections, all in all and from each address, from accept to close.

A connection counts from the moment it is accepted, before any handshake, so that peers that
begin one and never finish it meet the same limits as all others.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from apps.intake import metrics
from apps.intake.listener.limits import Limits
from apps.intake.listener.peers import Peer
from apps.intake.listener.sparing import SparingLog

_log = SparingLog(logging.getLogger(__name__))


class Visit:
    """One connection's place; ``is_stranger`` is a peer that is only told that it may not."""

    __slots__ = ("_door", "_has_ended", "address", "is_stranger")

    def __init__(self, door: Door, address: str, *, is_stranger: bool) -> None:
        self._door = door
        self._has_ended = False
        self.address = address
        self.is_stranger = is_stranger

    def end(self) -> None:
        """Give the place back; twice is once."""
        if not self._has_ended:
            self._has_ended = True
            self._door.leave(self)


class Door:
    """Gives out places while there are any.

    Args:
        limits: how many there are.
        allowed: addresses and networks that may come in; none means everybody.
    """

    def __init__(self, limits: Limits, allowed: Sequence[str] = ()) -> None:
        self._limits = limits
        self._allowed = tuple(allowed)
        self._by_address: Counter[str] = Counter()
        self._strangers = 0
        self.inside = 0

    def enter(self, peer: Peer) -> Visit | None:
        """Return the place of a new connection, None where it has to go at once."""
        is_stranger = bool(self._allowed) and not peer.is_within(self._allowed)
        if is_stranger:
            metrics.REFUSED_PEERS.labels("not_allowed").inc()
            _log.warning("not_allowed", "%s is not allowed to connect", peer.address)
        reason = self._no_room(peer, is_stranger=is_stranger)
        if reason:
            metrics.REFUSED_PEERS.labels(reason).inc()
            _log.warning(reason, "no room for a connection from %s: %s", peer.address, reason)
            return None
        self.inside += 1
        self._strangers += is_stranger
        self._by_address[peer.address] += 1
        return Visit(self, peer.address, is_stranger=is_stranger)

    def leave(self, visit: Visit) -> None:
        """Take a place back; called by the visit, once."""
        self.inside -= 1
        self._strangers -= visit.is_stranger
        self._by_address[visit.address] -= 1
        if not self._by_address[visit.address]:
            del self._by_address[visit.address]

    def _no_room(self, peer: Peer, *, is_stranger: bool) -> str:
        limits = self._limits
        if self.inside >= limits.connections:
            return "full"
        if self._by_address[peer.address] >= limits.connections_per_peer:
            return "crowded"
        return "full" if is_stranger and self._strangers >= limits.strangers else ""


def count_turned_away(peer: str, messages: int) -> None:
    """Count messages whose sender a connection may not speak for; none of them was stored."""
    metrics.REFUSED_PEERS.labels("sender").inc(messages)
    _log.warning("sender", "%s may not speak for the sender of a message", peer)
