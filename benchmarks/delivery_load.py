"""Queues messages, receives them in lockstep on loopback, and prints what it measured as JSON.

Runs in a process of its own, against the database of the environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import quantiles

import django
import uvloop

BACKLOG = 10_000
PACED = 1_000
PER_SECOND = 100
_ACK = (
    b"\x0bMSH|^~\\&|RIS|X|ASSIGNMENT_ENGINE|ENTERPRISE|20260204||ACK|1|P|2.5.1\rMSA|AA|%s\r\x1c\r"
)
_WAIT_SECONDS = 120.0


class Receiver(asyncio.Protocol):
    """Answers every message with AA; ``arrived`` keeps MSH-10 and when it came."""

    arrived: dict[bytes, float] = {}  # noqa: RUF012 -- one receiver a process
    count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        *blocks, self._buffer = (self._buffer + data).split(b"\x1c\r")
        for block in blocks:
            control_id = block.split(b"|", 10)[9]
            Receiver.arrived.setdefault(control_id, time.monotonic())
            Receiver.count += 1
            self._transport.write(_ACK % control_id)  # type: ignore[attr-defined] # a TCP transport


def main() -> None:
    """Measure and print."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "radassign.settings")
    django.setup()
    port = _listening()
    destination_id, order_ids = _department(port)
    backlog = _queue(destination_id, order_ids, BACKLOG)
    with _deliverer():
        _wait_for(backlog)
        rate = _rate([Receiver.arrived[name] for name in backlog])
        latencies = _paced(destination_id, order_ids)
    cuts = quantiles(latencies, n=100)
    print(
        json.dumps(
            {
                "per_second": rate,
                "p50_ms": cuts[49] * 1000,
                "p99_ms": cuts[98] * 1000,
                "repeats": Receiver.count - len(Receiver.arrived),
            }
        )
    )


def _listening() -> int:
    """Start the receiver's thread; return its port."""
    ready: list[int] = []
    started = threading.Event()

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
        ready.append(server.sockets[0].getsockname()[1])
        started.set()
        await server.serve_forever()

    threading.Thread(target=uvloop.run, args=[serve()], daemon=True).start()
    started.wait()
    return ready[0]


def _department(port: int) -> tuple[int, list[int]]:
    from apps.core import clock  # noqa: PLC0415 -- after the settings
    from apps.orders.models import Order  # noqa: PLC0415 -- after the settings
    from apps.outbound.models import Destination  # noqa: PLC0415 -- after the settings

    Destination.objects.update(is_enabled=False)
    destination = Destination.objects.create(name=f"bench {port}", host="127.0.0.1", port=port)
    now = clock.now()
    orders = Order.objects.bulk_create(
        Order(issuer="BENCH", accession=f"A{port}-{n}", received_at=now, updated_at=now)
        for n in range(1000)
    )
    return destination.pk, [order.pk for order in orders]


def _queue(destination_id: int, order_ids: list[int], number: int) -> list[bytes]:
    from apps.core import clock  # noqa: PLC0415 -- after the settings
    from apps.outbound.services.render import new_control_id  # noqa: PLC0415 -- as above
    from apps.outbound.services.tell import queue_many  # noqa: PLC0415 -- as above

    now = clock.now() - timedelta(milliseconds=1)
    names = [new_control_id(now) for _ in range(number)]
    queue_many(
        [
            {
                "destination_id": destination_id,
                "order_id": order_ids[place % len(order_ids)],
                "kind": "assigned",
                "control_id": name,
                "payload": _payload(name),
                "state": "queued",
                "attempts": 0,
                "created_at": now,
                "next_attempt_at": now,
                "answer_code": "",
                "error": "",
            }
            for place, name in enumerate(names)
        ]
    )
    return [name.encode() for name in names]


def _payload(control_id: str) -> bytes:
    return (
        "MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531||ORU^R01|"
        f"{control_id}|P|2.5.1\rPID|1||MRN123^^^Robina||Doe^John||19800115|M\r"
        "OBR|1|STUDY_ID_123|ACCESSION_456|MRI MSK^MRI MUSCULOSKELETAL|||20260204120000\r"
        "OBX|1|TX|Indication^Clinical Indication||Patient with knee pain\r"
        "ZRA|1|DR_SMITH_ID^Smith^John^DR|MRI_MSK_ROBINA^MRI MSK Robina|"
        "LOAD_BALANCED^Assignment Strategy|20260204120531\r"
    ).encode()


@contextmanager
def _deliverer() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.delivery_worker"])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _paced(destination_id: int, order_ids: list[int]) -> list[float]:
    """Queue single messages at a steady pace; return commit to arrival, in seconds."""
    from apps.outbound.services.tell import wake_deliverers  # noqa: PLC0415 -- after the settings

    committed: dict[bytes, float] = {}
    begin = time.monotonic()
    for number in range(PACED):
        time.sleep(max(0.0, begin + number / PER_SECOND - time.monotonic()))
        (name,) = _queue(destination_id, order_ids, 1)
        committed[name] = time.monotonic()
        wake_deliverers()
    _wait_for(list(committed))
    return [max(Receiver.arrived[name] - at, 0.0) for name, at in committed.items()]


def _wait_for(names: list[bytes]) -> None:
    ends_at = time.monotonic() + _WAIT_SECONDS
    while not Receiver.arrived.keys() >= set(names):
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{len(names)} messages did not arrive")
        time.sleep(0.01)


def _rate(moments: list[float]) -> float:
    return (len(moments) - 1) / (max(moments) - min(moments))


if __name__ == "__main__":
    main()
