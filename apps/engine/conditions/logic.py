"""What follows from conditions alone: whether they can hold, and whether one's entail another's.

Conditions are brought into alternatives, each a set of allowed values for each field. An
alternative that allows no value of some field is dropped, so conditions without any can never
hold; ``a`` holds only where ``b`` does if ``a`` and the opposite of ``b`` leave none. Fields are
taken to be independent and tests of words to be passable, so that every claim is true and some
true ones are not made. What has too many alternatives is not claimed either.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import TypeAlias

from apps.engine.conditions.domains import Values, meet, values_of
from apps.engine.conditions.evaluate import GROUPS, ConditionError, Regions
from apps.engine.vocabulary import REGIONS

Term: TypeAlias = Mapping[str, Values]
"""Fields and what they may be, all at once; a field that is not named may be anything."""
Terms: TypeAlias = tuple[Term, ...]
"""Alternatives: one of them must be so."""

MOST = 256
"""How many alternatives are looked at before nothing is claimed."""
_ANYTHING: Term = {}


class TooManyError(ValueError):
    """There are more alternatives than are looked at."""


class Meaning:
    """Conditions brought into alternatives; those that cannot be, claim nothing."""

    def __init__(self, conditions: Mapping[str, object], regions: Regions = REGIONS) -> None:
        self._conditions, self._regions = conditions, regions

    @cached_property
    def holds(self) -> Terms | None:
        """Return with what the conditions hold; None where nothing is claimed."""
        return self._alternatives(is_negated=False)

    @cached_property
    def fails(self) -> Terms | None:
        """Return with what the conditions do not hold; None where nothing is claimed."""
        return self._alternatives(is_negated=True)

    def _alternatives(self, *, is_negated: bool) -> Terms | None:
        try:
            return _terms(self._conditions, self._regions, is_negated=is_negated)
        except (ValueError, TypeError, AttributeError):
            return None

    @property
    def can_hold(self) -> bool:
        """Return whether some order may meet the conditions; False is certain."""
        return self.holds is None or bool(self.holds)

    @property
    def is_always(self) -> bool:
        """Return whether every order certainly meets the conditions."""
        return self.fails is not None and not self.fails

    def fields(self) -> frozenset[str]:
        """Return the fields on which it depends; empty also where nothing is claimed."""
        return frozenset(chain.from_iterable(self.holds or ()))


def can_hold(conditions: Mapping[str, object], regions: Regions = REGIONS) -> bool:
    """Return whether some order may meet the conditions; False is certain."""
    return Meaning(conditions, regions).can_hold


def always(conditions: Mapping[str, object], regions: Regions = REGIONS) -> bool:
    """Return whether every order certainly meets the conditions."""
    return Meaning(conditions, regions).is_always


def implies(one: Meaning, other: Meaning, *, ignoring: Collection[str] = ()) -> bool:
    """Return whether whatever meets the one certainly meets the other.

    Args:
        one: the narrower conditions.
        other: the wider ones.
        ignoring: fields that may have another value when the other is asked.
    """
    if one.holds is None or other.fails is None:
        return False
    return covers(without(one.holds, ignoring), other)


def covers(terms: Terms, wider: Meaning) -> bool:
    """Return whether every alternative certainly meets the conditions."""
    return wider.fails is not None and not any(
        _can_both(term, refused) for term in terms for refused in wider.fails
    )


def left_by(terms: Terms, other: Meaning) -> Terms | None:
    """Return what of the alternatives does not meet the conditions; None: nothing is claimed."""
    if other.fails is None:
        return None
    try:
        return _both(terms, other.fails)
    except TooManyError:
        return None


def can_meet(one: Meaning, other: Meaning) -> bool:
    """Return whether some order may meet both; False is certain."""
    if one.holds is None or other.holds is None:
        return True
    return any(_can_both(left, right) for left in one.holds for right in other.holds)


def without(terms: Terms, fields: Collection[str]) -> Terms:
    """Return the alternatives without what they ask of some fields."""
    if not fields:
        return terms
    return tuple({name: term[name] for name in term if name not in fields} for term in terms)


def conflict(
    conditions: Mapping[str, object], regions: Regions = REGIONS
) -> Sequence[Mapping[str, object]]:
    """Return one or two conditions that can never hold (together); empty where none is found.

    Those that must all hold are looked at two by two, at whatever depth they stand.
    """
    must = list(_must(conditions))
    found = [Meaning(one, regions) for one in must]
    for index, one in enumerate(found):
        if not one.can_hold:
            return [must[index]]
    for index, one in enumerate(found):
        for later in range(index + 1, len(found)):
            if not can_meet(one, found[later]):
                return [must[index], must[later]]
    return []


def _must(node: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the conditions that must all hold: leaves, and groups of alternatives as one."""
    if "field" in node:
        yield node
        return
    for name in ("any", "none"):
        if node.get(name):
            yield {name: node[name]}
    members = node.get("all")
    for member in members if isinstance(members, list) else ():
        yield from _must(member)


def _terms(node: Mapping[str, object], regions: Regions, *, is_negated: bool) -> Terms:
    if "field" in node:
        name, values = values_of(node, regions, is_negated=is_negated)
        return () if values.is_empty else ({name: values},)
    if set(node) - set(GROUPS):
        raise ConditionError("unknown group")
    parts = (
        _group(name, node[name], regions, is_negated=is_negated) for name in GROUPS if name in node
    )
    return _some(parts) if is_negated else _every(parts)


def _group(name: str, members: object, regions: Regions, *, is_negated: bool) -> Terms:
    if not isinstance(members, list):
        raise ConditionError(f"{name!r} needs a list of conditions")
    inverted = is_negated is not (name == "none")
    parts = (_terms(member, regions, is_negated=inverted) for member in members)
    # All of them must be so for all, and for the opposites of any and none.
    return _every(parts) if (name == "all") is not inverted else _some(parts)


def _every(parts: Iterable[Terms]) -> Terms:
    found: Terms = (_ANYTHING,)
    for part in parts:
        found = _both(found, part)
    return found


def _some(parts: Iterable[Terms]) -> Terms:
    found: list[Term] = []
    for part in parts:
        found += (term for term in part if term not in found)
        if len(found) > MOST:
            raise TooManyError
    return (_ANYTHING,) if _ANYTHING in found else tuple(found)


def _both(left: Terms, right: Terms) -> Terms:
    found: list[Term] = []
    for one in left:
        for other in right:
            both = _met(one, other)
            if both is not None:
                found.append(both)
        if len(found) > MOST:
            raise TooManyError
    return tuple(found)


def _met(one: Term, other: Term) -> Term | None:
    """Return what both allow, None where that is nothing."""
    found = dict(one)
    for name, values in other.items():
        both = meet(found[name], values) if name in found else values
        if both.is_empty:
            return None
        found[name] = both
    return found


def _can_both(one: Term, other: Term) -> bool:
    return all(name not in one or not meet(one[name], other[name]).is_empty for name in other)
