"""What a connection asks of its transport: who is there, and how the socket behaves."""

from __future__ import annotations

import asyncio
import socket
from enum import IntFlag

from apps.intake.listener.peers import Peer, peer_of


class Paused(IntFlag):
    """Why reading is paused; zero means it is not."""

    NO = 0
    PENDING = 1
    UNREAD_ANSWERS = 2
    BUDGET = 4
    STOPPING = 8


def peer_on(transport: asyncio.BaseTransport) -> Peer:
    """Return who is at the other end, with the certificate that a TLS handshake verified."""
    secured = transport.get_extra_info("ssl_object")
    certificate = secured.getpeercert(binary_form=True) if secured is not None else None
    return peer_of(transport.get_extra_info("peername"), certificate)


def is_secured(transport: asyncio.BaseTransport) -> bool:
    """Return whether it is TLS, which cannot be closed in one direction only."""
    return transport.get_extra_info("ssl_object") is not None


def set_up(transport: asyncio.BaseTransport, *, read_bytes: int) -> None:
    """Send answers at once, and notice within two minutes that a silent peer is gone.

    Networks drop a connection that is quiet for days without a word to either end.

    Args:
        transport: a fresh one.
        read_bytes: what TLS may hold of a peer whose reading is paused.
    """
    wire: socket.socket = transport.get_extra_info("socket")
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (
        (socket.TCP_KEEPIDLE, 60),
        (socket.TCP_KEEPINTVL, 15),
        (socket.TCP_KEEPCNT, 4),
    ):
        wire.setsockopt(socket.IPPROTO_TCP, option, value)
    if is_secured(transport):
        transport.set_read_buffer_limits(high=read_bytes)  # type: ignore[attr-defined] # of TLS transports
