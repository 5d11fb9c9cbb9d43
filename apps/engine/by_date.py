"""Records found by the dates they hold, so that years of them cost nothing to ask about one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Generic, Protocol, TypeVar

# Dates whose ordinals share all but the last five bits are one "month" of 32 days.
_BITS = 5
_LONG = 24


class Dated(Protocol):
    """Whatever has a first and a last date, both included; no last one is open."""

    @property
    def start_on(self) -> date:
        """Return the first date."""

    @property
    def end_on(self) -> date | None:
        """Return the last date."""


Held = TypeVar("Held", bound=Dated)


class ByDate(Generic[Held]):
    """Records by month; what is open or spans two years is looked at in every one."""

    def __init__(self, records: Iterable[Held], *, slack: int = 0) -> None:
        """Index the records; with ``slack`` days around their dates."""
        always: list[tuple[int, Held]] = []
        months: dict[int, list[tuple[int, Held]]] = defaultdict(list)
        for numbered in enumerate(records):
            first, last = _months(numbered[1], slack)
            if last is None or last - first > _LONG:
                always.append(numbered)
                continue
            for month in range(first, last + 1):
                months[month].append(numbered)
        self._always = _in_order(always)
        self._months = {month: _in_order([*always, *held]) for month, held in months.items()}

    def near(self, on: date) -> Sequence[Held]:
        """Return, as they were given, all records that may hold a date and some that do not."""
        return self._months.get(on.toordinal() >> _BITS, self._always)


def _months(record: Dated, slack: int) -> tuple[int, int | None]:
    first = record.start_on.toordinal() - slack >> _BITS
    return first, None if record.end_on is None else record.end_on.toordinal() + slack >> _BITS


def _in_order(numbered: list[tuple[int, Held]]) -> tuple[Held, ...]:
    return tuple(record for _, record in sorted(numbered, key=lambda pair: pair[0]))
