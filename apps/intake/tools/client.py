"""A sender's end of an MLLP connection: one message at a time, each with its own answers.

After silence the connection is closed: an answer that came late would be taken for the next
message's. Source: HL7 MLLP Release 1; HL7 v2.5.1 2.9.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from apps.hl7v2.ack import Outcome, answer_codes
from apps.hl7v2.answers import Answer, parse_ack
from apps.hl7v2.mllp import Frame, Framer, frame
from apps.hl7v2.peek import Peek, glance, needs_answer
from apps.hl7v2.segments import split_batch

_READ_BYTES = 65536
# How long to listen where the sender asked for no answer, or for one in case of an error only.
_UNASKED_SECONDS = 0.5


class NoListenerError(Exception):
    """Nobody listens at the address; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message's answers and the seconds until the last one; none after silence."""

    answers: tuple[Answer, ...]
    seconds: float
    is_silent: bool = False

    @property
    def is_accepted(self) -> bool:
        """Return whether every answer that was asked for came, and said AA or CA."""
        return not self.is_silent and all(answer.is_accepted for answer in self.answers)


class MllpClient:
    """Connects when there is something to send, and again after the peer hung up.

    ``timeout`` is in seconds: for a connection, and for the answers to one message. ``tls`` is
    what the connection is secured with; without it nothing is encrypted.
    """

    def __init__(
        self, host: str, port: int, *, timeout: float = 30.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self._address = (host, port)
        self._timeout = timeout
        self._tls = tls
        self._wire: socket.socket | None = None
        self._framer = Framer()
        self._frames: deque[bytes] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def connect(self) -> None:
        """Connect now, if there is no connection.

        Raises:
            NoListenerError: nobody accepts the connection.
        """
        if self._wire is not None:
            return
        host, port = self._address
        try:
            wire = socket.create_connection(self._address, self._timeout)
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._wire = self._tls.wrap_socket(wire, server_hostname=host) if self._tls else wire
        except OSError as error:
            raise NoListenerError(f"{host}:{port}: {_words(error)}") from error
        self._framer, self._frames = Framer(), deque()

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def exchange(self, payload: bytes) -> Exchange:
        """Send a message and wait for the answers that it asks for.

        Raises:
            NoListenerError: nobody accepts the connection.
            ValueError: the payload holds MLLP framing bytes.
        """
        block = frame(payload)
        self.connect()
        began = time.perf_counter()
        try:
            self._send(block)
            answers = self._answers_to(payload, began + self._timeout)
        except ssl.SSLError as error:
            # With TLS 1.3 a refused client certificate shows here, not while connecting.
            self.close()
            host, port = self._address
            raise NoListenerError(f"{host}:{port}: {_words(error)}") from error
        except OSError:
            self.close()
            return Exchange((), time.perf_counter() - began, is_silent=True)
        return Exchange(tuple(answers), time.perf_counter() - began)

    def _send(self, block: bytes) -> None:
        if self._wire is None:
            raise ConnectionError
        self._wire.settimeout(self._timeout)
        self._wire.sendall(block)

    def _answers_to(self, payload: bytes, deadline: float) -> list[Answer]:
        """Return the answers in order; what is asked for depends on what the first one says."""
        seen, single = glance(payload), len(split_batch(payload)) <= 1
        wanted = len(answer_codes(seen, Outcome.ACCEPTED)) if single else 1
        if wanted == 0:
            return self._unasked(seen)
        answers = self._next_answers(deadline)
        if single and not answers[0].is_accepted:
            outcome = Outcome.ERROR if answers[0].is_error else Outcome.REJECTED
            wanted = len(answer_codes(seen, outcome))
        while len(answers) < wanted:
            answers += self._next_answers(deadline)
        return answers

    def _unasked(self, seen: Peek) -> list[Answer]:
        """Listen for a moment: silence is the good answer here, an error may still come."""
        if not needs_answer(seen):
            return []
        try:
            return self._next_answers(time.perf_counter() + _UNASKED_SECONDS)
        except TimeoutError:
            return []

    def _next_answers(self, deadline: float) -> list[Answer]:
        """Return one frame's answers; a batch is answered by a batch."""
        while not self._frames:
            self._read(deadline)
        raw = self._frames.popleft()
        return [parse_ack(message) for message in split_batch(raw)] or [parse_ack(raw)]

    def _read(self, deadline: float) -> None:
        left = deadline - time.perf_counter()
        if self._wire is None or left <= 0:
            raise TimeoutError
        self._wire.settimeout(left)
        data = self._wire.recv(_READ_BYTES)
        if not data:
            raise ConnectionResetError
        events = self._framer.feed(data)
        self._frames.extend(event.payload for event in events if isinstance(event, Frame))


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error.strerror}"
    return error.strerror or str(error) or type(error).__name__
