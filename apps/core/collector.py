"""Keeps the rounds of Python's garbage collector out of what people and orders wait for.

A full round walks every object that the process holds, hundreds of thousands once a department's
configuration is read, and is due whenever much is made at once: when the configuration is read
anew, and within a large page. So what lives long is taken out of the rounds, and the others are
made when nobody waits.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.signals import request_finished

_YOUNG = 10_000
"""So many objects more than were dropped wake the collector; a page makes as many in a moment."""

_is_due = False


def settle() -> None:
    """Collect what nobody holds any more, and take what is left out of the rounds to come."""
    # What was taken out before may be garbage by now.
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def settle_for_requests() -> None:
    """Prepare a process that has loaded all its code and is about to serve pages."""
    settle()
    _young, *older = gc.get_threshold()
    gc.set_threshold(_YOUNG, *older)


@contextmanager
def resting() -> Iterator[None]:
    """Keep the collector asleep while much is made that will live on."""
    was_awake = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_awake:
            gc.enable()


def collect_after_response() -> None:
    """Collect what nobody holds any more once the page that is being made has been sent."""
    global _is_due  # noqa: PLW0603 -- of the whole process, as the collector is
    _is_due = True


def _on_request_finished(**_kwargs: object) -> None:
    global _is_due  # noqa: PLW0603 -- see collect_after_response
    if _is_due:
        _is_due = False
        gc.collect()


request_finished.connect(_on_request_finished, dispatch_uid="apps.core.collector")
