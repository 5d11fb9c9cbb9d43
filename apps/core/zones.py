"""The time zones that a person chooses from."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Iterable

Choice = tuple[str, str]


@functools.cache
def zone_choices() -> tuple[Choice, ...]:
    """Return every IANA zone, by name."""
    return tuple((zone, zone) for zone in sorted(zoneinfo.available_timezones()))


def grouped_zone_choices(used: Iterable[str]) -> list[tuple[str, list[Choice]]]:
    """Return every IANA zone, those that are in use already before all others."""
    near = [(zone, zone) for zone in dict.fromkeys(used) if zone]
    return [("Used here", near), ("All", list(zone_choices()))]
