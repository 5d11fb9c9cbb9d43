"""Runs the listener until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from apps.intake import metrics
from apps.intake.listener.attendant import Attendant
from apps.intake.listener.contacts import Contacts
from apps.intake.listener.limits import Limits
from apps.intake.listener.postgres_effects import PostgresEffects
from apps.intake.listener.postgres_store import PostgresStore
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.server import Listener
from apps.intake.listener.tls import Certificates
from radassign.hl7_transport import Hl7Tls, is_loopback

log = logging.getLogger(__name__)

WRITERS = 2
# A start beside a database that is just starting too waits for it, so that nobody is refused
# without need; afterwards the port opens all the same, and refuses.
_READY_SECONDS = 5.0
_CERTIFICATES_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Transport:
    """Where peers connect, and which of them may.

    ``plain`` is the address for what is not encrypted, None for nowhere; with ``tls`` goes
    ``tls_host``. A port 0 takes any. ``allowed`` holds addresses and networks, none means
    everybody.
    """

    plain: tuple[str, int] | None
    tls: Hl7Tls | None = None
    tls_host: str = ""
    allowed: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


Announce = Callable[[str, str, int], None]
"""Takes ``HL7`` or ``HL7 over TLS``, the address and the port, once it is listened on."""


async def serve(transport: Transport, *, on_listening: Announce) -> None:
    """Listen until SIGTERM or SIGINT; then answer what was received and return.

    SIGHUP has the certificates read anew; a change of their files is noticed without it.

    Args:
        transport: where, and for whom.
        on_listening: is told each port once connections are accepted.

    Raises:
        OSError: an address cannot be had.
        TlsError: a certificate or key cannot be used.
    """
    certificates = Certificates(transport.tls) if transport.tls else None
    stop = _heed_signals(certificates)
    metrics.forget_ended_processes()
    stores = [PostgresStore() for _ in range(WRITERS)]
    ports: dict[str, int] = {}
    contacts = Contacts()
    listener: Listener

    def take_profiles(profiles: Profiles) -> None:
        listener.reception.profiles = profiles

    attendant = Attendant(
        on_profiles=take_profiles,
        details=lambda: {
            **ports,
            "connections": listener.open_connections,
            "done": listener.received,
        },
        contacts=contacts,
    )
    listener = Listener(
        stores,
        limits=transport.limits,
        allowed=transport.allowed,
        contacts=contacts,
        on_stored=attendant.wake_decider,
        effects=PostgresEffects(),
    )
    async with _beside(attendant.run(), _renew(certificates)), listener:
        await _wait_ready(attendant, stores)
        ports |= _listen(listener, transport, certificates, on_listening)
        await stop.wait()
        log.info("stopping with %s connections", listener.open_connections)


def raise_file_limit() -> None:
    """Allow as many open files, and so connections, as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _listen(
    listener: Listener,
    transport: Transport,
    certificates: Certificates | None,
    on_listening: Announce,
) -> dict[str, int]:
    """Open the ports; return what the sign of life says of them."""
    ports: dict[str, int] = {}
    if transport.plain is not None:
        host, port = transport.plain
        ports["port"] = listener.listen(host, port)
        on_listening("HL7", host, ports["port"])
        if not is_loopback(host):
            log.warning("HL7 is taken unencrypted on %s:%s", host, ports["port"])
    if certificates is not None and transport.tls is not None:
        ports["tls_port"] = listener.listen(
            transport.tls_host, transport.tls.port, tls=lambda: certificates.context
        )
        on_listening("HL7 over TLS", transport.tls_host, ports["tls_port"])
    return ports


@asynccontextmanager
async def _beside(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do the work for as long as the block runs."""
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _renew(certificates: Certificates | None) -> None:
    while certificates is not None:
        await asyncio.sleep(_CERTIFICATES_SECONDS)
        certificates.refresh()


async def _wait_ready(attendant: Attendant, stores: list[PostgresStore]) -> None:
    ready = await asyncio.gather(
        attendant.wait_profiles(_READY_SECONDS),
        *(store.wait_ready(_READY_SECONDS) for store in stores),
    )
    if not all(ready):
        log.warning("listening without a database: everything is refused until it is there")


def _heed_signals(certificates: Certificates | None) -> asyncio.Event:
    """Return what SIGTERM and SIGINT set; SIGHUP reads the certificates anew and ends nothing."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, certificates.reload if certificates else _ignore)
    return stop


def _ignore() -> None:
    log.info("SIGHUP: there are no certificates to read anew")
