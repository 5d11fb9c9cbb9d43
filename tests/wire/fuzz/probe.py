"""Good messages among bad ones, and how long they wait."""

from __future__ import annotations

import socket
import threading
import time

from tests.wire.fuzz import mutations, oracle

_PROBE_SECONDS = 0.1
_SILENCE_SECONDS = 60.0


def good_message(control_id: bytes, *, is_order: bool) -> bytes:
    """Return a message without any fault: an order, or an appointment that nobody decides."""
    header = b"MSH|^~\\&|GOOD|Robina|A|B|20261122100000||%b|%b|P|2.5.1\r"
    if not is_order:
        return header % (b"SIU^S12", control_id) + b"SCH|1\r"
    return header % (b"ORM^O01", control_id) + (
        b"PID|1||M%b^^^Robina||Doe^Jane|||F\rORC|NW|P%b\r"
        b"OBR|1|P%b||MRI KNEE^MRI KNEE|||||||||||||||||||||MR|||^^^^^R\r"
    ) % (control_id, control_id, control_id)


class Probe(threading.Thread):
    """Sends good orders one by one and notes how long each waits; apart from all other peers.

    In a thread with a socket of its own, so that it does not measure the event loop of those.
    """

    def __init__(self, port: int, name: str, pause_seconds: float = _PROBE_SECONDS) -> None:
        super().__init__(daemon=True)
        self._pause_seconds = pause_seconds
        self.latencies: list[float] = []
        self.fault = ""
        self._port = port
        self._name = name
        self._has_to_stop = threading.Event()

    def run(self) -> None:
        """Send until told to stop, or until something is not as it must be."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), _SILENCE_SECONDS) as wire:
                while not self._has_to_stop.wait(self._pause_seconds):
                    self._exchange(wire, f"{self._name}{len(self.latencies)}".encode())
        except (OSError, oracle.WrongAnswerError) as error:
            self.fault = repr(error)

    def finish(self) -> list[float]:
        """Stop, and return how long each good order waited, in seconds.

        Raises:
            WrongAnswerError: one of them did not get its AA.
        """
        while not self.latencies and self.is_alive():
            time.sleep(0.005)
        self._has_to_stop.set()
        self.join(_SILENCE_SECONDS + 5)
        if self.fault or self.is_alive() or not self.latencies:
            raise oracle.WrongAnswerError(f"the good orders: {self.fault or 'no answer'}")
        return self.latencies

    def _exchange(self, wire: socket.socket, good_id: bytes) -> None:
        good = mutations.START + good_message(good_id, is_order=True) + mutations.END
        begun = time.perf_counter()
        wire.sendall(good)
        heard = b""
        while not heard.endswith(mutations.END):
            if not (data := wire.recv(65536)):
                raise ConnectionError("closed")
            heard += data
        self.latencies.append(time.perf_counter() - begun)
        if oracle.read_answers(heard[1:-2]) != [oracle.Answer("AA", good_id)]:
            raise oracle.WrongAnswerError(f"{heard!r} to a good order")
