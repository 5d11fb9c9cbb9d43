"""Which values of one field a condition allows, as sets that can be intersected and negated.

``Words`` holds finite sets of words, or all words but some; patterns and parts of words stay
tests, tried wherever the words are known one by one. ``Spans`` holds numbers, times of day,
weekdays and moments as stretches between cuts. Both say whether an unknown value is allowed.

A set may be larger than what the evaluation lets through, never smaller: so an empty one proves
that nothing gets through, and everything that is concluded from emptiness is true.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any, TypeAlias, cast

from apps.engine.codes import Urgency
from apps.engine.conditions.evaluate import ConditionError, Regions, accepted_values, read_leaf
from apps.engine.conditions.fields import Field, Kind, Op
from apps.engine.conditions.values import Comparable, expected, read_value, wraps
from apps.patterns import compile_pattern

_ALWAYS_KNOWN = frozenset({"urgency", "age_minutes", "rvu", "received_at"})
"""Fields whose value is never unknown, however little is known of the order."""
_WHOLE = frozenset({"patient_age", "age_minutes"})
"""Numbers that are counted, not measured; times of day and weekdays are whole as well."""

Cut: TypeAlias = tuple[Any, ...]
"""A place between values: (0,) before all, (1, v, 0) just before v, (1, v, 1) just after, (2,)."""
_FIRST: Cut = (0,)
_LAST: Cut = (2,)
Span: TypeAlias = tuple[Cut, Cut]
_EVERYTHING: tuple[Span, ...] = ((_FIRST, _LAST),)


@dataclass(frozen=True, slots=True)
class Part:
    """A test of a word that names no words: a part of it, or a pattern."""

    op: Op
    text: str
    passes: Callable[[str], object] = field(compare=False, repr=False)
    is_plain: bool = True

    def implies(self, other: Part) -> bool:
        """Return whether every word that passes this test certainly passes the other."""
        are_parts = self.op is Op.CONTAINS is other.op and self.is_plain and other.is_plain
        return self == other or (are_parts and other.text in self.text)


@dataclass(frozen=True, slots=True)
class Words:
    """Words, by name or all but some; truth values too, which are but two."""

    only: frozenset[Comparable] | None = None
    but: frozenset[Comparable] = frozenset()
    is_unknown_in: bool = True
    has: frozenset[Part] = frozenset()
    lacks: frozenset[Part] = frozenset()

    @property
    def is_empty(self) -> bool:
        """Return whether nothing gets through; False where that is not certain."""
        if self.is_unknown_in:
            return False
        if self.only is not None:
            return not self.only
        return any(one.implies(other) for one in self.has for other in self.lacks)

    def meet(self, other: Words) -> Words:
        """Return what both allow."""
        has, lacks = self.has | other.has, self.lacks | other.lacks
        is_unknown_in = self.is_unknown_in and other.is_unknown_in
        named = [one.only for one in (self, other) if one.only is not None]
        but = self.but | other.but
        if not named:
            return Words(None, but, is_unknown_in, has, lacks)
        left = frozenset.intersection(*named) - but
        return Words(_passing(left, has, lacks), is_unknown_in=is_unknown_in)

    @property
    def named(self) -> frozenset[Comparable | None] | None:
        """Return the values one by one, None for the unknown; None where they are not counted."""
        if self.only is None:
            return None
        return self.only | {None} if self.is_unknown_in else self.only


def _passing(
    words: frozenset[Comparable], has: Iterable[Part], lacks: Iterable[Part]
) -> frozenset[Comparable]:
    """Return the words that pass all of one kind of tests and none of the other."""
    return frozenset(
        word
        for word in words
        if all(part.passes(str(word)) for part in has)
        and not any(part.passes(str(word)) for part in lacks)
    )


@dataclass(frozen=True, slots=True)
class Spans:
    """Stretches of ordered values, disjoint and in order."""

    spans: tuple[Span, ...] = _EVERYTHING
    is_unknown_in: bool = True

    @property
    def is_empty(self) -> bool:
        """Return whether nothing gets through."""
        return not self.spans and not self.is_unknown_in

    def meet(self, other: Spans) -> Spans:
        """Return what both allow."""
        both = (
            (max(one[0], two[0]), min(one[1], two[1])) for one in self.spans for two in other.spans
        )
        kept = tuple(sorted(span for span in both if span[0] < span[1]))
        return Spans(kept, self.is_unknown_in and other.is_unknown_in)

    @property
    def named(self) -> None:
        """Return nothing: ordered values are not counted one by one."""
        return


Values: TypeAlias = Words | Spans


def meet(one: Values, other: Values) -> Values:
    """Return what two sets of one field both allow."""
    if isinstance(one, Words):
        return one.meet(cast("Words", other))
    return one.meet(cast("Spans", other))


def values_of(
    leaf: Mapping[str, object], regions: Regions, *, is_negated: bool
) -> tuple[str, Values]:
    """Return a leaf's field and the values with which it holds, or with which it does not.

    Raises:
        ConditionError: the leaf cannot be evaluated.
        PatternError: its pattern cannot be used.
    """
    field_, op, value = read_leaf(leaf)
    universe = _universe(field_)
    if op is Op.EXISTS:
        wanted = (value is not False) is not is_negated
        return field_.name, meet(_known(universe) if wanted else _unknown(universe), universe)
    found = _named(field_, op, value, regions)
    if (op in (Op.NOT_EQUAL, Op.NOT_IN)) is not is_negated:
        found = _opposite(found)
    return field_.name, meet(found, universe)


def _universe(field_: Field) -> Values:
    is_unknown_in = field_.name not in _ALWAYS_KNOWN
    if field_.name == "urgency":
        return Words(frozenset(one.value.casefold() for one in Urgency), is_unknown_in=False)
    match field_.kind:
        case Kind.WORD | Kind.TEXT:
            return Words(is_unknown_in=is_unknown_in)
        case Kind.BOOLEAN:
            return Words(frozenset({True, False}), is_unknown_in=is_unknown_in)
        case Kind.TIME:
            return Spans((((1, 0, 0), (1, 24 * 60, 0)),), is_unknown_in)
        case Kind.WEEKDAY:
            return Spans((((1, 1, 0), (1, 8, 0)),), is_unknown_in)
        case _:
            return Spans(_EVERYTHING, is_unknown_in)


def _known(universe: Values) -> Values:
    return replace(universe, is_unknown_in=False)


def _unknown(universe: Values) -> Values:
    if isinstance(universe, Words):
        return Words(frozenset(), is_unknown_in=universe.is_unknown_in)
    return Spans((), universe.is_unknown_in)


def _opposite(found: Values) -> Values:
    """Return every other value, the unknown one among them; of a leaf's own set alone."""
    if isinstance(found, Spans):
        return Spans(_between(found.spans), not found.is_unknown_in)
    if found.only is not None:
        return Words(None, found.only, not found.is_unknown_in)
    return Words(is_unknown_in=not found.is_unknown_in, lacks=found.has)


def _between(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """Return the stretches that lie between the given ones, and before and after them."""
    cuts = [_FIRST, *(cut for span in spans for cut in span), _LAST]
    pairs = zip(cuts[::2], cuts[1::2], strict=True)
    return tuple((low, high) for low, high in pairs if low < high)


def _named(field_: Field, op: Op, value: object, regions: Regions) -> Values:
    """Return the known values that a leaf names; of a negative operator those it refuses."""
    if op in (Op.CONTAINS, Op.MATCHES):
        return Words(is_unknown_in=False, has=frozenset({_part(field_, op, value, regions)}))
    if op in (Op.EQUAL, Op.NOT_EQUAL, Op.IN, Op.NOT_IN):
        accepted = accepted_values(field_, op, value, regions)
        if field_.kind in (Kind.WORD, Kind.TEXT, Kind.BOOLEAN):
            return Words(accepted, is_unknown_in=False)
        points = (((1, one, 0), (1, one, 1)) for one in accepted)
        return Spans(_whole(field_, points), is_unknown_in=False)
    return Spans(_whole(field_, _ranged(field_, op, value)), is_unknown_in=False)


def _part(field_: Field, op: Op, value: object, regions: Regions) -> Part:
    if op is Op.MATCHES:
        return Part(op, str(value), compile_pattern(str(value)).search)
    wanted = str(_read(field_, value))
    if field_.name != "body_part":
        return Part(op, wanted, lambda word: wanted in word)
    parts = accepted_values(field_, Op.EQUAL, value, regions)
    return Part(op, wanted, lambda word: wanted in word or word in parts, is_plain=False)


def _ranged(field_: Field, op: Op, value: object) -> list[Span]:
    if op is Op.BETWEEN:
        return _both_ends(field_, value)
    limit = _read(field_, value)
    match op:
        case Op.LESS:
            return [(_FIRST, (1, limit, 0))]
        case Op.AT_MOST:
            return [(_FIRST, (1, limit, 1))]
        case Op.MORE:
            return [((1, limit, 1), _LAST)]
        case _:
            return [((1, limit, 0), _LAST)]


def _both_ends(field_: Field, value: object) -> list[Span]:
    if not isinstance(value, list) or len(value) != 2:
        raise ConditionError(f"{field_.name} between needs two values")
    low, high = cast("tuple[Any, Any]", tuple(_read(field_, one) for one in value))
    if low > high and wraps(field_.kind):
        return [(_FIRST, (1, high, 1)), ((1, low, 0), _LAST)]
    return [((1, low, 0), (1, high, 1))]


def _whole(field_: Field, spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the stretches in order and joined; for whole numbers cut only before a number."""
    is_whole = field_.name in _WHOLE or field_.kind in (Kind.TIME, Kind.WEEKDAY)
    cut = [
        (_before_whole(low), _before_whole(high)) if is_whole else (low, high)
        for low, high in spans
    ]
    return reduce(_join, sorted(span for span in cut if span[0] < span[1]), ())


def _join(done: tuple[Span, ...], span: Span) -> tuple[Span, ...]:
    if done and span[0] <= done[-1][1]:
        return (*done[:-1], (done[-1][0], max(done[-1][1], span[1])))
    return (*done, span)


def _before_whole(cut: Cut) -> Cut:
    """Return the cut before the first whole number that comes after the given one."""
    if len(cut) == 1:
        return cut
    _, value, side = cut
    return (1, math.floor(value) + 1 if side else math.ceil(value), 0)


def _read(field_: Field, value: object) -> Comparable:
    read = read_value(field_.kind, value)
    if read is None:
        raise ConditionError(f"{field_.name} needs {expected(field_.kind)}, not {value!r}")
    return read
