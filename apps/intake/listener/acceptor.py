"""Accepts connections, as many as wait.

uvloop's own server accepts one connection in each turn of its loop. While a thousand peers talk,
a turn takes milliseconds, and the last of a thousand that arrive together would wait for many
seconds before anybody reads its first message.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from functools import partial

from apps.intake import metrics
from apps.intake.listener.door import Door, Visit
from apps.intake.listener.limits import Limits
from apps.intake.listener.peers import peer_of
from apps.intake.listener.sparing import SparingLog

log = logging.getLogger(__name__)
_sparing = SparingLog(log)

_AT_ONCE = 256
_PAUSE_SECONDS = 1.0
_ANY_IPV6 = "::"

MakeProtocol = Callable[[Visit], asyncio.BaseProtocol]
GiveContext = Callable[[], ssl.SSLContext]


class Acceptor:
    """A listening socket and what becomes of those who connect.

    Args:
        door: gives out places, or does not.
        limits: how many wait to be accepted, and how long a TLS handshake may take.
        make_protocol: gives each connection its protocol.
        tls: asked for each connection, so that a new certificate holds from the next one on;
            None takes what is not encrypted.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        door: Door,
        limits: Limits,
        make_protocol: MakeProtocol,
        tls: GiveContext | None = None,
    ) -> None:
        self._wire = _listening(host, port, limits.backlog)
        self._door = door
        self._limits = limits
        self._make_protocol = make_protocol
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._resuming: asyncio.TimerHandle | None = None
        self.port = int(self._wire.getsockname()[1])
        self._resume()

    def close(self) -> None:
        """Accept nobody any more, and give up the handshakes that are under way."""
        if self._resuming is not None:
            self._resuming.cancel()
        self._loop.remove_reader(self._wire)
        self._wire.close()
        for opening in self._opening:
            opening.cancel()

    def _resume(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._wire, self._accept_waiting)

    def _accept_waiting(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                wire, name = self._wire.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it went away while it waited
            except OSError as error:
                self._pause(error)
                return
            visit = self._door.enter(peer_of(name))
            if visit is None:
                wire.close()
            else:
                self._open(wire, visit)

    def _open(self, wire: socket.socket, visit: Visit) -> None:
        wire.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        opening = self._loop.create_task(self._connect(wire, visit))
        # The loop keeps only weak references to its tasks.
        self._opening.add(opening)
        opening.add_done_callback(partial(self._opened, visit))

    async def _connect(self, wire: socket.socket, visit: Visit) -> object:
        make_protocol = partial(self._make_protocol, visit)
        if self._tls is None:
            return await self._loop.connect_accepted_socket(make_protocol, wire)
        return await self._loop.connect_accepted_socket(
            make_protocol,
            wire,
            ssl=self._tls(),
            ssl_handshake_timeout=self._limits.handshake_seconds,
            ssl_shutdown_timeout=self._limits.shutdown_seconds,
        )

    def _opened(self, visit: Visit, opening: asyncio.Task[object]) -> None:
        self._opening.discard(opening)
        if opening.cancelled():
            visit.end()
        elif (error := opening.exception()) is not None:
            visit.end()
            metrics.REFUSED_PEERS.labels("handshake" if self._tls else "broken").inc()
            what = _words(error)
            _sparing.warning("opening", "no connection with %s: %s", visit.address, what)

    def _pause(self, error: OSError) -> None:
        """Out of file handles or memory: wait, instead of asking again at once for ever."""
        log.warning("cannot accept connections for now: %s", error.strerror)
        self._loop.remove_reader(self._wire)
        self._resuming = self._loop.call_later(_PAUSE_SECONDS, self._resume)


def _listening(host: str, port: int, backlog: int) -> socket.socket:
    try:
        wire = socket.create_server(
            (host, port),
            family=socket.AF_INET6 if ":" in host else socket.AF_INET,
            backlog=backlog,
            dualstack_ipv6=host == _ANY_IPV6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        # The module's own words name the address as a Python tuple, at their end.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise OSError(error.errno, f"{host}:{port}: {reason}") from error
    wire.setblocking(False)  # noqa: FBT003 -- the socket module's signature
    return wire


def _words(error: BaseException) -> str:
    """Return why a handshake failed, in OpenSSL's words; none of them are the peer's."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS {error.reason or type(error).__name__}"
    return type(error).__name__
