"""HL7 times: TS and DTM of any precision. Source: HL7 v2.5.1 2.A.77.

ISO 8601 is read too, as far as no sender can mean anything else by it: ``2026-11-23T08:00:00Z``.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo

_TS = re.compile(
    r"(?P<year>\d{4})(?:(?P<month>\d\d)(?:(?P<day>\d\d)(?:(?P<hour>\d\d)(?:(?P<minute>\d\d)"
    r"(?:(?P<second>\d\d)(?:\.(?P<fraction>\d{1,12}))?)?)?)?)?)?"
    r"(?P<offset>[+-]\d{4})?",
    re.ASCII,
)
_ISO = re.compile(
    r"(\d{4})-(\d\d)(?:-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)([.,]\d{1,12})?)?\s?(Z|[+-]\d\d(?::?\d\d)?)?)?)?",
    re.ASCII,
)
_MAX_OFFSET_HOURS = 14


def parse_ts(value: str, zone: tzinfo) -> datetime | None:
    """Return the instant in UTC, or None when the value is empty or not a time.

    What is missing on the right is zero (``2026`` is the year's first moment); without an
    offset the time is a wall clock in ``zone``. Never raises.
    """
    match = _TS.fullmatch(plain(value))
    if match is None:
        return None
    try:
        offset = _offset(match["offset"]) if match["offset"] else zone
        local = datetime(
            int(match["year"]),
            int(match["month"] or 1),
            int(match["day"] or 1),
            int(match["hour"] or 0),
            int(match["minute"] or 0),
            # 60 is a leap second, which Python's clock does not have.
            59 if match["second"] == "60" else int(match["second"] or 0),
            int((match["fraction"] or "0")[:6].ljust(6, "0")),
            tzinfo=offset,
        )
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def plain(value: str) -> str:
    """Return a time as HL7 writes it, one that is written as ISO 8601 too; others unchanged."""
    text = value.strip()
    # Cheap, for every time of every message comes here.
    match = _ISO.fullmatch(text) if text[4:5] == "-" else None
    if match is None:
        return text
    *digits, fraction, offset = match.groups("")
    return "".join(digits) + fraction.replace(",", ".") + _plain_offset(offset)


def _plain_offset(text: str) -> str:
    return "+0000" if text == "Z" else text.replace(":", "").ljust(5 if text else 0, "0")


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[3:5])
    if hours > _MAX_OFFSET_HOURS or minutes > 59:
        message = "offset out of range"
        raise ValueError(message)
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def parse_date(value: str) -> date | None:
    """Return the calendar day of a time of at least day precision, else None; never raises."""
    text = plain(value)
    if _TS.fullmatch(text) is None or not text[:8].isdigit():
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None


def format_ts(at: datetime, zone: tzinfo, *, with_offset: bool = False) -> str:
    """Return the moment as ``YYYYMMDDHHMMSS`` on the zone's wall clock."""
    return at.astimezone(zone).strftime("%Y%m%d%H%M%S" + ("%z" if with_offset else ""))
