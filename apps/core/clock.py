"""The one clock: every moment that decides business is read here, once, by the outermost caller.

A test clock can be set for a whole stack, all its processes at once: a file in the data folder
that moves the time or stands it still. It is heeded only where ``RADASSIGN_TEST_CLOCK`` is set,
and a system check refuses that on a stack that serves HTTPS.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_FILE = "clock.json"


@dataclass(frozen=True, slots=True)
class _Setting:
    """``moment`` is where the clock stands; None means it runs, ``offset`` ahead."""

    offset: timedelta
    moment: datetime | None


_REAL = _Setting(timedelta(), None)


def now() -> datetime:
    """Return the moment, aware, UTC."""
    real = datetime.now(UTC)
    if not settings.RADASSIGN_TEST_CLOCK:
        return real
    setting = _setting()
    return setting.moment if setting.moment is not None else real + setting.offset


def travel_to(moment: datetime, *, freeze: bool = False) -> None:
    """Set the clock of the whole stack; it runs on from there, or stands still.

    Raises:
        ImproperlyConfigured: this stack has no test clock.
        ValueError: the moment has no zone.
    """
    if moment.tzinfo is None:
        raise ValueError("the clock takes aware moments only")
    moment = moment.astimezone(UTC)
    offset = moment - datetime.now(UTC)
    _write({"moment": moment.isoformat() if freeze else None, "offset": offset.total_seconds()})


def advance(by: timedelta) -> None:
    """Move the clock of the whole stack on (or back); a standing one keeps standing."""
    _require_test_clock()
    setting = _setting()
    if setting.moment is not None:
        travel_to(setting.moment + by, freeze=True)
    else:
        travel_to(now() + by)


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
    moment = content["moment"]
    return _Setting(
        timedelta(seconds=content["offset"]), datetime.fromisoformat(moment) if moment else None
    )


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
