"""The values written in a condition, read into what the evaluation compares.

Every reader returns None for a value it cannot use, so that checking and compiling agree on
what is a value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from apps.engine.conditions.fields import Kind

Comparable = str | int | bool | Decimal | date | datetime

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
TIME_PATTERN = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
DATE_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_TIME = re.compile(TIME_PATTERN)
_DATE = re.compile(DATE_PATTERN)


def _word(value: object) -> str | None:
    return value.strip().casefold() if isinstance(value, str) and value.strip() else None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    number = Decimal(str(value))
    return number if number.is_finite() else None


def _boolean(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _minutes(value: object) -> int | None:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        return None
    return int(value[:2]) * 60 + int(value[3:])


def _weekday(value: object) -> int | None:
    if isinstance(value, str) and value.upper() in WEEKDAYS:
        return WEEKDAYS.index(value.upper()) + 1
    is_iso_day = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 7
    return value if isinstance(value, int) and is_iso_day else None


def _date(value: object) -> date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None


_READERS: Mapping[Kind, Callable[[object], Comparable | None]] = {
    Kind.WORD: _word,
    Kind.TEXT: _word,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TIME: _minutes,
    Kind.WEEKDAY: _weekday,
    Kind.DATE: _date,
    Kind.MOMENT: _moment,
}
_EXPECTED: Mapping[Kind, str] = {
    Kind.WORD: "a word",
    Kind.TEXT: "a text",
    Kind.NUMBER: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.TIME: 'a time of day such as "07:30"',
    Kind.WEEKDAY: "a weekday, 1 to 7 or MON to SUN",
    Kind.DATE: "a date such as 2026-12-24",
    Kind.MOMENT: "a date and time with its offset, such as 2026-02-04T12:00:00+10:00",
}


def read_value(kind: Kind, value: object) -> Comparable | None:
    """Return the value as the field's type compares it, None where it is no such value."""
    return _READERS[kind](value)


def expected(kind: Kind) -> str:
    """Say in words what a value of this type looks like."""
    return _EXPECTED[kind]


def wraps(kind: Kind) -> bool:
    """Say whether a range may run over the end: 22:00 to 06:00, FRI to MON."""
    return kind in (Kind.TIME, Kind.WEEKDAY)
