"""The whole pipe: order in to enriched message out, in a full-size department.

A stack as ``manage.py up`` starts it, PostgreSQL with all its safety on; this process plays the
senders and the destination. Latency runs from the moment an order was *due*, so a stall counts
against every order that it kept waiting, and an order that never arrives is counted as lost.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from statistics import median

import uvloop

from benchmarks.pipe_load import Journal, connect, listen, orders, until
from benchmarks.pipe_stack import Stack, running_stack

_PATIENCE_SECONDS = 30.0
_QUIET_SECONDS = 3.0
_OPEN_LOOP_CONNECTIONS = 10
_BURST_CONNECTIONS = 100
_MANY_CONNECTIONS = 1000
# Longer than a slice, so that each decider has read the configuration before it is measured.
_WARM_UP = 700

Figures = dict[str, float]


@dataclass(frozen=True)
class Size:
    """How much to measure; the defaults are what the project promises figures for."""

    rounds: int = 3
    seconds: float = 60.0
    per_second: int = 100
    burst: int = 5000
    answer_seconds: float = 5.0


def run(size: Size = Size()) -> dict[str, float | int]:
    """Return the medians of the rounds."""
    with running_stack() as stack:
        rounds = uvloop.run(_rounds(stack, size))
    figures: dict[str, float | int] = {
        name: median(one[name] for one in rounds) for name in rounds[0]
    }
    for name in ("lost", "repeats", "offered on", "refused"):
        figures[name] = int(sum(one[name] for one in rounds))
    return figures


async def _rounds(stack: Stack, size: Size) -> list[Figures]:
    journal = Journal()
    server = await listen(journal, stack.ris_port)
    try:
        await _open_loop(stack, journal, count=_WARM_UP, per_second=50)
        return [await _round(stack, journal, size) for _ in range(size.rounds)]
    finally:
        server.close()


async def _round(stack: Stack, journal: Journal, size: Size) -> Figures:
    count = int(size.seconds * size.per_second)
    figures = await _open_loop(stack, journal, count=count, per_second=size.per_second)
    burst = await _burst(stack, journal, size.burst)
    figures |= {"lost": figures["lost"] + burst.pop("lost"), **burst}
    figures |= await _answers_under_load(stack, journal, size.answer_seconds)
    figures |= await _many_connections(stack, journal)
    figures |= {
        "repeats": journal.repeats,
        "offered on": journal.news,
        "refused": journal.refused,
    }
    journal.repeats = journal.news = journal.refused = 0
    return figures


async def _open_loop(stack: Stack, journal: Journal, *, count: int, per_second: int) -> Figures:
    """Send at a fixed rate whatever comes back, and time each order from its due moment."""
    blocks = orders(count)
    senders = await connect(journal, stack.hl7_port, _OPEN_LOOP_CONNECTIONS)
    journal.answer_seconds.clear()
    began = time.perf_counter() + 0.1
    for number, (accession, block) in enumerate(blocks):
        due = journal.due[accession] = began + number / per_second
        if (left := due - time.perf_counter()) > 0:
            await asyncio.sleep(left)
        senders[number % len(senders)].send(block)
    accessions = [accession for accession, _ in blocks]
    lost = await until(journal, accessions, _PATIENCE_SECONDS)
    answers, took = sorted(journal.answer_seconds), journal.latencies(accessions)
    for sender in senders:
        sender.close()
    return {
        "order to message: p50 ms": _percentile_ms(took, 50),
        "order to message: p95 ms": _percentile_ms(took, 95),
        "order to message: p99 ms": _percentile_ms(took, 99),
        "order to message: max ms": took[-1] * 1000,
        "order to AA: p50 ms": _percentile_ms(answers, 50),
        "order to AA: p99 ms": _percentile_ms(answers, 99),
        "lost": lost,
    }


async def _burst(stack: Stack, journal: Journal, count: int) -> Figures:
    """Send everything at once, and time until the last one is delivered."""
    blocks = orders(count)
    senders = await connect(journal, stack.hl7_port, _BURST_CONNECTIONS)
    began = time.perf_counter()
    for number, (_, block) in enumerate(blocks):
        senders[number % len(senders)].send(block)
    accessions = [accession for accession, _ in blocks]
    lost = await until(journal, accessions, _PATIENCE_SECONDS)
    last = max(journal.delivered.get(accession, began) for accession in accessions)
    for sender in senders:
        sender.close()
    return {f"burst of {count:,}: delivered/s": (count - lost) / (last - began), "lost": lost}


async def _answers_under_load(stack: Stack, journal: Journal, seconds: float) -> Figures:
    """Measure durable answers while everything behind them works; then let it all drain."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.listener_load", str(stack.hl7_port),
        str(_BURST_CONNECTIONS), str(seconds), stdout=subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    figures = json.loads(output)
    await _drained(journal)
    return {
        "answers/s, the pipe running": figures["per_second"],
        "answers, the pipe running: p99 ms": figures["p99_ms"],
    }


async def _drained(journal: Journal) -> None:
    seen, since = -1, time.perf_counter()
    while time.perf_counter() - since < _QUIET_SECONDS:
        if journal.total_received != seen:
            seen, since = journal.total_received, time.perf_counter()
        await asyncio.sleep(0.1)


async def _many_connections(stack: Stack, journal: Journal) -> Figures:
    """Open many connections, have an order answered on each, and weigh the listener."""
    answered = journal.answered
    senders = await connect(journal, stack.hl7_port, _MANY_CONNECTIONS)
    for sender, (_, block) in zip(senders, orders(_MANY_CONNECTIONS), strict=True):
        sender.send(block)
    ends_at = time.perf_counter() + _PATIENCE_SECONDS
    while journal.answered < answered + _MANY_CONNECTIONS and time.perf_counter() < ends_at:
        await asyncio.sleep(0.05)
    memory = stack.resident_mib(stack.listener_pid())
    for sender in senders:
        sender.close()
    await _drained(journal)
    return {
        "1,000 connections: served": journal.answered - answered,
        "1,000 connections: listener MiB": memory,
    }


def _percentile_ms(ordered: list[float], percent: int) -> float:
    return ordered[len(ordered) * percent // 100] * 1000


def _size_from(arguments: list[str]) -> Size:
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--seconds", type=float, default=usual.seconds)
    parser.add_argument("--per-second", type=int, default=usual.per_second)
    parser.add_argument("--burst", type=int, default=usual.burst)
    parser.add_argument("--answer-seconds", type=float, default=usual.answer_seconds)
    return Size(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    for label, value in run(_size_from(sys.argv[1:])).items():
        print(f"{label:<36} {value:>12,.2f}")
