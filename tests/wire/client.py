"""A sender: plain sockets, and a patient one that behaves as real systems do."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from types import TracebackType
from typing import Self

from apps.hl7v2.mllp import Frame, Framer, frame
from tests.intake.listener.samples import fields, message


class Sender:
    """One connection to a listener, with TLS where a context is given."""

    def __init__(
        self, port: int, timeout_seconds: float = 20.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port), timeout=timeout_seconds)
        if tls is not None:
            self.wire = tls.wrap_socket(self.wire, server_hostname="localhost")
        self._framer = Framer()
        self._answers: list[bytes] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.wire.close()

    def send(self, *messages: bytes) -> None:
        self.wire.sendall(b"".join(map(frame, messages)))

    def answer(self) -> bytes:
        """Return the next answer.

        Raises:
            ConnectionError: the listener closed without one.
        """
        while not self._answers:
            data = self.wire.recv(65536)
            if not data:
                raise ConnectionError("closed")
            events = self._framer.feed(data)
            self._answers += [event.payload for event in events if isinstance(event, Frame)]
        return self._answers.pop(0)

    def answers(self, count: int) -> list[bytes]:
        return [self.answer() for _ in range(count)]

    def exchange(self, raw: bytes) -> bytes:
        self.send(raw)
        return self.answer()

    def is_closed(self) -> bool:
        """Return whether the listener closes, without another answer, within the timeout."""
        try:
            return self.wire.recv(1) == b""
        except ConnectionError:
            return True


def codes(answers: list[bytes]) -> list[tuple[str, str]]:
    """Return MSA-1 and MSA-2 of each answer."""
    return [(fields(answer, b"MSA")[1], fields(answer, b"MSA")[2]) for answer in answers]


class PatientSender(threading.Thread):
    """Sends numbered messages one by one, and each again until it is accepted.

    ``accepted`` holds the control ids that got AA, ``refused`` how often AR was said.
    """

    def __init__(
        self, port: int, facility: str, name: str, tls: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(daemon=True)
        self._port = port
        self._tls = tls
        self._facility = facility
        self._name = name
        self._has_to_stop = threading.Event()
        self.accepted: list[str] = []
        self.refused = 0
        self.resent = 0
        self.connections = 0
        self._sender: Sender | None = None

    def run(self) -> None:
        number = 0
        while not self._has_to_stop.is_set():
            number += 1
            control_id = f"{self._name}-{number}"
            raw = message(control_id, facility=self._facility)
            while not self._has_to_stop.is_set() and not self._is_accepted(raw):
                self.resent += 1
                time.sleep(0.05)

    def finish(self) -> None:
        self._has_to_stop.set()
        self.join(30)
        assert not self.is_alive()
        if self._sender is not None:
            self._sender.wire.close()

    def _is_accepted(self, raw: bytes) -> bool:
        try:
            if self._sender is None:
                self._sender = Sender(self._port, tls=self._tls)
                self.connections += 1
            code, control_id = codes([self._sender.exchange(raw)])[0]
        except OSError:
            if self._sender is not None:
                self._sender.wire.close()
                self._sender = None
            return False
        if code == "AA":
            self.accepted.append(control_id)
        else:
            self.refused += 1
        return code == "AA"


def start_senders(
    port: int, facility: str, count: int, tls: ssl.SSLContext | None = None
) -> list[PatientSender]:
    senders = [PatientSender(port, facility, f"S{number}", tls) for number in range(count)]
    for sender in senders:
        sender.start()
    return senders


def finish_senders(senders: list[PatientSender]) -> list[str]:
    """Stop all; return every control id that was accepted, sorted."""
    for sender in senders:
        sender.finish()
    return sorted(control_id for sender in senders for control_id in sender.accepted)


def wait_until_more(senders: list[PatientSender], count: int, seconds: float = 30) -> None:
    """Wait until each sender got that many more messages accepted."""
    goals = [(sender, len(sender.accepted) + count) for sender in senders]
    deadline = time.monotonic() + seconds
    while any(len(sender.accepted) < goal for sender, goal in goals):
        assert time.monotonic() < deadline, "the senders get nothing accepted"
        time.sleep(0.02)
