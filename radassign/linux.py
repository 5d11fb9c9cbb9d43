"""The one Linux system call that Python has no name for: die when the parent dies."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals = signal.SIGTERM) -> None:
    """Ask the kernel for a signal when the thread that started this process ends.

    A parent that ended before the call is noticed too: a process whose parent is init or a
    reaper from the beginning has nothing to follow and goes on.
    """
    _set_parent_death_signal(number)


def die_with_parent_hook(number: signal.Signals) -> Callable[[], None]:
    """Return a ``preexec_fn`` that ties the child to us.

    The library is loaded now, because between fork and exec nothing may be allocated lightly.
    Changing the user clears the wish, so this must run after the demotion; ``subprocess`` does
    it in that order.
    """
    parent = os.getpid()
    prctl = _libc().prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return tie


def _set_parent_death_signal(number: signal.Signals) -> None:
    library = _libc()
    if library.prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
