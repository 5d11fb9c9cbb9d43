"""Places in a message: ``OBR-4.2``, ``PID-3(2).1``, ``PID-3.4.2``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_PATH = re.compile(
    r"(?P<segment>[A-Z][A-Z0-9]{2})-(?P<field>\d{1,3})(?:\((?P<repetition>\d{1,4})\))?"
    r"(?:\.(?P<component>\d{1,3})(?:\.(?P<subcomponent>\d{1,3}))?)?\Z",
    re.ASCII,
)


class PathError(ValueError):
    """A place that is not written as one."""


class Path(NamedTuple):
    """A place, counted from 1 as HL7 does; None is a level that was not named."""

    segment: str
    field: int
    repetition: int | None = None
    component: int | None = None
    subcomponent: int | None = None


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """Return the place that a text names.

    Raises:
        PathError: it does not have the form ``SEG-field(repetition).component.subcomponent``.
    """
    match = _PATH.match(text.strip())
    levels = [int(number) if number else None for number in match.groups()[1:]] if match else []
    if match is None or 0 in levels:
        message = f"{text!r} is not a place such as OBR-4.2 or PID-3(2).1"
        raise PathError(message)
    field, repetition, component, subcomponent = levels
    return Path(match["segment"], field or 0, repetition, component, subcomponent)
