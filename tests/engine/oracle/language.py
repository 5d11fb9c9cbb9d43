"""The conditions of a rule, asked by reading the JSON anew for every order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from apps.engine.codes import Urgency
from apps.engine.facts import Config, OrderFacts, SiteFacts
from apps.engine.vocabulary import REGIONS
from tests.engine.oracle.anatomy import specialty

# What a field holds, or a JSON value of a condition, whatever its type.
Value = Any
DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EQUALITY = {"=", "!=", "≠", "in", "not-in"}
ORDER = {"<", "<=", "≤", ">", ">=", "≥", "between"}
LIKE = {"contains", "matches"}
TAKES = {
    "word": EQUALITY | LIKE,
    "text": EQUALITY | LIKE,
    "number": EQUALITY | ORDER,
    "boolean": {"=", "!=", "≠"},
    "time": EQUALITY | ORDER,
    "weekday": EQUALITY | {"between"},
    "moment": ORDER,
    "date": EQUALITY | ORDER,
}
KINDS = {
    "time_of_day": "time",
    "weekday": "weekday",
    "holiday": "boolean",
    **dict.fromkeys(("patient_age", "age_minutes", "rvu", "units"), "number"),
    **dict.fromkeys(("exam_at", "received_at", "report_due_at"), "moment"),
    **dict.fromkeys(("ordered_at", "scheduled_at"), "moment"),
    "date": "date",
}
WORDS = {
    *("modality", "body_part", "subspecialty", "urgency", "site", "cluster", "issuer", "sender"),
    *("procedure", "procedure_text", "ordering_provider", "patient_class", "patient_location"),
    "required_subspecialty",
    *("patient_sex", "accession", "indication", "visit", "required_credentials"),
}


class Asked(NamedTuple):
    """An order at a moment, with the urgency that the rules have given it so far."""

    config: Config
    order: OrderFacts
    at: datetime
    urgency: Urgency

    @property
    def site(self) -> SiteFacts:
        return next(site for site in self.config.sites if site.code == self.order.site)

    @property
    def local(self) -> datetime:
        return self.at.astimezone(ZoneInfo(self.site.zone))


def kind_of(name: object) -> str:
    """Return a field's type, empty for no field."""
    if not isinstance(name, str):
        return ""
    own = re.fullmatch(r"own\.[a-z][a-z0-9_]{0,31}", name)
    return KINDS.get(name, "word" if name in WORDS or own else "")


def known(name: str, asked: Asked) -> Value:
    """Return the field's value, None where it is unknown."""
    order, local = asked.order, asked.local
    if name.startswith("own."):
        return order.own.get(name.removeprefix("own.")) or None
    values: dict[str, Callable[[], Any]] = {
        "subspecialty": lambda: specialty(order),
        "urgency": lambda: asked.urgency.value,
        "cluster": lambda: asked.site.cluster,
        "patient_age": lambda: years(order.patient_birth_on, local.date()),
        "age_minutes": lambda: int((asked.at - order.received_at).total_seconds() // 60),
        "time_of_day": lambda: local.hour * 60 + local.minute,
        "weekday": local.isoweekday,
        "date": local.date,
        "holiday": lambda: is_holiday(asked),
        "required_credentials": lambda: ", ".join(sorted(order.required_credentials)),
    }
    value = values[name]() if name in values else getattr(order, name)
    return None if value == "" else value


def years(born: date | None, on: date) -> int | None:
    if born is None:
        return None
    years_since = range(born.year + 1, on.year + 1)
    return sum((year, born.month, born.day) <= (on.year, on.month, on.day) for year in years_since)


def is_holiday(asked: Asked) -> bool:
    site = asked.site
    return any(
        asked.local.date() in asked.config.holidays.get(key, ())
        for key in (site.code, site.cluster)
    )


def is_readable(node: object, depth: int = 1) -> bool:
    """Say whether the whole can be asked; a rule that cannot be is no rule."""
    if not isinstance(node, Mapping) or depth > 100:
        return False
    if "field" in node:
        return _is_leaf(node)
    return all(
        name in ("all", "any", "none")
        and isinstance(members, list)
        and all(is_readable(member, depth + 1) for member in members)
        for name, members in node.items()
    )


def _is_leaf(leaf: Mapping[str, Any]) -> bool:
    kind, op, value = kind_of(leaf.get("field")), leaf.get("op"), leaf.get("value")
    if not kind or not isinstance(op, str):
        return False
    if op == "exists":
        return True
    if op not in TAKES[kind]:
        return False
    if op in ("in", "not-in", "between"):
        if not isinstance(value, list) or (op == "between" and len(value) != 2):
            return False
        return all(read(kind, one) is not None for one in value)
    return is_pattern(value) if op == "matches" else read(kind, value) is not None


def is_pattern(value: object) -> bool:
    try:
        return isinstance(value, str) and re.compile(value) is not None
    except re.error:
        return False


def read(kind: str, value: Value) -> Value:
    """Return what a value written in a condition means, None for nothing."""
    if kind in ("word", "text"):
        return value.strip().casefold() or None if isinstance(value, str) else None
    if kind == "boolean":
        return value if isinstance(value, bool) else None
    if kind == "weekday" and not isinstance(value, str):
        return value if type(value) is int and 1 <= value <= 7 else None
    if kind == "number":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return Decimal(str(value)) if is_number else None
    return _read_clock(kind, value) if isinstance(value, str) else None


def _read_clock(kind: str, value: str) -> Value:
    try:
        if kind == "weekday":
            return DAYS.index(value.upper()) + 1
        if kind == "time":
            moment = datetime.strptime(value, "%H:%M")  # noqa: DTZ007 -- a time of day
            return moment.hour * 60 + moment.minute if len(value) == 5 else None
        if kind == "date":
            return date.fromisoformat(value) if len(value) == 10 else None
        said = datetime.fromisoformat(value)
    except ValueError:
        return None
    return said if said.tzinfo else None


def holds(node: Mapping[str, Any], asked: Asked) -> bool:
    """Say whether readable conditions hold."""
    if "field" in node:
        return _leaf_holds(node, asked)
    return (
        all(holds(member, asked) for member in node.get("all", []))
        and ("any" not in node or any(holds(member, asked) for member in node["any"]))
        and not any(holds(member, asked) for member in node.get("none", []))
    )


def _leaf_holds(leaf: Mapping[str, Any], asked: Asked) -> bool:
    name, op, wanted = leaf["field"], leaf["op"], leaf.get("value")
    value = known(name, asked)
    if op == "exists":
        return (value is not None) is (wanted is not False)
    is_not = op in ("!=", "≠", "not-in")
    if value is None:
        return is_not
    if is_not:
        return not _is(name, value, "in" if op == "not-in" else "=", wanted)
    return _is(name, value, op, wanted)


def _is(name: str, value: Value, op: str, wanted: Value) -> bool:
    kind = kind_of(name)
    if op == "matches":
        return re.search(wanted, value, re.IGNORECASE) is not None
    value = value.casefold() if isinstance(value, str) else value
    if op == "in":
        return any(_is(name, value, "=", one) for one in wanted)
    if op == "between":
        low, high = read(kind, wanted[0]), read(kind, wanted[1])
        if low > high and kind in ("time", "weekday"):
            return bool(value >= low or value <= high)
        return bool(low <= value <= high)
    meant = read(kind, wanted)
    in_region = name == "body_part" and in_region_of(meant, value)
    asked: dict[str, Callable[[], Any]] = {
        "=": lambda: value == meant or in_region,
        "contains": lambda: meant in value or in_region,
        "<": lambda: value < meant,
        "<=": lambda: value <= meant,
        "≤": lambda: value <= meant,
        ">": lambda: value > meant,
        ">=": lambda: value >= meant,
        "≥": lambda: value >= meant,
    }
    return bool(asked[op]())


def in_region_of(region: str, part: str) -> bool:
    """Say whether the part lies in the region, both casefolded."""
    held = [parts for name, parts in REGIONS.items() if name.casefold() == region]
    return any(part == one.casefold() for parts in held for one in parts)
