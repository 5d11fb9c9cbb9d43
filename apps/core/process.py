"""What long-running commands share: they end when asked, and with whoever started them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from radassign.linux import die_with_parent

__all__ = ["die_with_parent", "on_stop_signal", "stop_event"]


def on_stop_signal(callback: Callable[[], None]) -> None:
    """Call back on SIGTERM and SIGINT instead of dying at once; main thread only."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        callback()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, handle)


def stop_event() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set, for loops that wait on it."""
    event = threading.Event()
    on_stop_signal(event.set)
    return event
