"""Ends what takes too long, even where it never returns to whoever waits for it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from apps.roster.exceptions import OverTimeError

_AGAIN_SECONDS = 1.0
_SHORTEST_SECONDS = 0.001


class _Ended(BaseException):
    """Goes through whatever catches exceptions on the way."""


@contextmanager
def ended_after(seconds: float, why: str) -> Iterator[None]:
    """End the block after a time; it must not touch the database or the network.

    Signals reach the main thread alone, in which the slow jobs run; elsewhere nothing ends it.

    Raises:
        OverTimeError: it took longer; ``why`` are its words.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    is_armed = True

    def end(_signal: int, _frame: object) -> None:
        if is_armed:
            raise _Ended

    before = signal.signal(signal.SIGALRM, end)
    # Again and again: a block that swallowed the first one meets the next.
    signal.setitimer(signal.ITIMER_REAL, max(seconds, _SHORTEST_SECONDS), _AGAIN_SECONDS)
    try:
        yield
    except _Ended as ended:
        raise OverTimeError(why) from ended
    finally:
        is_armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
