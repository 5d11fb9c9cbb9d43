"""A scriptable MLLP receiver: a RIS that answers, refuses, falls silent, lies or hangs up."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from apps.hl7v2.mllp import Frame, Framer, frame


@dataclass(frozen=True)
class Received:
    """One message as it arrived; ``connection`` counts from 0."""

    control_id: str
    payload: bytes
    connection: int


@dataclass(frozen=True)
class Reply:
    """What to do with a message: frames to send after ``delay``, then perhaps hang up.

    ``control_id`` None names the message itself; ``code`` "" says nothing at all.
    """

    code: str = "AA"
    control_id: str | None = None
    text: str = ""
    delay: float = 0.0
    hangs_up: bool = False
    then: Reply | None = None


ACCEPT = Reply()
SILENCE = Reply(code="")
HANG_UP = Reply(code="", hangs_up=True)

Script = Callable[[Received], Reply]


@dataclass
class FakePeer:
    """Listens on loopback; ``script`` decides on each message, from any thread."""

    script: Script = lambda _message: ACCEPT
    port: int = 0
    received: list[Received] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_away()

    @property
    def control_ids(self) -> list[str]:
        with self._lock:
            return [message.control_id for message in self.received]

    @property
    def connections(self) -> int:
        with self._lock:
            return len({message.connection for message in self.received})

    def go_away(self) -> None:
        """Refuse connections, and drop those there are."""
        with self._lock:
            sockets, self._sockets = self._sockets, []
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def come_back(self) -> None:
        self._listen()

    def hang_up(self) -> None:
        """Close the connections there are; new ones are welcome."""
        self.go_away()
        self._listen()

    def wait_for(self, number: int, timeout: float = 10.0) -> list[str]:
        """Return the control ids once so many messages came, repeats included."""
        wait_until(lambda: len(self.received) >= number, timeout, lambda: str(self.control_ids))
        return self.control_ids

    def _listen(self) -> None:
        server = socket.create_server(("127.0.0.1", self.port), reuse_port=False)
        self.port = server.getsockname()[1]
        with self._lock:
            self._sockets.append(server)
        threading.Thread(target=self._accept, args=[server], daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        number = 0
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with self._lock:
                self._sockets.append(connection)
            threading.Thread(target=self._talk, args=[connection, number], daemon=True).start()
            number += 1

    def _talk(self, connection: socket.socket, number: int) -> None:
        framer = Framer()
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while data := connection.recv(65536):
                for event in framer.feed(data):
                    if isinstance(event, Frame) and not self._answer(
                        connection, event.payload, number
                    ):
                        return

    def _answer(self, connection: socket.socket, payload: bytes, number: int) -> bool:
        message = Received(control_id_of(payload), payload, number)
        reply: Reply | None = self.script(message)
        with self._lock:
            self.received.append(message)
        while reply is not None:
            time.sleep(reply.delay)
            if reply.code:
                connection.sendall(frame(ack(message, reply)))
            if reply.hangs_up:
                return False
            reply = reply.then
        return True


def control_id_of(payload: bytes) -> str:
    """Return MSH-10."""
    return payload.split(b"\r", 1)[0].split(payload[3:4])[9].decode()


def ack(message: Received, reply: Reply) -> bytes:
    control_id = message.control_id if reply.control_id is None else reply.control_id
    head = "MSH|^~\\&|RIS|HOSPITAL|ASSIGNMENT_ENGINE|ENTERPRISE|20260204||ACK|1|P|2.5.1"
    return f"{head}\rMSA|{reply.code}|{control_id}|{reply.text}\r".encode()


def by_turns(*replies: Reply) -> Script:
    """Return a script that gives the replies in turn, and the last one for ever."""
    left = list(replies)
    lock = threading.Lock()

    def script(_message: Received) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return script


def wait_until(
    holds: Callable[[], bool], timeout: float = 10.0, tell: Callable[[], str] = lambda: ""
) -> None:
    ends_at = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > ends_at:
            raise AssertionError(f"not within {timeout} s: {tell()}")
        time.sleep(0.01)
