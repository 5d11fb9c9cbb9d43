"""Turns conditions into a function of the subject, once per rule version.

An unknown value (empty or None) satisfies only ``exists`` false, ``!=`` and ``not-in``.
Words and texts are compared without regard to case. A body part equals a region that holds
it: KNEE is MSK. ``between`` includes both ends and, for times of day and weekdays, may run
over midnight or the weekend.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from apps.engine.conditions.fields import (
    OPS_BY_KIND,
    SPELLINGS,
    Field,
    FieldValue,
    Kind,
    Op,
    field_named,
)
from apps.engine.conditions.subject import Subject
from apps.engine.conditions.values import Comparable, expected, read_value, wraps
from apps.engine.vocabulary import REGIONS
from apps.patterns import compile_pattern

Predicate = Callable[[Subject], bool]
Regions = Mapping[str, frozenset[str]]
# What a test gets: the order's value, known and, for words, casefolded. The field's type and
# the operator's were matched when the test was made, which a signature cannot say.
_Test = Callable[[Any], bool]

_COMPARE: Mapping[Op, Callable[[Any, Any], bool]] = {
    Op.LESS: operator.lt,
    Op.AT_MOST: operator.le,
    Op.MORE: operator.gt,
    Op.AT_LEAST: operator.ge,
}
_NO_OBJECT = "conditions are an object of groups, or of field, op and value"
GROUPS = ("all", "any", "none")
DEEPEST = 8
"""How deep groups may be nested, so that nothing stored can exhaust the stack of a decision."""


class ConditionError(ValueError):
    """The conditions cannot be evaluated; ``check`` names every place and cause."""


def compile_conditions(conditions: Mapping[str, object], regions: Regions = REGIONS) -> Predicate:
    """Return the function that says whether the conditions hold.

    Args:
        conditions: the JSON of a rule; ``{}`` always holds.
        regions: which body parts a region holds.

    Raises:
        ConditionError: an unknown field or operator, a value that does not fit, or groups
            nested too deep.
        PatternError: a pattern for ``matches`` that cannot be used.
    """
    return _compile(conditions, regions, depth=1)


def compile_parts(
    conditions: object, regions: Regions
) -> list[tuple[Mapping[str, object], Predicate]]:
    """Return conditions that must all hold, as written and as functions, the same as the whole.

    Raises:
        ConditionError: as ``compile_conditions``.
        PatternError: as ``compile_conditions``.
    """
    if not isinstance(conditions, Mapping):
        raise ConditionError(_NO_OBJECT)
    members = conditions.get("all")
    if not isinstance(members, list) or len(conditions) > 1:
        return [(conditions, compile_conditions(conditions, regions))]
    return [(member, _compile(member, regions, depth=2)) for member in members]


def all_hold(predicates: Sequence[Predicate]) -> Predicate:
    """Return the function that says whether all of them hold."""
    return predicates[0] if len(predicates) == 1 else _all(predicates)


def _compile(conditions: object, regions: Regions, depth: int) -> Predicate:
    if not isinstance(conditions, Mapping):
        raise ConditionError(_NO_OBJECT)
    if depth > DEEPEST:
        raise ConditionError(f"conditions are nested at most {DEEPEST} deep")
    if "field" in conditions:
        return _leaf(conditions, regions)
    unknown = set(conditions) - set(GROUPS)
    if unknown:
        raise ConditionError(f"unknown group {min(unknown)!r}")
    parts = [
        _group(name, conditions[name], regions, depth) for name in GROUPS if name in conditions
    ]
    return all_hold(parts)


def _group(name: str, members: object, regions: Regions, depth: int) -> Predicate:
    if not isinstance(members, list):
        raise ConditionError(f"{name!r} needs a list of conditions")
    predicates = [_compile(member, regions, depth + 1) for member in members]
    if name == "all":
        return all_hold(predicates)
    holds = _any(predicates)
    return holds if name == "any" else lambda subject: not holds(subject)


def _all(predicates: Sequence[Predicate]) -> Predicate:
    def every(subject: Subject) -> bool:
        for predicate in predicates:  # noqa: SIM110 -- a loop is twice as fast as all() here
            if not predicate(subject):
                return False
        return True

    return every


def _any(predicates: list[Predicate]) -> Predicate:
    return lambda subject: any(predicate(subject) for predicate in predicates)


def read_leaf(leaf: Mapping[str, object]) -> tuple[Field, Op, object]:
    """Return a leaf's field, operator and raw value.

    Raises:
        ConditionError: the field or the operator is unknown.
    """
    field = field_named(str(leaf.get("field")))
    if field is None:
        raise ConditionError(f"unknown field {leaf.get('field')!r}")
    op = SPELLINGS.get(str(leaf.get("op")))
    if op is None:
        raise ConditionError(f"unknown operator {leaf.get('op')!r}")
    return field, op, leaf.get("value")


def _leaf(leaf: Mapping[str, object], regions: Regions) -> Predicate:
    field, op, value = read_leaf(leaf)
    if op not in OPS_BY_KIND[field.kind]:
        raise ConditionError(f"{field.name} does not take {op.value!r}")
    if op is Op.EXISTS:
        return _exists(field.get, wanted=value is not False)
    test = _test(field, op, value, regions)
    unknown_passes = op in (Op.NOT_EQUAL, Op.NOT_IN)
    if field.kind in (Kind.WORD, Kind.TEXT):
        return _on_text(field.get, test, unknown_passes=unknown_passes)
    return _on_value(field.get, test, unknown_passes=unknown_passes)


def _exists(get: Callable[[Subject], FieldValue], *, wanted: bool) -> Predicate:
    return lambda subject: (get(subject) not in (None, "")) is wanted


def _on_text(
    get: Callable[[Subject], FieldValue], test: _Test, *, unknown_passes: bool
) -> Predicate:
    def holds(subject: Subject) -> bool:
        text = cast("str", get(subject))
        return test(text.casefold()) if text else unknown_passes

    return holds


def _on_value(
    get: Callable[[Subject], FieldValue], test: _Test, *, unknown_passes: bool
) -> Predicate:
    def holds(subject: Subject) -> bool:
        value = get(subject)
        return unknown_passes if value is None else test(value)

    return holds


def _test(field: Field, op: Op, value: object, regions: Regions) -> _Test:
    match op:
        case Op.EQUAL | Op.IN | Op.NOT_EQUAL | Op.NOT_IN:
            accepted = accepted_values(field, op, value, regions)
            if op in (Op.NOT_EQUAL, Op.NOT_IN):
                return lambda known: known not in accepted
            return accepted.__contains__
        case Op.CONTAINS:
            return _contains(field, value, regions)
        case Op.MATCHES:
            if not isinstance(value, str):
                raise ConditionError(f"{field.name} matches needs a pattern")
            return compile_pattern(value).search
        case Op.BETWEEN:
            return _between(field, value)
        case _:
            limit, compare = _read(field, value), _COMPARE[op]
            return lambda known: compare(known, limit)


def accepted_values(
    field: Field, op: Op, value: object, regions: Regions
) -> frozenset[Comparable]:
    """Return the values that an equality names, a region's body parts included."""
    raw = value if op in (Op.IN, Op.NOT_IN) else [value]
    if not isinstance(raw, list):
        raise ConditionError(f"{field.name} {op} needs a list")
    named = {_read(field, one) for one in raw}
    if field.name == "body_part":
        named |= {
            part.casefold()
            for region, parts in regions.items()
            if region.casefold() in named
            for part in parts
        }
    return frozenset(named)


def _contains(field: Field, value: object, regions: Regions) -> _Test:
    wanted = str(_read(field, value))
    if field.name != "body_part":
        return lambda known: wanted in known
    parts = accepted_values(field, Op.EQUAL, value, regions)
    return lambda known: wanted in known or known in parts


def _between(field: Field, value: object) -> _Test:
    if not isinstance(value, list) or len(value) != 2:
        raise ConditionError(f"{field.name} between needs two values")
    # Both were read by one field's reader, so they are of one type.
    low, high = cast("tuple[Any, Any]", tuple(_read(field, one) for one in value))
    if low > high and wraps(field.kind):
        return lambda known: bool(known >= low or known <= high)
    return lambda known: bool(low <= known <= high)


def _read(field: Field, value: object) -> Comparable:
    read = read_value(field.kind, value)
    if read is None:
        raise ConditionError(f"{field.name} needs {expected(field.kind)}, not {value!r}")
    return read


def leaves(conditions: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield every leaf, at whatever depth, in the order written."""
    if "field" in conditions:
        yield conditions
        return
    for name in GROUPS:
        members = conditions.get(name)
        for member in members if isinstance(members, list) else ():
            yield from leaves(member)
