"""The published JSON Schema of the condition language (draft 2020-12)."""

from __future__ import annotations

from functools import cache
from typing import Any

from apps.engine.conditions.fields import FIELDS, OPS_BY_KIND, OWN_NAME, SPELLINGS, Kind, Op
from apps.engine.conditions.values import DATE_PATTERN, TIME_PATTERN, WEEKDAYS
from apps.patterns import MAX_LENGTH

# A JSON document, whose shape is the schema's own business.
JSON = dict[str, Any]

_TEXT: JSON = {"type": "string", "minLength": 1, "maxLength": 500, "pattern": "\\S"}
_VALUE: dict[Kind, JSON] = {
    Kind.WORD: _TEXT,
    Kind.TEXT: _TEXT,
    Kind.NUMBER: {"type": "number"},
    Kind.BOOLEAN: {"type": "boolean"},
    Kind.TIME: {"type": "string", "pattern": TIME_PATTERN},
    Kind.WEEKDAY: {
        "enum": [
            *range(1, 8),
            *WEEKDAYS,
            *(day.lower() for day in WEEKDAYS),
            *(day.title() for day in WEEKDAYS),
        ]
    },
    Kind.DATE: {"type": "string", "format": "date", "pattern": DATE_PATTERN},
    Kind.MOMENT: {"type": "string", "format": "date-time", "minLength": 1},
}
_OWN: JSON = {
    "type": "string",
    "pattern": rf"^own\.{OWN_NAME}$",
    "description": "A field that the sender's profile adds to its orders.",
}
_PATTERN: JSON = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}


@cache
def schema() -> JSON:
    """Return the schema; treat it as read-only, it is shared."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Conditions of an assignment rule",
        "description": "An empty object always holds. Groups in one object must all hold.",
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "if": {"required": ["field"]},
                "then": {"$ref": "#/$defs/leaf"},
                "else": {"$ref": "#/$defs/group"},
            },
            "group": _group(),
            "leaf": _leaf(),
            **{f"{kind}_value": value for kind, value in _VALUE.items()},
        },
    }


def _group() -> JSON:
    nodes: JSON = {"type": "array", "maxItems": 200, "items": {"$ref": "#/$defs/node"}}
    return {
        "properties": {"all": nodes, "any": {**nodes, "minItems": 1}, "none": nodes},
        "additionalProperties": False,
    }


def _leaf() -> JSON:
    return {
        "properties": {
            "field": {"anyOf": [{"enum": list(FIELDS)}, _OWN]},
            "op": {"enum": list(SPELLINGS)},
            "value": {},
        },
        "required": ["field", "op"],
        "additionalProperties": False,
        "allOf": [_for_kind(kind) for kind in Kind],
    }


def _for_kind(kind: Kind) -> JSON:
    """Return what the fields of one type accept: which operators, and what value for each."""
    named: JSON = {"enum": [field.name for field in FIELDS.values() if field.kind is kind]}
    names = {"anyOf": [named, _OWN]} if kind is Kind.TEXT else named
    return {
        "if": {"properties": {"field": names}},
        "then": {
            "properties": {"op": {"enum": _spelled(*OPS_BY_KIND[kind])}},
            "allOf": [_for_op(kind, op) for op in OPS_BY_KIND[kind]],
        },
    }


def _spelled(*ops: Op) -> list[str]:
    return [spelling for spelling, op in SPELLINGS.items() if op in ops]


def _for_op(kind: Kind, op: Op) -> JSON:
    return {
        "if": {"properties": {"op": {"enum": _spelled(op)}}},
        "then": {
            "properties": {"value": _value_for(kind, op)},
            "required": [] if op is Op.EXISTS else ["value"],
        },
    }


def _value_for(kind: Kind, op: Op) -> JSON:
    one: JSON = {"$ref": f"#/$defs/{kind}_value"}
    match op:
        case Op.EXISTS:
            return {"type": "boolean"}
        case Op.MATCHES:
            return _PATTERN
        case Op.BETWEEN:
            return {"type": "array", "items": one, "minItems": 2, "maxItems": 2}
        case Op.IN | Op.NOT_IN:
            return {"type": "array", "items": one, "minItems": 1, "maxItems": 1000}
        case _:
            return one
