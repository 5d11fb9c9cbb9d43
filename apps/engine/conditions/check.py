"""Checks conditions before they are saved, and names every place and cause.

The schema says what the shape must be; what a schema cannot say (a pattern that may not be
used, a range turned round, nesting without end) is checked here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple, cast

from jsonschema import Draft202012Validator, ValidationError

from apps.engine.conditions.evaluate import DEEPEST, GROUPS, ConditionError, read_leaf
from apps.engine.conditions.fields import SPELLINGS, Field, Op
from apps.engine.conditions.schema import schema
from apps.engine.conditions.values import Comparable, expected, read_value, wraps
from apps.patterns import PatternError, compile_pattern

MAX_DEPTH = DEEPEST
MAX_CONDITIONS = 300


class ConditionProblem(NamedTuple):
    """One fault: where it is, as a path such as ``$.all[0].value``, and what it is."""

    path: str
    message: str


@cache
def _validator() -> Draft202012Validator:
    return Draft202012Validator(schema())


def check(conditions: object) -> list[ConditionProblem]:
    """Return what is wrong with the conditions, in the order of their places; empty is good."""
    size = list(_size_problems(conditions, "$", depth=1))
    if size:
        return size
    found = {
        ConditionProblem(error.json_path, _message(error))
        for error in _validator().iter_errors(conditions)
    }
    if not found:
        found = set(_meaning_problems(conditions, "$"))
    return sorted(found)


def _size_problems(node: object, path: str, depth: int) -> Iterator[ConditionProblem]:
    if depth > MAX_DEPTH:
        yield ConditionProblem(path, f"conditions are nested at most {MAX_DEPTH} deep")
        return
    if depth == 1 and _count(node, 1) > MAX_CONDITIONS:
        yield ConditionProblem(path, f"a rule has at most {MAX_CONDITIONS} conditions")
        return
    for name, index, member in _members(node):
        yield from _size_problems(member, f"{path}.{name}[{index}]", depth + 1)


def _count(node: object, depth: int) -> int:
    """Count the nodes, looking no deeper than is allowed."""
    if depth > MAX_DEPTH:
        return 1
    return 1 + sum(_count(member, depth + 1) for _, _, member in _members(node))


def _members(node: object) -> Iterator[tuple[str, int, object]]:
    if not isinstance(node, Mapping):
        return
    for name in GROUPS:
        members = node.get(name)
        if isinstance(members, list):
            for index, member in enumerate(members):
                yield name, index, member


def _message(error: ValidationError) -> str:
    """Say what is wrong in the words of the rule's author, not of the schema."""
    match error.validator:
        case "required":
            leaf = cast("dict[str, object]", error.instance)
            missing = next(name for name in ("op", "value") if name not in leaf)
            return f"{missing!r} is missing"
        case "anyOf" if error.json_path.endswith(".field"):
            return f"unknown field {error.instance!r}"
        case "enum" if error.json_path.endswith(".op"):
            return _op_message(error)
        case "additionalProperties":
            return "only all, any and none are groups; a condition has field, op and value"
        case _:
            return error.message


def _op_message(error: ValidationError) -> str:
    if str(error.instance) not in SPELLINGS:
        return f"unknown operator {error.instance!r}"
    allowed = ", ".join(cast("list[str]", error.validator_value))
    return f"this field takes only {allowed}"


def _meaning_problems(node: object, path: str) -> Iterator[ConditionProblem]:
    if isinstance(node, Mapping) and "field" in node:
        try:
            field, op, value = read_leaf(node)
        except ConditionError as error:  # a name that only looks like a sender's own
            yield ConditionProblem(f"{path}.field", str(error))
            return
        message = _value_message(field, op, value)
        if message:
            yield ConditionProblem(f"{path}.value", message)
        return
    for name, index, member in _members(node):
        yield from _meaning_problems(member, f"{path}.{name}[{index}]")


def _value_message(field: Field, op: Op, value: object) -> str:
    """Return what a well-formed value still has wrong with it, empty when nothing."""
    if op is Op.EXISTS:
        return ""
    if op is Op.MATCHES:
        return _pattern_message(str(value))
    read = [read_value(field.kind, one) for one in _listed(value)]
    if None in read:
        return f"{field.words} needs {expected(field.kind)}"
    if op is Op.BETWEEN and not wraps(field.kind) and _is_reversed(read):
        return "the first value of a range is above the second"
    return ""


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_reversed(values: list[Comparable | None]) -> bool:
    low, high = values
    # One field's reader gave both, so they are of one type.
    return bool(low > high)  # type: ignore[operator]


def _pattern_message(pattern: str) -> str:
    try:
        compile_pattern(pattern)
    except PatternError as error:
        return str(error)
    return ""
