"""Takes an event's words apart, as a pattern such as ``{person} - {shift}`` says.

Patterns are split at their fixed signs from left to right, so that no text, however made up,
costs more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

PERSON, SHIFT, OTHER = "person", "shift", "other"
USUAL: Sequence[str] = (
    "{person} - {shift}",
    "{shift} - {person}",
    "{shift}: {person}",
    "{person}: {shift}",
    "{shift} ({person})",
    "{person} ({shift})",
    "{shift} / {person}",
    "{person} / {shift}",
    "{person} @ {shift}",
    "{shift} @ {person}",
    "{person}",
    "{shift}",
)
"""What scheduling systems write into the summary."""
_PART = re.compile(r"\{(person|shift|other)\}")


def check(pattern: str) -> str:
    """Return what is wrong with a pattern, in words; empty if nothing is."""
    names = _PART.findall(pattern)
    pieces = _PART.split(pattern)[2:-1:2]
    if not names:
        return "Name a part: {person}, {shift} or {other}."
    if any(names.count(name) > 1 for name in (PERSON, SHIFT)):
        return "A part comes once only."
    if any(not piece for piece in pieces):
        return "Put a sign between two parts, such as a dash."
    return ""


def take_apart(pattern: str, text: str) -> Mapping[str, str] | None:
    """Return the parts of a text by name, None where it does not follow the pattern."""
    pieces = _PART.split(pattern)
    fixed, names = pieces[0::2], pieces[1::2]
    if not text.startswith(fixed[0]) or not text.endswith(fixed[-1]):
        return None
    rest = text[len(fixed[0]) : len(text) - len(fixed[-1]) or None]
    found: dict[str, str] = {}
    for name, sign in zip(names[:-1], fixed[1:-1], strict=True):
        part, between, rest = rest.partition(sign)
        if not between:
            return None
        found[name] = part.strip()
    found[names[-1]] = rest.strip()
    return found
