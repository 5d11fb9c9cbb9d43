"""One MLLP connection to a peer: a message out, its own answer in.

Peers answer in lockstep, so one message is in flight at a time. An answer counts only if its
MSA-2 is the MSH-10 that was sent: one that comes late, or for another message, is dropped. After
an answer was missed the connection is closed, so that nothing late can arrive on it.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import Any, cast

from apps.hl7v2.answers import Answer, parse_ack
from apps.hl7v2.mllp import Frame, Framer, Garbage, OversizeFrame, frame
from apps.outbound.delivery import tls
from apps.outbound.delivery.letters import Peer
from apps.outbound.exceptions import ClosedError, SilentError, UnframableError, UnreachableError

CONNECT_TIMEOUT_SECONDS = 5.0
_LARGEST_ANSWER_BYTES = 1024 * 1024
# A peer that vanished without a FIN (a pulled cable, a NAT that forgot) is found while idle.
_KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


class MllpConnection(asyncio.Protocol):
    """A connection that is made once and never reopened; ``connect`` makes another."""

    def __init__(self) -> None:
        self._framer = Framer(_LARGEST_ANSWER_BYTES)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[Answer] | None = None
        self._expected = ""
        self._foreign = 0

    @property
    def is_open(self) -> bool:
        """Return whether a message can be sent; a peer's close is noticed while idle."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, payload: bytes, control_id: str, timeout_seconds: float) -> Answer:
        """Send a message and return the answer that names it.

        Raises:
            UnframableError: the payload cannot be sent as one MLLP block; nothing was sent.
            SilentError: no answer to it came in time; the connection is closed.
            ClosedError: the peer closed before it answered.
        """
        block = _framed(payload)
        if self._transport is None or not self.is_open:
            raise ClosedError("the connection was closed")
        self._expected, self._foreign = control_id, 0
        self._waiter = asyncio.get_running_loop().create_future()
        self._transport.write(block)
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._waiter
        except TimeoutError:
            self.close()
            raise SilentError(self._silence(timeout_seconds)) from None
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close at once, without waiting for what is unsent."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport and have the kernel watch an idle connection."""
        self._transport = cast(asyncio.Transport, transport)
        _keep_alive(self._transport.get_extra_info("socket"))

    def data_received(self, data: bytes) -> None:
        """Take what the peer sent: answers, and whatever else."""
        for event in self._framer.feed(data):
            if isinstance(event, Frame):
                self._answered(parse_ack(event.payload))
            elif isinstance(event, OversizeFrame | Garbage):
                self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever awaits an answer that cannot come any more."""
        self._transport = None
        if self._waiter is not None and not self._waiter.done():
            why = f": {_why(exc)}" if exc else ""
            self._waiter.set_exception(ClosedError(f"closed before an answer{why}"))

    def _answered(self, answer: Answer) -> None:
        if self._waiter is None or self._waiter.done():
            return
        if answer.control_id == self._expected:
            self._waiter.set_result(answer)
        else:
            self._foreign += 1

    def _silence(self, timeout_seconds: float) -> str:
        words = f"no answer within {timeout_seconds:g} s"
        return words + (f"; {self._foreign} answered something else" if self._foreign else "")


async def connect(peer: Peer) -> MllpConnection:
    """Return a new connection, with TLS where the peer has it.

    Raises:
        UnreachableError: refused, unknown, not there within five seconds, or not who it should
            be.
    """
    loop = asyncio.get_running_loop()
    secured: dict[str, Any] = {}
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
            if peer.tls is not None:
                # What a system trusts takes a while to read; other lanes go on meanwhile.
                context = await asyncio.to_thread(tls.context_for, peer.tls)
                secured = {"ssl": context, "server_hostname": peer.tls.server_name}
            _, connection = await loop.create_connection(
                MllpConnection, peer.host, peer.port, **secured
            )
    except TimeoutError as error:
        reason = f"no connection within {CONNECT_TIMEOUT_SECONDS:g} s"
        if peer.tls is not None:
            reason += ": it is not there, or does not speak TLS"
        raise UnreachableError(f"{peer.address}: {reason}") from error
    except (OSError, UnicodeError) as error:
        raise UnreachableError(f"{peer.address}: {_trouble(peer, error)}") from error
    return connection


def _trouble(peer: Peer, error: Exception) -> str:
    return tls.in_words(error, peer.tls.server_name) if peer.tls is not None else str(error)


def _why(error: Exception) -> str:
    # With TLS 1.3 the peer judges our certificate after the connection is made.
    return tls.in_words(error, "") if isinstance(error, ssl.SSLError) else str(error)


def _framed(payload: bytes) -> bytes:
    try:
        return frame(payload)
    except ValueError as error:
        raise UnframableError(str(error)) from error


def _keep_alive(sock: socket.socket | None) -> None:
    if sock is None:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):  # not every kernel has all of them
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
