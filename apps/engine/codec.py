"""Facts to JSON and back, exactly: what is equal writes equal bytes.

Decimals, dates and times are text; sets are sorted; what stands at its default is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

# A JSON value of whatever shape.
JSON = Any
T = TypeVar("T")


def canonical(value: JSON) -> str:
    """Return JSON text that is the same for equal values: keys sorted, nothing between."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def to_json(value: object) -> JSON:
    """Return a fact, or a collection of facts, as JSON values."""
    if isinstance(value, Enum):
        return value.value
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    if is_dataclass(value):
        return _record(value)
    return value


def _record(value: Any) -> dict[str, JSON]:  # noqa: ANN401 -- any dataclass instance
    pairs = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: to_json(held) for field, held in pairs if held != _default(field)}


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


# A datetime is a date too, so it stands first.
_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[[Any], JSON]], ...] = (
    (Decimal, lambda number: f"{number:f}"),
    (datetime, lambda moment: moment.astimezone(UTC).isoformat()),
    ((date, time), lambda part: part.isoformat()),
    (frozenset, lambda items: sorted(to_json(item) for item in items)),
    ((tuple, list), lambda items: [to_json(item) for item in items]),
    (Mapping, lambda items: {key: to_json(item) for key, item in sorted(items.items())}),
)


def from_json(hint: type[T], data: JSON) -> T:
    """Return the fact of a type that ``to_json`` wrote."""
    return cast("T", _read(hint, data))


def _read(hint: Any, data: JSON) -> Any:  # noqa: ANN401 -- a type hint in, its value out
    origin = get_origin(hint)
    if origin is not None:
        return _read_generic(origin, get_args(hint), data)
    if hint in _READERS:
        return _READERS[hint](data)
    if is_dataclass(hint):
        kind: Any = hint
        hints = _hints(kind)
        return kind(**{name: _read(hints[name], held) for name, held in data.items()})
    return hint(data) if isinstance(hint, type) and issubclass(hint, Enum) else data


def _read_generic(origin: Any, args: tuple[Any, ...], data: JSON) -> Any:  # noqa: ANN401 -- as above
    if origin is UnionType:
        known = next(arg for arg in args if arg is not NoneType)
        return None if data is None else _read(known, data)
    if origin is Mapping:
        return {key: _read(args[1], held) for key, held in data.items()}
    return origin(_read(args[0], held) for held in data)


_READERS: Mapping[Any, Callable[[Any], Any]] = {
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
}


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 -- any dataclass
    return get_type_hints(kind)
