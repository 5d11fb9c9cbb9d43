"""Gives a moved rule its new priority, and as few others as possible.

Rules run by ``priority_order``, then id. Where two neighbours leave a number free between them,
only the moved rule changes. Where they do not, it takes a neighbour's number if their ids stand
right; else those before it move down or those after it move up until there is room, whichever
are fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

STEP = 10
"""How far apart rules are placed at either end."""

_LOWEST, _HIGHEST = -(2**31), 2**31 - 1


class Place(NamedTuple):
    """Where a rule stands, as it is sorted."""

    priority_order: int
    id: int


def moved(places: Sequence[Place], rule_id: int, index: int) -> Mapping[int, int]:
    """Return the new priority of every rule whose priority changes, by id.

    Args:
        places: every rule, in order.
        rule_id: the one that moves.
        index: where it shall stand in the list without it; 0 is first.
    """
    others = [place for place in places if place.id != rule_id]
    index = max(0, min(index, len(others)))
    if places.index(_found(places, rule_id)) == index:
        return {}
    before, after = others[:index], others[index:]
    free = _between(before, after)
    if free is not None:
        return {rule_id: free}
    ways = [_upwards(before, after, rule_id), _downwards(before, after, rule_id)]
    return min((way for way in ways if way), key=len)


def next_priority(places: Sequence[Place]) -> int:
    """Return the priority with which a new rule stands last."""
    return min(places[-1].priority_order + STEP, _HIGHEST) if places else STEP


def _found(places: Sequence[Place], rule_id: int) -> Place:
    return next(place for place in places if place.id == rule_id)


def _between(before: Sequence[Place], after: Sequence[Place]) -> int | None:
    """Return a number between the neighbours, in their middle; None where there is none."""
    if not after:
        return _inside(before[-1].priority_order + STEP)
    high = after[0].priority_order
    # Below 1 only where there is no other way: small numbers read better than negative ones.
    lowest = 0 if high > 1 else high - 2
    low = before[-1].priority_order if before else lowest
    return _inside((low + high) // 2) if high - low > 1 else None


def _inside(number: int) -> int | None:
    return number if _LOWEST <= number <= _HIGHEST else None


def _upwards(before: Sequence[Place], after: Sequence[Place], rule_id: int) -> dict[int, int]:
    """Return the changes that make room by higher numbers; empty when they run out."""
    last = Place(before[-1].priority_order + 1 if before else _LOWEST, rule_id)
    changes = {rule_id: last.priority_order}
    for place in after:
        if place > last:
            break
        last = Place(last.priority_order + 1, place.id)
        changes[place.id] = last.priority_order
    return changes if last.priority_order <= _HIGHEST else {}


def _downwards(before: Sequence[Place], after: Sequence[Place], rule_id: int) -> dict[int, int]:
    """Return the changes that make room by lower numbers; empty when they run out."""
    last = Place(after[0].priority_order - 1 if after else _HIGHEST, rule_id)
    changes = {rule_id: last.priority_order}
    for place in reversed(before):
        if place < last:
            break
        last = Place(last.priority_order - 1, place.id)
        changes[place.id] = last.priority_order
    return changes if last.priority_order >= _LOWEST else {}
