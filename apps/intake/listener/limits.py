"""How much one peer, and all of them together, may take of the listener."""

from __future__ import annotations

from dataclasses import dataclass

_KIB = 1024
_MIB = 1024 * _KIB


@dataclass(frozen=True, slots=True)
class Limits:
    """The listener's caps.

    ``frame_seconds`` runs from 0x0B to 0x1C 0x0D; between frames a peer may be silent for
    ``idle_seconds``, zero is for ever. ``free_bytes`` of each connection stay outside of
    ``budget_bytes``, so that ordinary messages pass while a few senders of huge ones use the
    budget up. ``read_bytes`` bounds what one read brings, and with it by how much all
    connections together can pass the budget. ``stranger_…`` hold for peers that are not allowed:
    long enough to be told so, and too little to be in anybody's way. ``effect_seconds`` is how
    long the answer of a merge waits to tell what became of it.
    """

    frame_bytes: int = 10 * _MIB
    frame_seconds: float = 60.0
    idle_seconds: float = 0.0
    stall_seconds: float = 60.0
    pending_messages: int = 256
    budget_bytes: int = 64 * _MIB
    free_bytes: int = 16 * _KIB
    read_bytes: int = 32 * _KIB
    batch_rows: int = 500
    batch_bytes: int = 8 * _MIB
    connections: int = 4096
    connections_per_peer: int = 2048
    handshake_seconds: float = 10.0
    shutdown_seconds: float = 5.0
    strangers: int = 64
    stranger_bytes: int = 64 * _KIB
    stranger_seconds: float = 10.0
    backlog: int = 2048
    stop_seconds: float = 15.0
    effect_seconds: float = 3.0
    effect_poll_seconds: float = 0.02
