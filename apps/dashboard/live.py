"""What many viewers look at is read and rendered once, and only when it changed.

Theory. Each process keeps a *pulse*: a few times a second at most it asks whether anything
changed, and if so where (which sites and modalities, whose work). What was read or rendered is
*kept* with the number of the pulse's beat and with what it shows; it is good as long as no later
beat touched that. So a department in which something happens each second costs one reading for
each kind of viewer that sees it, and a quiet one nothing. Some seconds later it is read again
all the same, because waiting times grow and some changes leave no trace.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from django.conf import settings

from apps.dashboard.queries.changes import (
    EVERYTHING,
    Mark,
    Seen,
    Touched,
    read_mark,
    read_touched,
)

_BEATS_KEPT = 256
_KEPT = 512

Value = TypeVar("Value")
Touches = Callable[[Touched], bool]


@dataclass(frozen=True, slots=True)
class Beat:
    """One change that the pulse noticed; ``number`` ascends within the process."""

    number: int
    touched: Touched


class Pulse:
    """What changed, noticed by asking the database now and then."""

    def __init__(self) -> None:
        self._asking = threading.Lock()
        self._asked_at = float("-inf")
        self._mark: Mark | None = None
        self._seen = Seen()
        # A new tuple for each beat, so that another thread never walks one that changes.
        self._beats: tuple[Beat, ...] = (Beat(0, EVERYTHING),)

    @property
    def number(self) -> int:
        """Return the number of the latest beat."""
        return self._beats[-1].number

    @property
    def has_silences(self) -> bool:
        """Return whether a sender has fallen silent."""
        return self._mark is not None and self._mark.silences > 0

    @property
    def has_drift(self) -> bool:
        """Return whether the newest replay of decisions came out otherwise."""
        return self._mark is not None and self._mark.drift > 0

    def feel(self) -> int:
        """Ask whether something changed, unless that was done just now; return the latest beat.

        One thread asks at a time; the others go on with what is known, which is as old as one
        question takes.
        """
        if self._is_fresh() or not self._asking.acquire(blocking=self._mark is None):
            return self.number
        try:
            if not self._is_fresh():
                self._ask()
                self._asked_at = time.monotonic()
        finally:
            self._asking.release()
        return self.number

    def has_touched(self, touches: Touches, *, since: int) -> bool:
        """Return whether a beat after ``since`` touched something."""
        beats = self._beats
        count = beats[-1].number - since
        if count > len(beats):
            return True  # it is too long ago to know
        later = (beat.touched for beat in beats[len(beats) - count :])
        return any(touched.is_everything or touches(touched) for touched in later)

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._asked_at < settings.BOARD_ASK_SECONDS

    def _ask(self) -> None:
        mark, before = read_mark(), self._mark
        if mark == before:
            return
        touched, self._seen = read_touched(before or mark, self._seen)
        if before is None or _is_of_all(mark, before):
            touched = EVERYTHING
        self._mark = mark
        if touched != Touched():
            self._note(touched)

    def _note(self, touched: Touched) -> None:
        self._beats = (*self._beats[-_BEATS_KEPT:], Beat(self.number + 1, touched))


def _is_of_all(mark: Mark, before: Mark) -> bool:
    """Return whether something changed that concerns every viewer."""
    return _common(mark) != _common(before)


def _common(mark: Mark) -> tuple[int, int, int]:
    return mark.configuration, mark.silences, mark.drift


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that was read at a beat, and until when it may be shown."""

    value: object
    beat: int
    read_at: datetime
    until: datetime
    touches: Touches


class Shelf:
    """What is kept, the least recently used of it falling off the end."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._kept: OrderedDict[Hashable, Kept] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def take(self, key: Hashable, at: datetime) -> object | None:
        """Return what is kept under the key, None when it is not good any more."""
        kept = self._kept.get(key)
        return kept.value if kept is not None and self._is_good(kept, at) else None

    def take_or_make(
        self,
        key: Hashable,
        at: datetime,
        make: Callable[[], tuple[Value, Touches]],
        *,
        ends_at: datetime | None = None,
    ) -> Value:
        """Return what is kept, or make it: once, however many ask for it at the same time.

        Args:
            key: of one type of value.
            at: the moment of the request.
            make: returns the value, and what tells whether a change touches it.
            ends_at: when it is not good any more in any case.
        """
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self.take(key, at)
            if found is not None:
                return cast("Value", found)
            # Read before the rows: what changes in between is read twice rather than missed.
            beat = self._pulse.number
            try:
                value, touches = make()
            except BaseException:
                # Nothing is kept under the key, so nothing would ever drop its lock.
                with self._lock:
                    self._making.pop(key, None)
                raise
            until = at + timedelta(seconds=settings.BOARD_KEEP_SECONDS)
            self._keep(key, Kept(value, beat, at, min(until, ends_at or until), touches))
            return value

    def _keep(self, key: Hashable, kept: Kept) -> None:
        with self._lock:
            self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                dropped, _ = self._kept.popitem(last=False)
                self._making.pop(dropped, None)

    def _is_good(self, kept: Kept, at: datetime) -> bool:
        if not kept.read_at <= at < kept.until:
            return False
        return not self._pulse.has_touched(kept.touches, since=kept.beat)


PULSE = Pulse()
SHELF = Shelf(PULSE)


def always(_touched: Touched) -> bool:
    """Return True: any change touches it."""
    return True


def never(_touched: Touched) -> bool:
    """Return False: only an edit of the configuration, which touches everything, touches it."""
    return False
