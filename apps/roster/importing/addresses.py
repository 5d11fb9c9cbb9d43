"""Which addresses are fetched from: web addresses out in the internet, and whose numbers these are."""

from __future__ import annotations

import ipaddress
import logging
import socket
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from apps.roster.exceptions import FetchError

log = logging.getLogger(__name__)

PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def checked(url: str) -> SplitResult:
    """Return the address in parts.

    Raises:
        FetchError: it is no web address, or holds a password.
    """
    try:
        parts = urlsplit(url.strip())
        _ = parts.port
    except ValueError as error:
        raise FetchError("This is no web address.") from error
    scheme = "https" if parts.scheme.lower() in {"webcal", "webcals"} else parts.scheme.lower()
    if scheme not in PORTS or not parts.hostname:
        raise FetchError("Only http and https addresses are fetched.")
    if parts.username or parts.password:
        raise FetchError("The address holds a user or a password; use a secret address instead.")
    if not url.isascii() or any(sign.isspace() or not sign.isprintable() for sign in url.strip()):
        raise FetchError("The address holds signs that an address cannot have.")
    return parts._replace(scheme=scheme)


def addresses_of(target: SplitResult) -> list[str]:
    """Return the network addresses of a host, all of which may be reached from here."""
    port = target.port or PORTS[target.scheme]
    try:
        found = socket.getaddrinfo(target.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchError("The name of its host is not known.") from error
    found_at = [str(entry[4][0]) for entry in found]
    if not settings.ROSTER_FEED_PRIVATE and not all(map(is_public, found_at)):
        log.warning("a calendar feed in a private network was refused: ROSTER_FEED_PRIVATE is off")
        raise FetchError(
            "Its host lies in a private network, which the administrator has not allowed."
        )
    return found_at


def is_public(address: str) -> bool:
    """Return whether an address lies out in the internet, not in anybody's own network."""
    found = ipaddress.ip_address(address.partition("%")[0])
    embedded = _embedded(found)
    if embedded is not None:
        return is_public(str(embedded))
    return found.is_global and not found.is_multicast


def _embedded(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
