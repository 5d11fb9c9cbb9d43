"""Upward events: a lower app tells what happened, a higher one that subscribed acts on it.

Subscribers run at once, in order of subscription, in the publisher's transaction: what they
write stands or falls with what the publisher wrote, and an exception undoes both. Whatever may
wait leaves a row or a nudge for a worker, never a thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

Event = TypeVar("Event")

# Any: each list holds handlers of its key's own type, which a dict cannot say.
_subscribers: defaultdict[type, list[Callable[[Any], None]]] = defaultdict(list)


def subscribe(kind: type[Event], handler: Callable[[Event], None]) -> None:
    """Call the handler with every event of exactly that class; twice is once.

    Called from ``AppConfig.ready``, which Django may run more than once in a test process.
    """
    if handler not in _subscribers[kind]:
        _subscribers[kind].append(handler)


def unsubscribe(kind: type[Event], handler: Callable[[Event], None]) -> None:
    """Stop calling the handler; unknown ones are ignored."""
    if handler in _subscribers[kind]:
        _subscribers[kind].remove(handler)


def publish(event: object) -> None:
    """Tell every subscriber of the event's class, a frozen dataclass, before returning."""
    for handler in tuple(_subscribers[type(event)]):
        handler(event)
