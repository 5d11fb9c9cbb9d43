"""Fetches a feed over HTTP, as something that somebody else decides the contents of.

The address is a person's, the answer a stranger's. So: HTTP and HTTPS alone; the name is looked
up once and the connection made to that very address, which must not lie in our own network; each
redirect is looked at in the same way; and the time, the size, the headers and what a compressed
answer unpacks to are bounded. Words of errors name no part of the address: it is a secret.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import SplitResult, urljoin, urlsplit

from apps.roster.exceptions import FetchError
from apps.roster.importing.addresses import addresses_of, checked
from apps.roster.importing.ical import LARGEST_FEED

_WAIT_SECONDS = 10.0
_LONGEST_SECONDS = 60.0
_MOST_REDIRECTS = 5
_CHUNK = 64 * 1024
_AGENT = "radassign-roster"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer; ``content`` is None where nothing changed since the last one."""

    content: bytes | None
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, and what came last time."""

    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much time and how many bytes an answer may take."""

    wait_seconds: float = _WAIT_SECONDS
    longest_seconds: float = _LONGEST_SECONDS
    largest: int = LARGEST_FEED


def fetch(
    asked: Asked, *, limits: Limits | None = None, progress: Progress | None = None
) -> Fetched:
    """Return what the address answers.

    Args:
        asked: the address, and what its last answer said of itself.
        limits: of time and size.
        progress: is told how much has come; may raise to stop it.

    Raises:
        FetchError: it cannot be fetched, or is not to be.
    """
    bounds = limits or Limits()
    until = time.monotonic() + bounds.longest_seconds
    url = asked.url
    for _hop in range(_MOST_REDIRECTS + 1):
        target = checked(url)
        answer = _Answer(target, bounds, until, progress or (lambda _words: None))
        try:
            found = answer.read(asked)
        except (OSError, http.client.HTTPException, zlib.error) as error:
            raise FetchError(_words_of(error)) from error
        finally:
            answer.close()
        if isinstance(found, Fetched):
            return found
        url = _next(target, found)
    raise FetchError(f"It leads on to other addresses more than {_MOST_REDIRECTS} times.")


def _next(target: SplitResult, location: str) -> str:
    """Return where a redirect leads; from HTTPS never to HTTP."""
    url = urljoin(target.geturl(), location)
    if target.scheme == "https" and urlsplit(url).scheme != "https":
        raise FetchError("It leads from https to an address that is not.")
    return url


class _Answer:
    """One exchange with one host."""

    def __init__(
        self, target: SplitResult, limits: Limits, until: float, progress: Progress
    ) -> None:
        self._target = target
        self._limits = limits
        self._until = until
        self._progress = progress
        self._connection: http.client.HTTPConnection | None = None
        self._socket: socket.socket | None = None

    def read(self, asked: Asked) -> Fetched | str:
        """Return the answer, or where a redirect leads."""
        connection = self._connection = self._connected()
        path = self._target.path or "/"
        if self._target.query:
            path = f"{path}?{self._target.query}"
        connection.request("GET", path, headers=_headers(asked))
        response = connection.getresponse()
        if response.status in _REDIRECTS:
            location = response.getheader("Location", "")
            if not location:
                raise FetchError("It leads on, and does not say where to.")
            return location
        if response.status == HTTPStatus.NOT_MODIFIED:
            return Fetched(None, asked.etag, asked.last_modified)
        if response.status != HTTPStatus.OK:
            raise FetchError(f"The host answered {response.status} {_reason(response.status)}.")
        content = self._body(response)
        return Fetched(
            content,
            response.getheader("ETag", "")[:300],
            response.getheader("Last-Modified", "")[:64],
        )

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
        if self._socket is not None:
            self._socket.close()

    def _connected(self) -> http.client.HTTPConnection:
        """Return a connection to an address that was looked at, whatever the name says by now."""
        host, port = self._target.hostname or "", self._target.port
        kind = _CONNECTIONS[self._target.scheme]
        connection = kind(host, port, timeout=self._left())
        last: OSError | None = None
        for address in addresses_of(self._target):
            try:
                plain = socket.create_connection((address, connection.port), timeout=self._left())
            except OSError as error:
                last = error
                continue
            self._socket = self._secured(plain, host)
            # The stub knows real sockets alone; three methods of one are all that is used.
            connection.sock = _Line(self._socket, self._left)
            return connection
        raise last or OSError("no address")

    def _secured(self, plain: socket.socket, host: str) -> socket.socket:
        if self._target.scheme != "https":
            return plain
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        declared = response.getheader("Content-Length", "")
        if declared.isdecimal() and int(declared) > self._limits.largest:
            raise FetchError(self._too_large())
        unpacking = _Unpacking(response.getheader("Content-Encoding", ""), self._limits.largest)
        parts: list[bytes] = []
        size = 0
        while chunk := response.read1(_CHUNK):
            plain = unpacking.unpack(chunk)
            size += len(plain)
            if size > self._limits.largest:
                raise FetchError(self._too_large())
            parts.append(plain)
            self._progress(f"{size / 1024:,.0f} KB received")
        if response.length or not unpacking.is_whole:
            raise FetchError("The answer ended before its end.")
        return b"".join(parts)

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise FetchError(f"It took more than {self._limits.longest_seconds:.0f} seconds.")
        return min(left, self._limits.wait_seconds)

    def _too_large(self) -> str:
        return f"It is larger than {self._limits.largest // 2**20} MB."


class _Line:
    """A socket of which each read waits no longer than what is left of the whole time.

    Without it an answer of one byte every few seconds would never be late.
    """

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        self._line = line
        self._left = left

    def sendall(self, data: bytes) -> None:
        """Send it all."""
        self._line.settimeout(self._left())
        self._line.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:  # noqa: ARG002 -- the socket's signature
        """Return what the answer is read from."""
        return io.BufferedReader(_Incoming(self._line, self._left))

    def close(self) -> None:
        """Stay open: what was opened is closed by whoever opened it, when the body is read."""


class _Incoming(io.RawIOBase):
    """The bytes that come, each read within the time."""

    def __init__(self, line: socket.socket, left: Callable[[], float]) -> None:
        super().__init__()
        self._line = line
        self._left = left

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what io hands over
        """Fill the buffer with what is there, waiting for the first byte."""
        self._line.settimeout(self._left())
        return self._line.recv_into(buffer)


def _headers(asked: Asked) -> dict[str, str]:
    headers = {
        "User-Agent": _AGENT,
        "Accept": "text/calendar, */*;q=0.5",
        "Accept-Encoding": "gzip, identity",
        "Connection": "close",
    }
    if asked.etag:
        headers["If-None-Match"] = asked.etag
    if asked.last_modified:
        headers["If-Modified-Since"] = asked.last_modified
    return headers


class _Unpacking:
    """Unpacks the pieces of an answer, never to much more than may come."""

    def __init__(self, encoding: str, largest: int) -> None:
        if encoding.lower() not in {"", "identity", "gzip", "x-gzip"}:
            raise FetchError("The answer is packed in a way that was not asked for.")
        is_packed = encoding.lower() not in {"", "identity"}
        self._unzip = zlib.decompressobj(wbits=31) if is_packed else None
        self._largest = largest

    def unpack(self, chunk: bytes) -> bytes:
        """Return what a piece holds."""
        return chunk if self._unzip is None else self._unzip.decompress(chunk, self._largest + 1)

    @property
    def is_whole(self) -> bool:
        """Return whether what was packed came to its end."""
        return self._unzip is None or self._unzip.eof


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _words_of(error: Exception) -> str:
    """Return why a connection failed, without the address."""
    if isinstance(error, TimeoutError):
        return "The host did not answer in time."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"The host's certificate is not trusted: {error.verify_message}."
    if isinstance(error, ssl.SSLError):
        return "No secure connection could be made."
    if isinstance(error, ConnectionRefusedError):
        return "The host refused the connection."
    if isinstance(error, OSError):
        return f"The connection failed: {error.strerror or type(error).__name__}."
    return f"The answer is no proper HTTP: {type(error).__name__}."


_CONNECTIONS: dict[str, type[http.client.HTTPConnection]] = {
    "http": http.client.HTTPConnection,
    "https": http.client.HTTPSConnection,
}
