"""Looks whether the ports are free before anything is started."""

from __future__ import annotations

import errno
import socket
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Port:
    """A port that one of the processes will listen on, and the setting that chooses it."""

    setting: str
    host: str
    number: int


def obstacles(ports: Iterable[Port]) -> list[str]:
    """Return, for each port on which nobody could listen, why not and what to change."""
    return [reason for port in ports if (reason := _obstacle(port))]


def _obstacle(port: Port) -> str:
    """Return a line for people; empty while the port is free."""
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # As the servers do: connections that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError as error:
            where = f"port {port.number} on {port.host}"
            if error.errno == errno.EADDRINUSE:
                return f"{where} is in use; free it, or set {port.setting}"
            host_setting = port.setting.replace("_PORT", "_HOST")
            return f"{where}: {error.strerror}; set {port.setting} or {host_setting}"
    return ""
