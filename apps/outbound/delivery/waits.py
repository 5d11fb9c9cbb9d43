"""When to try again: a few quick retries, then waits that grow with the outage.

A wait is a fifth of the time since the trouble began, up to the destination's longest. So the
load on a peer in trouble falls steadily, and yet after an outage of two minutes it is sent to
again within 24 seconds of being back, without anybody doing anything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from apps.outbound.delivery.letters import Patience

QUICK_WAIT = timedelta(milliseconds=200)
SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_CONNECT_WAIT = timedelta(seconds=15)
_SHARE = 5


def wait_for_message(
    attempts: int, first_sent_at: datetime, at: datetime, patience: Patience
) -> timedelta:
    """Return how long a message rests after its ``attempts``-th attempt failed."""
    return _wait(attempts, (at - first_sent_at) / _SHARE, patience)


def wait_for_silent_peer(
    failures: int, failing_since: datetime, at: datetime, patience: Patience
) -> timedelta:
    """Return how long a destination rests that took messages without answering them.

    After the quick retries half of a message's own wait: another order's message is then tried
    first, and one message that a peer cannot digest does not silence all others.
    """
    wait = _wait(failures, (at - failing_since) / _SHARE, patience)
    return wait if failures <= patience.quick_retries else wait / 2


def wait_for_connection(
    failures: int, failing_since: datetime, at: datetime, patience: Patience
) -> timedelta:
    """Return how long to wait before connecting again.

    A refused connection costs the peer nothing, so this wait stays short however long the
    outage: what is back is found within seconds.
    """
    wait = _wait(failures, (at - failing_since) / _SHARE, patience)
    return min(wait, LONGEST_CONNECT_WAIT)


def has_given_up(since: datetime, at: datetime, patience: Patience) -> bool:
    """Return whether trouble that began at ``since`` has lasted too long."""
    return at - since >= patience.give_up


def _wait(failures: int, share: timedelta, patience: Patience) -> timedelta:
    if failures <= patience.quick_retries:
        return QUICK_WAIT
    return min(max(share, SHORTEST_WAIT), max(patience.longest_wait, QUICK_WAIT))
