"""Says conditions in plain English, for the rules list and the why page."""

from __future__ import annotations

from collections.abc import Mapping

from apps.engine.conditions.evaluate import GROUPS, ConditionError, read_leaf
from apps.engine.conditions.fields import Field, Kind, Op

_PHRASES: Mapping[Op, str] = {
    Op.EQUAL: "is",
    Op.NOT_EQUAL: "is not",
    Op.IN: "is one of",
    Op.NOT_IN: "is none of",
    Op.CONTAINS: "contains",
    Op.MATCHES: "matches the pattern",
    Op.LESS: "is below",
    Op.AT_MOST: "is at most",
    Op.MORE: "is above",
    Op.AT_LEAST: "is at least",
    Op.BETWEEN: "is between",
}
_CLOCK_PHRASES: Mapping[Op, str] = {
    Op.LESS: "is before",
    Op.AT_MOST: "is at or before",
    Op.MORE: "is after",
    Op.AT_LEAST: "is at or after",
}
_OF_ONE: Mapping[Op, Op] = {Op.IN: Op.EQUAL, Op.NOT_IN: Op.NOT_EQUAL}
"""What a list of one value says."""
_ON_A_CLOCK = frozenset({Kind.TIME, Kind.DATE, Kind.MOMENT})
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_JOINS = {"all": " and ", "any": " or ", "none": " or "}
_ALWAYS = "always"


def in_words(conditions: Mapping[str, object]) -> str:
    """Return the conditions as one sentence without its full stop; ``{}`` is "always"."""
    if "field" in conditions:
        return _leaf(conditions)
    parts = [_group(name, conditions[name]) for name in GROUPS if conditions.get(name)]
    return " and ".join(parts) or _ALWAYS


def _group(name: str, members: object) -> str:
    listed = members if isinstance(members, list) else []
    said = [_member(member, inside=name) for member in listed]
    joined = _JOINS[name].join(said)
    if name == "none":
        return f"not ({joined})"
    return f"({joined})" if name == "any" and len(said) > 1 else joined


def _member(member: Mapping[str, object], *, inside: str) -> str:
    """Say one member, in brackets where its own "and" would be read into an "or"."""
    said = in_words(member)
    groups = [members for name in GROUPS if (members := member.get(name))]
    several = member.get("all")
    is_joined = len(groups) > 1 or (isinstance(several, list) and len(several) > 1)
    return f"({said})" if is_joined and inside != "all" else said


def _leaf(leaf: Mapping[str, object]) -> str:
    try:
        field, op, value = read_leaf(leaf)
    except ConditionError as error:
        return f"[{error}]"
    if op is Op.EXISTS:
        return f"{field.words} is {'unknown' if value is False else 'known'}"
    if field.kind is Kind.BOOLEAN and op in (Op.EQUAL, Op.NOT_EQUAL):
        is_true = (value is True) is (op is Op.EQUAL)
        return f"it is {'a' if is_true else 'no'} {field.words}"
    if isinstance(value, list) and len(value) == 1:
        op = _OF_ONE.get(op, op)
    return f"{field.words} {phrase(field.kind, op)} {_value(field, op, value)}"


def phrase(kind: Kind, op: Op) -> str:
    """Return an operator in words, as it stands between a field of this type and its value."""
    said = _PHRASES[op]
    return _CLOCK_PHRASES.get(op, said) if kind in _ON_A_CLOCK else said


def _value(field: Field, op: Op, value: object) -> str:
    if not isinstance(value, list):
        return _one(field, op, value)
    joined = " and " if op is Op.BETWEEN else ", "
    return joined.join(_one(field, op, one) for one in value)


def _one(field: Field, op: Op, value: object) -> str:
    if field.kind is Kind.WEEKDAY:
        return _weekday(value)
    if op in (Op.CONTAINS, Op.MATCHES) or field.kind is Kind.TEXT:
        return f'"{value}"'
    return str(value)


def _weekday(value: object) -> str:
    if isinstance(value, int) and 1 <= value <= 7:
        return _WEEKDAYS[value - 1]
    said = [day for day in _WEEKDAYS if day[:3].upper() == str(value).upper()]
    return said[0] if said else str(value)
