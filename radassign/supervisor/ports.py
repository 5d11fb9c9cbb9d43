"""Looks whether the ports are free before anything is started."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A port that one of the processes will listen on, and the setting that chooses it."""

    setting: str
    host: str
    number: int


def ports_in_use(ports: Iterable[Port]) -> list[Port]:
    """Return those on which somebody listens already."""
    return [port for port in ports if not _is_free(port)]


def _is_free(port: Port) -> bool:
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do: connections that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError:
            return False
    return True
