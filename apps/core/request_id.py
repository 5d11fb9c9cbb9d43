"""The id that ties log lines, audit rows and a request or task together."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import structlog

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the id of the running request or task, empty outside of one."""
    return _current.get()


@contextmanager
def new(value: str = "") -> Iterator[str]:
    """Set an id for the block, a fresh one unless given, in the log's context too."""
    chosen = value or uuid.uuid4().hex
    token = _current.set(chosen)
    try:
        with structlog.contextvars.bound_contextvars(request_id=chosen):
            yield chosen
    finally:
        _current.reset(token)
