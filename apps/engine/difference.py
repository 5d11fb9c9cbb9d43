"""Where two JSON documents first differ, as a path that people can follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.engine.codec import canonical

# JSON values of whatever shape.
JSON = Any

_LONGEST = 120


def first_difference(stored: JSON, made: JSON, path: str = "$") -> tuple[str, str, str] | None:
    """Return the place of the first difference and what each has there, None where equal.

    Keys are looked at in their order, lists from the front; a place that one of them lacks says
    "nothing" there. Values are canonical JSON, cut where they are long.
    """
    if canonical(stored) == canonical(made):
        return None
    if isinstance(stored, Mapping) and isinstance(made, Mapping):
        for key in sorted(stored.keys() | made.keys()):
            found = _of_part(stored, made, key, f"{path}.{key}")
            if found:
                return found
    if isinstance(stored, list) and isinstance(made, list):
        for place in range(max(len(stored), len(made))):
            parts = dict(enumerate(stored)), dict(enumerate(made))
            found = _of_part(*parts, place, f"{path}[{place}]")
            if found:
                return found
    return path, _said(stored), _said(made)


def _of_part(
    stored: Mapping[Any, JSON], made: Mapping[Any, JSON], key: str | int, path: str
) -> tuple[str, str, str] | None:
    if key not in stored:
        return path, "nothing", _said(made[key])
    if key not in made:
        return path, _said(stored[key]), "nothing"
    return first_difference(stored[key], made[key], path)


def _said(value: JSON) -> str:
    text = canonical(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
