"""A hundred people who look at the board, over a year of past work.

A stack as ``manage.py up`` starts it, with the full-size department and a million past orders.
The viewers poll every two seconds; first nothing happens, then an order arrives each second.
Counted is the processor time of gunicorn and of the database sessions that belong to it, and how
long it took until a viewer of everything saw a new order.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.board_viewers import PERIOD_SECONDS, Viewer, Watch, viewers
from benchmarks.pipe_load import Journal, connect, listen, orders
from benchmarks.pipe_stack import Stack, running_stack
from benchmarks.seed import seed
from radassign.postgres.bootstrap import connect as connect_database
from radassign.postgres.record import DATABASE, SUPERUSER

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_LOADS = 50

Figures = dict[str, float | int]


@dataclass(frozen=True)
class Size:
    """How much to measure; the defaults are what the project promises figures for."""

    orders: int = 1_000_000
    idle_seconds: float = 20.0
    busy_seconds: float = 40.0
    per_second: float = 1.0


def run(size: Size = Size()) -> Figures:
    """Return the figures."""
    with running_stack() as stack:
        seconds = seed(Path(stack.env["RADASSIGN_DATA_DIR"]), orders=size.orders)
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.board_people"],
            env=stack.env, check=True, stdout=subprocess.PIPE,
        ).stdout  # fmt: skip
        figures = asyncio.run(_measure(stack, json.loads(output), size))
    return {f"seconds to seed {size.orders:,} orders": seconds, **figures}


async def _measure(stack: Stack, people: Sequence[dict[str, str]], size: Size) -> Figures:
    journal, watch = Journal(), Watch()
    server = await listen(journal, stack.ris_port)
    everybody = viewers(watch, int(stack.env["HTTP_PORT"]), people)
    looking = [
        asyncio.create_task(viewer.look(number * PERIOD_SECONDS / len(everybody)))
        for number, viewer in enumerate(everybody)
    ]
    try:
        await _orders(stack, journal, 5, size.per_second)  # what is first asked for is read once
        await asyncio.sleep(3 * PERIOD_SECONDS)
        figures = await _phase(stack, watch, "idle", asyncio.sleep(size.idle_seconds))
        watch.is_heeding = True
        count = int(size.busy_seconds * size.per_second)
        busy = _orders(stack, journal, count, size.per_second)
        figures |= await _phase(stack, watch, "busy", busy)
        await asyncio.sleep(2 * PERIOD_SECONDS)
        watch.is_heeding = False
        figures |= _delays(journal, watch)
        figures |= await _page(stack, journal, everybody[0])
    finally:
        for task in looking:
            task.cancel()
        for task in looking:
            with suppress(asyncio.CancelledError):
                await task
        server.close()
    return figures


async def _orders(stack: Stack, journal: Journal, count: int, per_second: float) -> None:
    (sender,) = await connect(journal, stack.hl7_port, 1)
    for accession, block in orders(count):
        journal.due[accession] = time.perf_counter()
        sender.send(block)
        await asyncio.sleep(1 / per_second)
    sender.close()


async def _phase(stack: Stack, watch: Watch, name: str, work: Awaitable[None]) -> Figures:
    watch.clear()
    before, began = _spent(stack), time.perf_counter()
    await work
    seconds = time.perf_counter() - began
    after, took = _spent(stack), sorted(watch.seconds)
    polls = sum(watch.statuses.values())
    cores = {part: (after[part] - before[part]) / seconds for part in before}
    return {
        f"{name}: cores of gunicorn": cores["web"],
        f"{name}: cores of its database sessions": cores["database"],
        f"{name}: cores in all": sum(cores.values()),
        f"{name}: polls/s": polls / seconds,
        f"{name}: polls without news, %": 100 * watch.statuses.get(204, 0) / max(polls, 1),
        f"{name}: poll p50 ms": took[len(took) // 2] * 1000,
        f"{name}: poll p95 ms": took[len(took) * 95 // 100] * 1000,
        f"{name}: polls refused": polls - watch.statuses.get(204, 0) - watch.statuses.get(200, 0),
    }


def _delays(journal: Journal, watch: Watch) -> Figures:
    delays = sorted(
        seen - journal.due[accession]
        for accession, times in watch.first_seen.items()
        if accession in journal.due
        for seen in times
    )
    return {
        "order sent to seen: p50 s": delays[len(delays) // 2],
        "order sent to seen: p95 s": delays[len(delays) * 95 // 100],
        "order sent to seen: max s": delays[-1],
    }


async def _page(stack: Stack, journal: Journal, viewer: Viewer) -> Figures:
    """Load the whole page again and again while orders arrive."""
    arriving = asyncio.create_task(_orders(stack, journal, _PAGE_LOADS // 4, 2))
    took = []
    for _ in range(_PAGE_LOADS):
        took.append(await viewer.load())
        await asyncio.sleep(0.1)
    await arriving
    took.sort()
    return {
        "whole page: p50 ms": took[len(took) // 2] * 1000,
        "whole page: p95 ms": took[len(took) * 95 // 100] * 1000,
        "whole page: max ms": took[-1] * 1000,
    }


def _spent(stack: Stack) -> Mapping[str, float]:
    """Return the processor seconds that gunicorn and its database sessions have taken so far."""
    web = [pid for pid in _descendants(stack.supervisor) if "gunicorn" in _command(pid)]
    with connect_database(
        Path(stack.env["RADASSIGN_DATA_DIR"]), role=SUPERUSER, database=DATABASE
    ) as connection:
        rows = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'radassign-web'"
        ).fetchall()
    return {
        "web": sum(map(_processor_seconds, web)),
        "database": sum(_processor_seconds(int(str(pid))) for (pid,) in rows),
    }


def _descendants(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        text = Path(f"/proc/{one}/task/{one}/children").read_text(encoding="ascii")
        waiting += [int(word) for word in text.split()]
    return found


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _size_from(arguments: list[str]) -> Size:
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=usual.orders)
    parser.add_argument("--idle-seconds", type=float, default=usual.idle_seconds)
    parser.add_argument("--busy-seconds", type=float, default=usual.busy_seconds)
    parser.add_argument("--per-second", type=float, default=usual.per_second)
    return Size(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    for label, value in run(_size_from(sys.argv[1:])).items():
        print(f"{label:<42} {value:>12,.3f}")
