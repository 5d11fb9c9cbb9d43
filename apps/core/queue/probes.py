"""What waits in the tables: asked of the apps above, which register how to look.

The watchdog trusts these, not the queue: a lost nudge leaves a row that waits, and a row that
waits too long is nudged for again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

Probe = Callable[[], datetime | None]

_probes: defaultdict[str, list[Probe]] = defaultdict(list)


def register_probe(cluster: str, probe: Probe) -> None:
    """Ask ``probe`` what waits for a cluster; twice is once.

    Args:
        cluster: the cluster that would do the work.
        probe: returns since when the oldest item waits that could be worked on *now* (UTC, by
            ``clock.now()``), None where nothing does. What waits for its own time, such as a
            retry, is not work yet. Called once a second, so it must be an index look-up.
    """
    if probe not in _probes[cluster]:
        _probes[cluster].append(probe)


def unregister_probe(cluster: str, probe: Probe) -> None:
    """Ask it no longer."""
    if probe in _probes[cluster]:
        _probes[cluster].remove(probe)


def waiting_since(cluster: str) -> datetime | None:
    """Return since when the oldest item of a cluster waits, None where nothing does."""
    found = (probe() for probe in tuple(_probes[cluster]))
    return min((since for since in found if since is not None), default=None)
