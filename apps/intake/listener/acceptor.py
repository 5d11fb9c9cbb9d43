"""Accepts connections, as many as wait.

uvloop's own server accepts one connection in each turn of its loop. While a thousand peers talk,
a turn takes milliseconds, and the last of a thousand that arrive together would wait for many
seconds before anybody reads its first message.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

log = logging.getLogger(__name__)

_AT_ONCE = 256
_PAUSE_SECONDS = 1.0


class Acceptor:
    """A listening socket and what becomes of those who connect.

    Args:
        make_protocol: gives each connection its protocol.

    Raises:
        OSError: the address cannot be had.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        backlog: int,
        make_protocol: Callable[[], asyncio.BaseProtocol],
    ) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._wire = socket.create_server((host, port), family=family, backlog=backlog)
        self._wire.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        self._make_protocol = make_protocol
        self._loop = asyncio.get_running_loop()
        self._opening: set[asyncio.Task[object]] = set()
        self._resuming: asyncio.TimerHandle | None = None
        self.port = int(self._wire.getsockname()[1])
        self._resume()

    def close(self) -> None:
        """Accept nobody any more."""
        if self._resuming is not None:
            self._resuming.cancel()
        self._loop.remove_reader(self._wire)
        self._wire.close()

    def _resume(self) -> None:
        self._resuming = None
        self._loop.add_reader(self._wire, self._accept_waiting)

    def _accept_waiting(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                peer, _address = self._wire.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionError:
                continue  # it went away while it waited
            except OSError as error:
                self._pause(error)
                return
            self._open(peer)

    def _open(self, peer: socket.socket) -> None:
        peer.setblocking(False)  # noqa: FBT003 -- the socket module's signature
        opening = self._loop.create_task(
            self._loop.connect_accepted_socket(self._make_protocol, peer)
        )
        # The loop keeps only weak references to its tasks.
        self._opening.add(opening)
        opening.add_done_callback(self._opened)

    def _opened(self, opening: asyncio.Task[object]) -> None:
        self._opening.discard(opening)
        if not opening.cancelled() and (error := opening.exception()) is not None:
            log.warning("a connection could not be opened: %s", type(error).__name__)

    def _pause(self, error: OSError) -> None:
        """Out of file handles or memory: wait, instead of asking again at once for ever."""
        log.warning("cannot accept connections for now: %s", error.strerror)
        self._loop.remove_reader(self._wire)
        self._resuming = self._loop.call_later(_PAUSE_SECONDS, self._resume)
