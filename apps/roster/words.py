"""Shifts and people in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.engine.rota import WorkType

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_IN_A_ROW = 3
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def hours_words(start_local: time, end_local: time) -> str:
    """Return a shift's hours: ``08:00 to 16:00``, ``22:00 to 06:00 next day``, ``24 h``."""
    if start_local == end_local:
        return f"24 h from {start_local:%H:%M}"
    next_day = "" if end_local > start_local else " next day"
    return f"{start_local:%H:%M} to {end_local:%H:%M}{next_day}"


def days_words(weekdays: Iterable[int]) -> str:
    """Return ISO weekdays as ``every day``, ``Mon to Fri`` or ``Mon, Wed``."""
    days = sorted(set(weekdays))
    if len(days) == len(WEEKDAYS):
        return "every day"
    names = [WEEKDAYS[day - 1] for day in days]
    if len(days) >= _IN_A_ROW and days[-1] - days[0] == len(days) - 1:
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names) or "no day"


def work_words(work: WorkType) -> str:
    """Return a kind of work: ``MR MSK``, ``any modality neuroradiology``, ``CT (STAT only)``.

    Body part and subspecialty are alternatives, as the engine takes them.
    """
    part = " or ".join(word for word in (work.body_part, work.subspecialty) if word)
    modality = work.modality or ("any modality" if part else "everything")
    said = " ".join(word for word in (modality, part) if word)
    return f"{said} ({work.urgency} only)" if work.urgency else said


def length_words(span: timedelta) -> str:
    """Return a length as hours and minutes, such as ``8 h`` or ``7 h 30 min``."""
    hours, rest = divmod(span, _HOUR)
    minutes = rest // _MINUTE
    return " ".join(part for part in (f"{hours} h" if hours else "", _minutes(minutes)) if part)


def _minutes(minutes: int) -> str:
    return f"{minutes} min" if minutes else ""


def day_words(day: date) -> str:
    """Return a date as ``5 Feb 2026``."""
    return f"{day.day} {day:%b %Y}"


def run_words(start_at: datetime, end_at: datetime, zone: str) -> str:
    """Return a stretch of time on a zone's clock: ``Thu 5 Feb 22:00 to Fri 06:00``."""
    start = start_at.astimezone(ZoneInfo(zone))
    return f"{start:%a} {start.day} {start:%b} {times_words(start_at, end_at, zone)}"


def times_words(start_at: datetime, end_at: datetime, zone: str) -> str:
    """Return a stretch of time on a zone's clock without its day: ``22:00 to Fri 06:00``."""
    tz = ZoneInfo(zone)
    start, end = start_at.astimezone(tz), end_at.astimezone(tz)
    is_same_day = start.date() == end.date()
    return f"{start:%H:%M} to {end:%H:%M}" if is_same_day else f"{start:%H:%M} to {end:%a %H:%M}"


def listed(words: Sequence[str], *, most: int = 3) -> str:
    """Return the words in a row, the last ones counted: ``A, B, C and 4 more``."""
    shown = ", ".join(words[:most])
    return f"{shown} and {len(words) - most} more" if len(words) > most else shown


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 study``, ``3 studies``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
