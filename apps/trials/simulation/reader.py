"""A reader in the simulation: what they have on hand, what they did, what the engine sees of it."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from decimal import Decimal
from heapq import heappop, heappush

from apps.engine.codes import Presence
from apps.engine.facts import Workload
from apps.trials.simulation.arrivals import Study
from apps.trials.simulation.department import Department

_HOUR = 3_600
_REMEMBERED = 4 * _HOUR
_ZERO = Decimal(0)


class Held:
    """A study that a reader has: since when, and on which shift it was given."""

    __slots__ = ("is_open", "is_seen", "reader", "shift", "since", "study")

    def __init__(self, study: Study, reader: str, shift: str, since: int) -> None:
        self.study, self.reader, self.shift, self.since = study, reader, shift, since
        self.is_seen = False
        self.is_open = False


class Reader:
    """One reader; reads one study at a time, the most urgent first, then the oldest due."""

    def __init__(self, id_: str, speed: float) -> None:
        self.id = id_
        self.speed = speed
        self.is_on = False
        self.is_resting = False
        self.idle_since = 0
        self.reading: Held | None = None
        self.held: dict[int, Held] = {}
        self._queue: list[tuple[int, int, int]] = []
        self._by_urgency = [0, 0, 0]
        self._open_rvu = _ZERO
        self._hour: deque[tuple[int, Decimal]] = deque()
        self._hour_rvu = _ZERO
        self._done: deque[tuple[int, int]] = deque()
        self._done_seconds = 0
        self._last_at: int | None = None
        self._last_on_shift: dict[str, int] = {}
        self._given = _ZERO
        self._turn_since = 0
        self._worked = 0
        self._works_since: int | None = None

    @property
    def open_count(self) -> int:
        """Return how many studies they have, the one under way too."""
        return len(self.held)

    @property
    def can_start(self) -> bool:
        """Say whether they could begin to read now."""
        return self.is_on and not self.is_resting and self.reading is None

    # -- coming and going ----------------------------------------------------------------

    def come(self, now: int) -> None:
        """Begin a turn of duty; what was given before it no longer counts."""
        self.is_on, self.is_resting = True, False
        self.idle_since = now
        self._given, self._turn_since, self._worked = _ZERO, now, 0
        self._works_since = now

    def leave(self, now: int) -> None:
        """End the turn of duty; what is on hand stays."""
        self.rest(now)
        self.is_on = self.is_resting = False

    def rest(self, now: int) -> None:
        """Go on a break, or stop counting work."""
        if self._works_since is not None:
            self._worked += now - self._works_since
        self._works_since, self.is_resting = None, True

    def resume(self, now: int) -> None:
        """Come back from a break."""
        if self.is_on:
            self.is_resting, self._works_since, self.idle_since = False, now, now

    # -- studies -------------------------------------------------------------------------

    def take(self, held: Held, now: int) -> None:
        """Have one more study."""
        study = held.study
        self.held[study.order.order_id] = held
        rank = study.urgency.rank
        heappush(self._queue, (rank, study.due, study.order.order_id))
        self._by_urgency[rank] += 1
        self._open_rvu += study.rvu
        self._hour.append((now, study.rvu))
        self._hour_rvu += study.rvu
        self._given += study.rvu
        self._last_at = self._last_on_shift[held.shift] = now

    def lose(self, held: Held) -> None:
        """No longer have a study, which somebody else is given."""
        self._drop(held)
        if held.since >= self._turn_since:
            self._given -= held.study.rvu

    def finish(self, now: int) -> Held:
        """End the study under way."""
        held = self.reading
        assert held is not None  # noqa: S101 -- asked at the end of a reading
        self.reading, self.idle_since = None, now
        self._drop(held)
        self._done.append((now, now - held.since))
        self._done_seconds += now - held.since
        return held

    def start_next(self) -> Held | None:
        """Open the next study, None where nothing waits."""
        while self._queue:
            held = self.held.get(heappop(self._queue)[2])
            if held is not None and not held.is_open:
                held.is_open = held.is_seen = True
                self.reading = held
                return held
        return None

    def _drop(self, held: Held) -> None:
        del self.held[held.study.order.order_id]
        self._by_urgency[held.study.urgency.rank] -= 1
        self._open_rvu -= held.study.rvu

    # -- what the engine sees ------------------------------------------------------------

    def workload(self, now: int, department: Department) -> Workload:
        """Return the load at a moment."""
        self._forget(now)
        start = department.start_at
        stat, urgent, routine = self._by_urgency
        working = 0 if self._works_since is None else now - self._works_since
        done = len(self._done)
        mean = Decimal(self._done_seconds // done) / 60 if done else None
        return Workload(
            radiologist=self.id,
            presence=Presence.AWAY if self.is_resting else Presence.ONLINE,
            open_by_urgency=(stat, urgent, routine),
            open_rvu=self._open_rvu,
            assigned_last_hour=len(self._hour),
            rvu_last_hour=self._hour_rvu,
            last_assigned_at=_moment(start, self._last_at),
            mean_turnaround_minutes=mean,
            last_on_shift={
                code: start + timedelta(seconds=at) for code, at in self._last_on_shift.items()
            },
            given_units=self._given,
            worked_seconds=self._worked + working,
        )

    def _forget(self, now: int) -> None:
        while self._hour and self._hour[0][0] <= now - _HOUR:
            self._hour_rvu -= self._hour.popleft()[1]
        while self._done and self._done[0][0] <= now - _REMEMBERED:
            self._done_seconds -= self._done.popleft()[1]


def _moment(start: datetime, seconds: int | None) -> datetime | None:
    return None if seconds is None else start + timedelta(seconds=seconds)
