"""Senders that behave as real systems do: one message at a time, again until it is accepted."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.wire.client import Sender, codes

_KINDS = (
    ("MRI MSK^MRI MUSCULOSKELETAL", "MRI"),
    ("CT HEAD^CT HEAD", "CT"),
    ("XR CHEST^CHEST XRAY", "XRAY"),
    ("US ABDOMEN^US ABDOMEN", "US"),
)
_URGENCIES = ("STAT", "URGENT", "ROUTINE", "ROUTINE")


def order_message(accession: str, number: int) -> bytes:
    """Return an ORM^O01 from Robina in the vendor's form, with its own control id."""
    procedure, modality = _KINDS[number % len(_KINDS)]
    segments = (
        rf"MSH|^~\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20261122100000||ORM^O01|{accession}|P|2.5.1",
        f"PID|1||MRN{number % 97}^^^Robina||Doe^Jane||19800115|F",
        f"ORC|NW|P-{accession}|{accession}",
        f"OBR|1|P-{accession}|{accession}|{procedure}|||20261122100000",
        f"ZRD|1|Robina^Site Code|{modality}^Modality|{_URGENCIES[number % 4]}^Urgency",
    )
    return "".join(f"{segment}\r" for segment in segments).encode()


class OrderSender(threading.Thread):
    """Sends numbered orders, each again until AA; ``accepted`` are their accessions."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__(daemon=True)
        self.accepted: list[str] = []
        self._port = port
        self._name = f"{name}-{time.monotonic_ns() % 1_000_000}"
        self._has_to_stop = threading.Event()
        self._sender: Sender | None = None

    def run(self) -> None:
        number = 0
        while not self._has_to_stop.is_set():
            number += 1
            accession = f"{self._name}-{number}"
            raw = order_message(accession, number)
            while not self._is_accepted(raw, accession):
                # What may have been taken is sent until that is known, also after the bell.
                time.sleep(0.05)

    def finish(self) -> None:
        self._has_to_stop.set()
        self.join(60)
        assert not self.is_alive(), "a sender never got its answer"
        self._hang_up()

    def _is_accepted(self, raw: bytes, accession: str) -> bool:
        try:
            if self._sender is None:
                self._sender = Sender(self._port)
            (answer,) = codes([self._sender.exchange(raw)])
        except OSError:
            self._hang_up()
            return False
        if answer == ("AA", accession):
            self.accepted.append(accession)
        return answer == ("AA", accession)

    def _hang_up(self) -> None:
        if self._sender is not None:
            with contextlib.suppress(OSError):
                self._sender.wire.close()
            self._sender = None


@contextmanager
def run_senders(senders: Sequence[OrderSender]) -> Iterator[None]:
    """Run the senders for the block; they end with their last message accepted."""
    for sender in senders:
        sender.start()
    try:
        yield
    finally:
        for sender in senders:
            sender.finish()
