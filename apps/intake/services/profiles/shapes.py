"""The shape of a profile in a file: which keys it may have, and what their values are.

What the values mean is checked afterwards, by the same checks that forms use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import time
from typing import Final

from apps.catalog.models import Site
from apps.intake.queries.sender_plain import KEYS
from apps.intake.services.profiles.checks import LISTS, WORDS

TIMES: Final = frozenset({"usual_from_local", "usual_until_local"})
_MOST_ITEMS = 1000
_TEXTS = frozenset(
    {
        *("name", "application", "facility", "issuer", "time_zone", "character_set"),
        "status_meaning",
    }
)


def short(text: object) -> str:
    """Return the beginning of what a file says, for a sentence about it."""
    # JSON can name half of a surrogate pair, which no page can be encoded with.
    return str(text)[:40].encode("utf-8", "replace").decode()


def wrong_shape(item: object, sites: Mapping[str, Site]) -> list[str]:
    """Return what is wrong with the keys and types of one profile's values, each with its place."""
    if not isinstance(item, dict):
        return ["is no object"]
    wrong = [f"{short(key)}: unknown" for key in item if key not in KEYS]
    wrong += [
        f"{key}: {words}"
        for key in KEYS.keys() & item.keys()
        if (words := _wrong_value(key, item[key], sites))
    ]
    if not wrong and not str(item.get("name", "")).strip():
        wrong.append("name: is missing")
    return sorted(wrong)


def _wrong_value(key: str, value: object, sites: Mapping[str, Site]) -> str:
    if not _is_storable(value):
        return "holds characters that no database keeps"
    if key == "default_site":
        is_known = value is None or (isinstance(value, str) and value in sites)
        return "" if is_known else f"there is no site “{short(value)}”"
    if key in TIMES:
        return "" if value is None or _is_time(value) else "write a time as 07:30"
    return "" if _SHAPES[key](value) else _SHAPE_WORDS[_SHAPES[key]]


def _is_storable(value: object) -> bool:
    try:
        written = json.dumps(value, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError):
        return False
    return b"\\u0000" not in written


def _is_time(value: object) -> bool:
    try:
        found = time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return False
    return found is not None and found.tzinfo is None


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_texts(value: object) -> bool:
    is_list = isinstance(value, list) and len(value) <= _MOST_ITEMS
    return is_list and all(isinstance(item, str) for item in value)  # type: ignore[attr-defined] # a list


def _is_words(value: object) -> bool:
    is_map = isinstance(value, dict) and len(value) <= _MOST_ITEMS
    return is_map and all(isinstance(item, str) for item in value.values())  # type: ignore[attr-defined] # a dict


def _is_places(value: object) -> bool:
    is_map = isinstance(value, dict) and len(value) <= _MOST_ITEMS
    return is_map and all(_is_texts(item) for item in value.values())  # type: ignore[attr-defined] # a dict


def _is_yes_or_no(value: object) -> bool:
    return isinstance(value, bool)


def _is_days(value: object) -> bool:
    is_list = isinstance(value, list) and len(value) <= 7
    return is_list and all(type(item) is int for item in value)  # type: ignore[attr-defined] # a list


def _is_minutes(value: object) -> bool:
    return value is None or (type(value) is int and 0 < value < 2**31)


_SHAPES = {
    **dict.fromkeys(_TEXTS, _is_text),
    **dict.fromkeys(LISTS, _is_texts),
    **{f"{fact}_words": _is_words for fact in WORDS},
    "places": _is_places,
    "is_strict": _is_yes_or_no,
    "usual_weekdays": _is_days,
    "silent_after_minutes": _is_minutes,
}
_SHAPE_WORDS = {
    _is_text: "must be a text",
    _is_texts: "must be a list of texts",
    _is_words: "must be an object of texts",
    _is_places: "must be an object of lists of texts",
    _is_yes_or_no: "must be true or false",
    _is_days: "must be a list of numbers from 1 to 7",
    _is_minutes: "must be a number of minutes, or null",
}
