"""Senders in lockstep: each connection sends its next order when the last one is answered.

Plain sockets and epoll, because every microsecond spent here is missing there. Usage:
``python -m benchmarks.listener_load PORT CONNECTIONS SECONDS``; prints figures as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import select
import socket
import sys
import time

_START, _END = b"\x0b", b"\x1c\x0d"
_WARM_UP_SECONDS = 1.0
_ORDER = (
    b"MSH|^~\\&|PACS|Robina|ASSIGNMENT_ENGINE|ENTERPRISE|20260204120530||ORM^O01|%(id)b|P|2.5.1\r"
    b"PID|1||MRN%(id)b^^^Robina||Doe^John||19800115|M\r"
    b"ORC|NW|P%(id)b|F%(id)b\r"
    b"OBR|1|P%(id)b|F%(id)b|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000|||^^^MSK|\r"
    b"OBX|1|TX|Indication^Clinical Indication||Patient with knee pain\r"
    b"ZRD|1|Robina^Site Code|MRI^Modality|ROUTINE^Urgency\r"
)


class Sender:
    """One connection."""

    def __init__(self, port: int, number: int) -> None:
        self.wire = socket.create_connection(("127.0.0.1", port))
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stem = b"%d-%d-" % (os.getpid(), number)
        self._count = 0
        self.sent_at = 0.0
        self.accepted = 0

    def send(self) -> None:
        """Send the next order."""
        self._count += 1
        order = _ORDER % {b"id": self._stem + b"%d" % self._count}
        self.sent_at = time.perf_counter()
        self.wire.sendall(_START + order + _END)

    def take_answer(self) -> float | None:
        """Return the seconds an answer took, None while it is not complete."""
        answer = self.wire.recv(65536)
        if not answer:
            raise ConnectionError("the listener closed the connection")
        if not answer.endswith(_END):
            return None
        if b"MSA|AA|" not in answer:
            raise ValueError(answer.decode("latin-1"))
        self.accepted += 1
        return time.perf_counter() - self.sent_at


def main(port: int, connections: int, seconds: float) -> dict[str, float]:
    """Return answers a second, latencies, and how many connections were served."""
    resource.setrlimit(
        resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2
    )
    senders = [Sender(port, number) for number in range(connections)]
    poll = select.epoll()
    by_fileno = {sender.wire.fileno(): sender for sender in senders}
    for sender in senders:
        poll.register(sender.wire.fileno(), select.EPOLLIN)
        sender.send()
    began = time.perf_counter() + _WARM_UP_SECONDS
    took: list[float] = []
    while (now := time.perf_counter()) < began + seconds:
        for fileno, _ in poll.poll(1.0):
            sender = by_fileno[fileno]
            answered = sender.take_answer()
            if answered is not None:
                if now >= began:
                    took.append(answered)
                sender.send()
    took.sort()
    return {
        "per_second": len(took) / seconds,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "served": sum(1 for sender in senders if sender.accepted),
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))))
