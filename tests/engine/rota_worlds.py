"""Random rosters in which everything collides: rotations, patterns, parts of runs, holidays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from random import Random

from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    RotationUnit,
    SwapFacts,
)

CALENDAR = "H"
_MANY = (0, 0, 1, 2)


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes records about some shifts and people around a day; hours are drawn from ``clock``."""

    random: Random
    shifts: Sequence[str]
    people: Sequence[str]
    zones: Sequence[str]
    day: date
    clock: Sequence[time]

    def rows(self) -> tuple[RosterRow, ...]:
        return tuple(self._row() for _ in range(self.random.choice((0, 8, 24, 24))))

    def extras(self) -> tuple[RosterRow, ...]:
        return tuple(self._extra() for _ in range(self.random.choice(_MANY)))

    def swaps(self) -> tuple[SwapFacts, ...]:
        return tuple(self._swap() for _ in range(self.random.choice(_MANY)))

    def leaves(self) -> tuple[LeaveFacts, ...]:
        return tuple(self._leave() for _ in range(self.random.choice(_MANY)))

    def rotations(self) -> tuple[RotationFacts, ...]:
        return tuple(self._rotation() for _ in range(self.random.choice(_MANY)))

    def calendars(self) -> dict[str, frozenset[date]]:
        near = [self.day + timedelta(days=ahead) for ahead in range(-90, 4)]
        days = {day for day in near if self.random.random() < 0.1} | {
            day for day in near[-6:] if self.random.random() < 0.4
        }
        return {CALENDAR: frozenset(days)}

    def holiday_mode(self) -> HolidayMode:
        modes: list[HolidayMode] = [HolidayMode.RUNS, *HolidayMode]
        return self.random.choice(modes)

    def _dates(self) -> tuple[date, date]:
        start = self.day + timedelta(days=self.random.randint(-2, 1))
        return start, start + timedelta(days=self.random.randint(0, 2))

    def _hours(self) -> tuple[time, time] | tuple[None, None]:
        if self.random.random() < 0.5:
            return None, None
        return self.random.choice(self.clock), self.random.choice(self.clock)

    def _weekdays(self) -> frozenset[int]:
        if self.random.random() < 0.6:
            return frozenset()
        return frozenset(self.random.sample(range(1, 8), self.random.randint(1, 6)))

    def _row(self) -> RosterRow:
        start, end = self._dates()
        return RosterRow(
            self.random.choice(self.shifts),
            self.random.choice(self.people),
            start - timedelta(days=self.random.choice((3, 3, 40))),
            self.random.choice((None, end)),
            weekdays=self._weekdays(),
            every_weeks=self.random.choice((1, 1, 1, 2, 3)),
        )

    def _extra(self) -> RosterRow:
        start, end = self._dates()
        who = self.random.choice(self.shifts), self.random.choice(self.people)
        first, last = self._hours()
        return RosterRow(*who, start, end, start_local=first, end_local=last)

    def _swap(self) -> SwapFacts:
        giver, taker = self.random.sample(self.people, 2)
        shift = self.random.choice(self.shifts)
        return SwapFacts(shift, giver, taker, *self._dates(), *self._hours())

    def _leave(self) -> LeaveFacts:
        person, dates = self.random.choice(self.people), self._dates()
        (start, end), is_work = self._hours(), self.random.random() < 0.5
        zone = self.random.choice(self.zones) if start is not None else ""
        return LeaveFacts(person, *dates, start, end, zone, is_work)

    def _rotation(self) -> RotationFacts:
        start, end = self._dates()
        return RotationFacts(
            self.random.choice(self.shifts),
            tuple(
                self.random.choice((*self.people, "")) for _ in range(self.random.randint(1, 4))
            ),
            start - timedelta(days=self.random.choice((0, 1, 9, 80))),
            self.random.choice((None, None, end)),
            self.random.choice([*RotationUnit]),
            self.random.randint(1, 3),
            self._weekdays(),
        )
