"""How near an order comes to conditions: the fewest of them that would have to be otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from apps.engine.conditions import Subject, compile_conditions, in_words

Failed = tuple[str, ...]
"""The conditions that failed, in words; empty where the whole holds."""

Regions = Mapping[str, frozenset[str]]
_Misses = Callable[[Subject], Failed]


def compile_misses(conditions: Mapping[str, object], regions: Regions) -> _Misses:
    """Return the function that says which conditions an order fails, by the shortest way.

    Of an ``any`` the member that fails by the fewest is told; of a ``none`` each that holds.

    Raises:
        ValueError: the conditions cannot be evaluated.
    """
    if "field" in conditions:
        return _leaf(conditions, regions)
    return _together([_GROUPS[name](_members(conditions[name]), regions) for name in conditions])


def _members(members: object) -> list[Mapping[str, object]]:
    return members if isinstance(members, list) else []


def _leaf(leaf: Mapping[str, object], regions: Regions) -> _Misses:
    holds, words = compile_conditions(leaf, regions), (in_words(leaf),)
    return lambda subject: () if holds(subject) else words


def _together(parts: list[_Misses]) -> _Misses:
    return lambda subject: tuple(words for part in parts for words in part(subject))


def _all(members: list[Mapping[str, object]], regions: Regions) -> _Misses:
    return _together([compile_misses(member, regions) for member in members])


def _any(members: list[Mapping[str, object]], regions: Regions) -> _Misses:
    parts = [compile_misses(member, regions) for member in members]
    return lambda subject: min((part(subject) for part in parts), key=len, default=("nothing",))


def _none(members: list[Mapping[str, object]], regions: Regions) -> _Misses:
    return _together([_not(member, regions) for member in members])


def _not(member: Mapping[str, object], regions: Regions) -> _Misses:
    holds, words = compile_conditions(member, regions), (f"not ({in_words(member)})",)
    return lambda subject: words if holds(subject) else ()


_GROUPS: Mapping[str, Callable[[list[Mapping[str, object]], Regions], _Misses]] = {
    "all": _all,
    "any": _any,
    "none": _none,
}
