"""Who is at the other end of a connection: an address, perhaps a client certificate."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PEER_CHARS = 64
_MAPPED_BITS = 96


class Peer(NamedTuple):
    """One end of a connection.

    ``address`` is IPv4 also where it came mapped into IPv6, empty where it is not known.
    ``certificate`` is the SHA-256 of its client certificate in hexadecimal, empty without one.
    """

    address: str = ""
    port: int = 0
    certificate: str = ""

    def __str__(self) -> str:
        """Return ``10.1.2.3:40112``, as messages keep it."""
        return f"{self.address}:{self.port}"[:_PEER_CHARS] if self.address else ""

    def is_within(self, networks: Sequence[str]) -> bool:
        """Return whether the address lies in one of the networks; a malformed one holds nobody."""
        address = _address(self.address)
        return address is not None and any(
            (network := network_of(text)) is not None and address in network for text in networks
        )


def peer_of(socket_name: object, certificate: bytes | None = None) -> Peer:
    """Return the peer of a socket's name, and of its certificate's DER bytes."""
    if not isinstance(socket_name, tuple):
        return Peer()
    digest = hashlib.sha256(certificate).hexdigest() if certificate else ""
    address = _address(str(socket_name[0]))
    return Peer(str(address or socket_name[0]), int(socket_name[1]), digest)


def fingerprint(text: str) -> str:
    """Return a certificate's SHA-256 as ``Peer`` has it, from however a person wrote it."""
    return text.replace(":", "").replace(" ", "").lower()


@lru_cache(maxsize=4096)
def network_of(text: str) -> Network | None:
    """Return a network or a single address; None for what is neither."""
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= _MAPPED_BITS:
        first = network.network_address.ipv4_mapped
        if first is not None:
            return ipaddress.IPv4Network((int(first), network.prefixlen - _MAPPED_BITS))
    return network


@lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
