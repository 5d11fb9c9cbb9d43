"""The one clock: every moment that decides business is read here, once, by the outermost caller.

A test clock can be set for a whole stack, all its processes at once: a file in the data folder
that moves the time, stands it still or makes it run at another rate. It is heeded only where
``RADASSIGN_TEST_CLOCK`` is set, and a system check refuses that on a stack that serves HTTPS.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_FILE = "clock.json"


@dataclass(frozen=True, slots=True)
class _Setting:
    """At the real moment ``since`` the clock said ``moment``; a second takes it on by ``rate``."""

    moment: datetime
    since: datetime
    rate: float

    def at(self, real: datetime) -> datetime:
        """Return what the clock says at a real moment."""
        return self.moment + (real - self.since) * self.rate


_EPOCH = datetime.fromtimestamp(0, UTC)
_REAL = _Setting(_EPOCH, _EPOCH, 1)
_STANDS = 0


def now() -> datetime:
    """Return the moment, aware, UTC."""
    real = datetime.now(UTC)
    return _setting().at(real) if settings.RADASSIGN_TEST_CLOCK else real


def seconds_until(moment: datetime) -> float:
    """Return how many real seconds pass until the clock says ``moment``, below zero when past.

    A clock that stands still will never say it: infinite.
    """
    left = (moment - now()).total_seconds()
    rate = _setting().rate if settings.RADASSIGN_TEST_CLOCK else 1
    if rate == _STANDS:
        return math.inf if left > 0 else left
    return left / rate


def travel_to(moment: datetime, *, freeze: bool = False) -> None:
    """Set the clock of the whole stack; it runs on from there at its rate, or stands still.

    Raises:
        ImproperlyConfigured: this stack has no test clock.
        ValueError: the moment has no zone.
    """
    _set(moment, _STANDS if freeze else _setting().rate or 1)


def run_at(rate: float, from_moment: datetime | None = None) -> None:
    """Have the clock of the whole stack run ``rate`` times as fast as the real one.

    Args:
        rate: above zero; 1 is the real pace.
        from_moment: where it begins, aware; None goes on from where it is.

    Raises:
        ImproperlyConfigured: this stack has no test clock.
        ValueError: the rate is not above zero, or the moment has no zone.
    """
    if rate <= 0:
        raise ValueError("the clock runs forward: its rate is above zero")
    _set(from_moment or now(), rate)


def advance(by: timedelta) -> None:
    """Move the clock of the whole stack on (or back); it keeps its rate, or keeps standing."""
    _require_test_clock()
    _set(now() + by, _setting().rate)


def reset() -> None:
    """Go back to the real time."""
    _require_test_clock()
    _path().unlink(missing_ok=True)


def _setting() -> _Setting:
    """Return what the file says; it is read again only when it was written again."""
    path = _path()
    try:
        found = path.stat()
    except FileNotFoundError:
        return _REAL
    return _read(path, (found.st_ino, found.st_mtime_ns))


@lru_cache(maxsize=1)
def _read(path: Path, _version: tuple[int, int]) -> _Setting:
    content = json.loads(path.read_text(encoding="ascii"))
    return _Setting(
        moment=datetime.fromisoformat(content["moment"]),
        since=datetime.fromisoformat(content["since"]),
        rate=content["rate"],
    )


def _set(moment: datetime, rate: float) -> None:
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware moments only")
    since = datetime.now(UTC)
    moment = moment.astimezone(UTC)
    _write({"moment": moment.isoformat(), "since": since.isoformat(), "rate": rate})


def _write(content: dict[str, object]) -> None:
    _require_test_clock()
    # Moved into place: another process never reads half of it.
    temporary = _path().with_suffix(".new")
    temporary.write_text(json.dumps(content), encoding="ascii")
    temporary.replace(_path())


def _path() -> Path:
    return Path(settings.RADASSIGN_DATA_DIR) / _FILE


def _require_test_clock() -> None:
    if not settings.RADASSIGN_TEST_CLOCK:
        raise ImproperlyConfigured("the clock can be set only where RADASSIGN_TEST_CLOCK=1")
