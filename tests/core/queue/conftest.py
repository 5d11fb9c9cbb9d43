from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from apps.core.queue import slices
from apps.core.queue.line import Line


@pytest.fixture
def make_line() -> Iterator[Callable[..., Line]]:
    made: list[Line] = []

    def make(*channels: str) -> Line:
        made.append(Line("test", channels))
        return made[-1]

    yield make
    for line in made:
        line.close()


@pytest.fixture
def line(make_line: Callable[..., Line]) -> Line:
    return make_line()


@pytest.fixture(autouse=True)
def fresh_slices() -> Iterator[None]:
    """Close what a slice keeps open for the next one of its process."""
    yield
    for kept in slices._lines.values():
        kept.close()
    slices._lines.clear()
    slices._failures.clear()
    slices._stop.is_asked = False


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 2, 4, 12, 5, 30, tzinfo=UTC)
