"""Sends messages over one or more connections, and sums up what came back."""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from apps.hl7v2.peek import glance
from apps.intake.tools.client import Exchange, MllpClient

NO_ANSWER = "no answer"
NOT_ASKED = "no answer asked for"

Report = Callable[[bytes, Exchange], None]


@dataclass
class Summary:
    """What came back; ``codes`` counts messages by the code of their last answer."""

    codes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    took_seconds: float = 0.0

    def add(self, exchange: Exchange) -> None:
        """Count one message."""
        self.codes[code_of(exchange)] += 1
        self.failed += not exchange.is_accepted
        if exchange.answers:
            self.seconds.append(exchange.seconds)

    def percentile_ms(self, percent: int) -> float:
        """Return the milliseconds within which so many percent were answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) * percent // 100, len(ordered) - 1)] * 1000

    def __str__(self) -> str:
        codes = ", ".join(f"{count} {code}" for code, count in sorted(self.codes.items()))
        total = sum(self.codes.values())
        rate = total / self.took_seconds if self.took_seconds else 0.0
        words = f"{total} messages: {codes}; {rate:,.0f}/s"
        if not self.seconds:
            return words
        return f"{words}; p50 {self.percentile_ms(50):.1f} ms, p99 {self.percentile_ms(99):.1f} ms"


def send_all(
    messages: Iterable[bytes],
    *,
    host: str,
    port: int,
    connections: int = 1,
    rate: float | None = None,
    timeout: float = 30.0,
    tls: ssl.SSLContext | None = None,
    report: Report | None = None,
) -> Summary:
    """Send every message, each connection one at a time in the order given.

    Args:
        messages: taken one by one, so they may be endless.
        host: the listener's.
        port: the listener's.
        connections: how many to keep open.
        rate: messages a second over all connections; as fast as they are answered without.
        timeout: seconds to wait for a connection or an answer.
        tls: what the connections are secured with; None encrypts nothing.
        report: called for each message with what came back, never twice at once.

    Raises:
        NoListenerError: nobody accepts a connection.
        ValueError: a message holds MLLP framing bytes.
    """
    run = _Run(_on_time(messages, rate), report)
    began = time.perf_counter()
    with ThreadPoolExecutor(max_workers=connections) as threads:
        clients = [MllpClient(host, port, timeout=timeout, tls=tls) for _ in range(connections)]
        for done in [threads.submit(run.work, client) for client in clients]:
            done.result()
    run.summary.took_seconds = time.perf_counter() - began
    return run.summary


def _on_time(messages: Iterable[bytes], rate: float | None) -> Iterator[tuple[float, bytes]]:
    """Yield each message with the moment at which it is due."""
    began = time.perf_counter()
    gap = 1 / rate if rate else 0.0
    for number, message in zip(itertools.count(), messages, strict=False):
        yield began + number * gap, message


class _Run:
    """What the connections share: the messages still to send and the summary."""

    def __init__(self, jobs: Iterator[tuple[float, bytes]], report: Report | None) -> None:
        self.summary = Summary()
        self._jobs = jobs
        self._report = report
        self._lock = threading.Lock()
        self._failed = False

    def work(self, client: MllpClient) -> None:
        with client:
            try:
                client.connect()
                while (job := self._next()) is not None:
                    due, message = job
                    time.sleep(max(due - time.perf_counter(), 0.0))
                    self._count(message, client.exchange(message))
            except BaseException:
                self._failed = True  # what one connection cannot do, the others stop trying
                raise

    def _next(self) -> tuple[float, bytes] | None:
        with self._lock:
            return None if self._failed else next(self._jobs, None)

    def _count(self, message: bytes, exchange: Exchange) -> None:
        with self._lock:
            self.summary.add(exchange)
            if self._report is not None:
                self._report(message, exchange)


def code_of(exchange: Exchange) -> str:
    """Return the last answer's MSA-1, or words for its absence."""
    if exchange.is_silent:
        return NO_ANSWER
    if not exchange.answers:
        return NOT_ASKED
    return exchange.answers[-1].code or "unreadable"


def in_words(message: bytes, exchange: Exchange) -> list[str]:
    """Return a line for each answer: code, MSH-10, text and milliseconds."""
    sent = glance(message).control_id.decode("utf-8", "replace")
    took = f"{exchange.seconds * 1000:.1f} ms"
    if not exchange.answers:
        return [f"{code_of(exchange)}  {sent or '(no MSH-10)'}  {took}"]
    lines = []
    for answer in exchange.answers:
        parts = [answer.code or "??", answer.control_id or "(no MSH-10)", answer.text, took]
        lines.append("  ".join(part for part in parts if part))
    return lines
