"""A RIS that speaks TLS, with the certificates of ``tests/fixtures/tls``."""

from __future__ import annotations

import contextlib
import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes.peer import FakePeer

CERTIFICATES = Path(__file__).parents[1] / "fixtures" / "tls"
AUTHORITY = (CERTIFICATES / "ca.pem").read_text()
OTHER_AUTHORITY = (CERTIFICATES / "other-ca.pem").read_text()


def server_context(name: str = "server", *, asks_client: bool = False) -> ssl.SSLContext:
    """Return a server's context with one of the certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / f"{name}.pem", CERTIFICATES / f"{name}.key")
    if asks_client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(CERTIFICATES / "ca.pem")
    return context


@dataclass
class TlsPeer(FakePeer):
    """A fake peer behind TLS; ``context`` may be replaced between connections.

    ``clients`` are the common names of the client certificates, None where none was shown.
    """

    context: ssl.SSLContext = field(default_factory=server_context)
    clients: list[str | None] = field(default_factory=list)
    versions: list[str | None] = field(default_factory=list)

    def _talk(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError):
            # Known before the handshake ends, so that going away always finds it.
            secured = self.context.wrap_socket(
                connection, server_side=True, do_handshake_on_connect=False
            )
            with self._lock:
                self._sockets.append(secured)
            secured.do_handshake()
            self.versions.append(secured.version())
            self.clients.append(_common_name(secured))
            super()._talk(secured, number)


def _common_name(secured: ssl.SSLSocket) -> str | None:
    found: dict[str, Any] = secured.getpeercert() or {}
    names = (pair for part in found.get("subject", ()) for pair in part)
    return next((str(value) for key, value in names if key == "commonName"), None)
