"""Dates and hours as people and spreadsheets write them.

``03/04/2026`` is the third of April to some and the fourth of March to others. Which, is found
out from the other dates of the file, or asked; it is never guessed. A spreadsheet keeps dates as
days since 1899-12-30 and hours as parts of a day.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from apps.core.validators import FIRST_YEAR, LAST_YEAR

_EPOCH = date(1899, 12, 30)
_LATER_EPOCH_DAYS = 1462
"""A workbook may count its days from 1904-01-01 instead."""
_FIRST_SERIAL, _LAST_SERIAL = 29_221, 73_415
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
# As German and French write them, without what stands above their letters.
_MONTHS |= {"mrz": 3, "mai": 5, "okt": 10, "dez": 12}
_MONTHS |= {"fev": 2, "avr": 4, "juin": 6, "juil": 7, "aou": 8}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_COMPACT = re.compile(r"(20\d\d)(\d\d)(\d\d)")
_SLASHED = re.compile(r"(\d{1,2})[-/. ](\d{1,2})(?:[-/. ](\d{4}|\d\d))?\.?")
_DAY_FIRST = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th|er)?[-/. ]*([a-z]{3,9})\.?(?:[-/., ]+(\d{4}|\d\d))?"
)
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.?[-/. ]*(\d{1,2})(?:st|nd|rd|th)?(?:[-/., ]+(\d{4}))?")
_WEEKDAY = re.compile(
    r"^(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
    r"|mo|di|mi|do|fr|sa|so|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag"
    # A bare mar is March.
    r"|lundi|lun|mardi|mercredi|mer|jeudi|jeu|vendredi|ven|samedi|sam|dimanche|dim)[.,]{0,2}\s+"
)
_JAPANESE = re.compile(r"(?:(\d{4})\s*年)?\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日(?:\s*\(.\))?")
_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d\d)(?::\d\d)?)?\s*([ap])?\.?(?:m\.?)?")
_DIGITS = re.compile(r"(\d\d)(\d\d)")
_FRACTION = re.compile(r"0?\.\d+|0|1")
_SPAN = re.compile(r"\s*(?:-|\u2013|\u2014|\bto\b|\buntil\b)\s*")
_MINUTES = 24 * 60
_NOON, _SHORT_YEAR = 12, 100


class DateOrder(StrEnum):
    """What comes first in dates that are all numbers."""

    DAY = "day"
    MONTH = "month"


def read_date(
    text: str, order: DateOrder | None, near: date, *, is_1904: bool = False
) -> date | None:
    """Return the date that a text is, None if it is none.

    Args:
        text: of a cell.
        order: for dates all in numbers; with None those are not read.
        near: today; a date without a year is the one that lies nearest.
        is_1904: whether a spreadsheet's days are counted from 1904.
    """
    plain = _plain(text)
    serial = _SERIAL.fullmatch(plain) if is_1904 else None
    if serial is not None:
        plain = f"{int(serial[1]) + _LATER_EPOCH_DAYS}{serial[2] or ''}"
    return _read_date(plain, order, near)


def orders(texts: Iterable[str]) -> set[DateOrder]:
    """Return the orders in which all of the texts that need one are dates.

    Both: it must be asked, unless no text needs one (``needs_order``). None: they are not dates.
    """
    fitting = set(DateOrder)
    for text in texts:
        found = _SLASHED.fullmatch(_plain(text))
        if found is None:
            continue
        first, second = int(found[1]), int(found[2])
        if first > _NOON:
            fitting.discard(DateOrder.MONTH)
        if second > _NOON:
            fitting.discard(DateOrder.DAY)
    return fitting


def needs_order(texts: Iterable[str]) -> bool:
    """Return whether a text is a date that two orders read differently."""
    found = (_SLASHED.fullmatch(_plain(text)) for text in texts)
    return any(match and match[1] != match[2] for match in found)


def date_part(text: str) -> str:
    """Return the part of a text that may be a date in numbers, without a weekday or a clock."""
    return _plain(text).partition(" ")[0]


def is_dateish(text: str) -> bool:
    """Return whether a text is a date in any order."""
    near = date(2026, 1, 1)
    return any(_read_date(_plain(text), order, near) is not None for order in DateOrder)


@lru_cache(maxsize=8192)
def _read_date(text: str, order: DateOrder | None, near: date) -> date | None:
    # A spreadsheet's date may carry a clock at midnight.
    text = re.sub(r"[ t]00:00(:00)?$", "", text)
    serial = _SERIAL.fullmatch(text)
    if serial is not None:
        days = int(serial[1])
        return _EPOCH + timedelta(days=days) if _FIRST_SERIAL <= days <= _LAST_SERIAL else None
    for pattern in (_ISO, _COMPACT):
        if found := pattern.fullmatch(text):
            return _date(int(found[1]), int(found[2]), int(found[3]))
    if found := _SLASHED.fullmatch(text):
        return _slashed(found, order, near)
    if found := _JAPANESE.fullmatch(text):
        return _with_year(found[1], int(found[2]), int(found[3]), near)
    return _named(text, near)


def _slashed(found: re.Match[str], order: DateOrder | None, near: date) -> date | None:
    first, second = int(found[1]), int(found[2])
    if order is None and first != second:
        return None
    day, month = (second, first) if order is DateOrder.MONTH else (first, second)
    return _with_year(found[3], month, day, near)


def _named(text: str, near: date) -> date | None:
    if found := _DAY_FIRST.fullmatch(text):
        day, word, year = found[1], found[2], found[3]
    elif found := _MONTH_FIRST.fullmatch(text):
        word, day, year = found[1], found[2], found[3]
    else:
        return None
    month = _MONTHS.get(word[:4]) or _MONTHS.get(word[:3])
    return _with_year(year, month, int(day), near) if month else None


def _with_year(year: str | None, month: int, day: int, near: date) -> date | None:
    if year:
        number = int(year)
        return _date(number + 2000 if number < _SHORT_YEAR else number, month, day)
    around = (_date(near.year + ahead, month, day) for ahead in (-1, 0, 1))
    found = [on for on in around if on is not None]
    return min(found, key=lambda on: abs(on - near), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_time(text: str) -> time | None:
    """Return the time of day that a text is: ``8``, ``08:00``, ``0800``, ``8 am``, ``0.333``."""
    text = text.strip().lower()
    if _FRACTION.fullmatch(text) and "." in text:
        return _time(round(float(text) * _MINUTES))
    if found := _DIGITS.fullmatch(text):
        return _clock(int(found[1]), int(found[2]), "")
    if found := _CLOCK.fullmatch(text):
        return _clock(int(found[1]), int(found[2] or 0), found[3] or "")
    return None


def read_hours(text: str) -> tuple[time, time] | None:
    """Return the start and the end of ``08:00-16:00``, ``8-16``, ``8 am to 4 pm``, else None."""
    ends = _SPAN.split(text.strip().lower())
    if len(ends) != 2:
        return None
    start, end = read_time(ends[0]), read_time(ends[1])
    return None if start is None or end is None else (start, end)


def read_moment(
    text: str, order: DateOrder | None, near: date, *, is_1904: bool = False
) -> tuple[date | None, time | None]:
    """Return the date and the time of a cell that holds one of them or both."""
    text = text.strip()
    serial = _SERIAL.fullmatch(text)
    if serial is not None and serial[2]:
        on = read_date(serial[1], order, near, is_1904=is_1904)
        return on, _time(round(float(serial[2]) * _MINUTES))
    on = read_date(text, order, near, is_1904=is_1904)
    if on is not None:
        return on, None
    clock = read_time(text)
    if clock is not None:
        return None, clock
    head, _, tail = text.replace("T", " ").partition(" ")
    while tail:
        on, clock = read_date(head, order, near), read_time(tail)
        if on is not None and clock is not None:
            return on, clock
        more, _, tail = tail.partition(" ")
        head = f"{head} {more}"
    return None, None


def moments(on: date, start: time, end: time) -> tuple[datetime, datetime]:
    """Return the wall clock's start and end; an end at or before the start is the next day's."""
    first, last = datetime.combine(on, start), datetime.combine(on, end)
    return first, last if last > first else last + timedelta(days=1)


def _clock(hours: int, minutes: int, half: str) -> time | None:
    if half and not 1 <= hours <= _NOON:
        return None
    if half:
        hours = hours % _NOON + (_NOON if half == "p" else 0)
    return _time(hours * 60 + minutes) if minutes < 60 and hours <= 24 else None


def _time(minutes: int) -> time | None:
    return time(minutes // 60 % 24, minutes % 60) if 0 <= minutes <= _MINUTES else None


def _plain(text: str) -> str:
    """Return a text in small letters, without a weekday before it and the marks of letters."""
    # Of Japanese the marks are its own: only those of Latin letters go.
    parts = unicodedata.normalize("NFKD", text.strip().lower())
    return _WEEKDAY.sub("", "".join(sign for sign in parts if not "\u0300" <= sign <= "\u036f"))
