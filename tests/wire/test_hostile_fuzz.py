"""Mutated frames to a real listener, a real database and a real decider; every one accounted for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.decider import deciding
from tests.wire.fuzz.run import Report, fuzz
from tests.wire.fuzz.scene import by_state, department, digests, failed, wait_until_decided
from tests.wire.fuzz.seeds import load_seeds
from tests.wire.stack import ListenerProcess, Stack

pytestmark = pytest.mark.wire

_GROWTH_MIB = 50
_WAIT_SECONDS = 10.0


@pytest.fixture(scope="module")
def busy_stack() -> Iterator[Stack]:
    with department() as made:
        yield made


@pytest.fixture
def fuzzed(busy_stack: Stack) -> Iterator[ListenerProcess]:
    with busy_stack.listener() as process, deciding(busy_stack):
        yield process


def check(stack: Stack, listener: ListenerProcess, *, frames: int, seed: int) -> Report:
    """Send them; whatever is wrong with an answer, its number or its order raises."""
    report = fuzz(
        listener.port, listener.process.pid, frames=frames, seed=seed, seeds=load_seeds()
    )
    print(report)  # noqa: T201 -- shown with -s, and where it fails

    assert listener.process.poll() is None
    assert (report.frames, report.good) == (frames, frames)
    assert report.growth_mib < _GROWTH_MIB
    assert max(report.latencies) < _WAIT_SECONDS
    assert report.heard.keys() <= {"AA", "AE", "CA", "CE"}

    print(f"decided {wait_until_decided(stack):.1f} s later: {by_state(stack)}")  # noqa: T201 -- as above
    assert failed(stack) == []
    # Not answered is not lost: every well-framed block stands in a row, byte for byte.
    assert report.stored - digests(stack) == set()
    return report


def test_three_thousand_mutated_frames(busy_stack: Stack, fuzzed: ListenerProcess) -> None:
    check(busy_stack, fuzzed, frames=3000, seed=20261122)


@pytest.mark.long
def test_hundred_thousand_mutated_frames(busy_stack: Stack, fuzzed: ListenerProcess) -> None:
    check(busy_stack, fuzzed, frames=100_000, seed=4)
