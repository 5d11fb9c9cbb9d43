"""Runs the listener until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
from collections.abc import Callable

from apps.intake import metrics
from apps.intake.listener.attendant import Attendant
from apps.intake.listener.limits import Limits
from apps.intake.listener.postgres_store import PostgresStore
from apps.intake.listener.profiles import Profiles
from apps.intake.listener.server import Listener

log = logging.getLogger(__name__)

WRITERS = 2
# A start beside a database that is just starting too waits for it, so that nobody is refused
# without need; afterwards the port opens all the same, and refuses.
_READY_SECONDS = 5.0


async def serve(
    host: str,
    port: int,
    *,
    on_listening: Callable[[int], None],
    limits: Limits | None = None,
) -> None:
    """Listen until SIGTERM or SIGINT; then answer what was received and return.

    Args:
        host: the address to listen on.
        port: the port; 0 takes any.
        on_listening: is told the port once connections are accepted.
        limits: what peers may take.

    Raises:
        OSError: the address cannot be had.
    """
    stop = _stop_event()
    metrics.forget_ended_processes()
    stores = [PostgresStore() for _ in range(WRITERS)]
    listener: Listener

    def take_profiles(profiles: Profiles) -> None:
        listener.reception.profiles = profiles

    attendant = Attendant(
        on_profiles=take_profiles,
        details=lambda: {
            "port": port,
            "connections": listener.open_connections,
            "done": listener.received,
        },
    )
    listener = Listener(stores, limits=limits, on_stored=attendant.wake_decider)
    attending = asyncio.create_task(attendant.run())
    try:
        async with listener:
            await _wait_ready(attendant, stores)
            port = listener.listen(host, port)
            on_listening(port)
            await stop.wait()
            log.info("stopping with %s connections", listener.open_connections)
    finally:
        attending.cancel()
        await asyncio.gather(attending, return_exceptions=True)


def raise_file_limit() -> None:
    """Allow as many open files, and so connections, as the system lets us."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


async def _wait_ready(attendant: Attendant, stores: list[PostgresStore]) -> None:
    ready = await asyncio.gather(
        attendant.wait_profiles(_READY_SECONDS),
        *(store.wait_ready(_READY_SECONDS) for store in stores),
    )
    if not all(ready):
        log.warning("listening without a database: everything is refused until it is there")


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
