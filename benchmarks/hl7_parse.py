"""How long one ordinary order takes to peek at, to parse with its facts, and to write out.

``frame_us``, ``peek_us`` and ``ack_us`` are spent in the listener for every message, ``full_us``
(parse, group, facts) in the worker, ``enrich_us`` for every notice. ``hl7_package_us`` is the
parse of the PyPI package ``hl7`` alone, the baseline of ``full_us``. Run with
``python -m benchmarks hl7_parse``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from zoneinfo import ZoneInfo

from apps.hl7v2.ack import build_ack
from apps.hl7v2.emit import OutHeader, enrich
from apps.hl7v2.facts import read_group
from apps.hl7v2.groups import split_groups
from apps.hl7v2.message import Message
from apps.hl7v2.mllp import Framer, frame
from apps.hl7v2.peek import peek
from apps.hl7v2.stored import keep_segments
from apps.hl7v2.tree import parse_tree
from apps.hl7v2.zra import Zra

ROUNDS = 5
CALLS = 500
ZONE = ZoneInfo("Australia/Brisbane")
NOW = datetime(2026, 2, 4, 2, 5, 31, tzinfo=UTC)
FIXTURES = Path(__file__).parents[1] / "fixtures" / "hl7"


def run() -> dict[str, float | int | str]:
    """Return medians in microseconds for an ordinary order with ORC, OBR and two OBX."""
    raw = (FIXTURES / "orm_new_order.hl7").read_bytes()
    block, seen = frame(raw), peek(raw)
    stored = keep_segments(split_groups(Message(raw))[0])
    zra = Zra("DR_A", "Doe", "Ann", code="LOAD_BALANCED", decided="20260204120531")
    full_us, tree_us = measure(lambda: _read(raw)), measure(lambda: parse_tree(raw))
    return {
        "message_bytes": len(raw),
        "frame_us": measure(lambda: Framer().feed(block)),
        "peek_us": measure(lambda: peek(raw)),
        "ack_us": measure(lambda: build_ack(seen, "AA", control_id="1", at=NOW)),
        "full_us": full_us,
        "enrich_us": measure(lambda: enrich(stored, zra, OutHeader("1", NOW))),
        "hl7_package_us": tree_us,
        "full_to_hl7_package": full_us / tree_us,
    }


def _read(raw: bytes) -> None:
    message = Message(raw)
    for group in split_groups(message):
        read_group(message, group, zone=ZONE)


def measure(call: Callable[[], object]) -> float:
    """Return the median over the rounds of one call's mean, in microseconds."""
    rounds = []
    for _ in range(ROUNDS):
        started = perf_counter_ns()
        for _ in range(CALLS):
            call()
        rounds.append((perf_counter_ns() - started) / CALLS / 1000)
    return median(rounds)
