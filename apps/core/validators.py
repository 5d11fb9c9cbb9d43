"""Checks of values that several rooms share."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime

from django.core.exceptions import ValidationError


def validate_zone(value: str) -> None:
    """Raise ValidationError unless ``value`` is a known IANA time zone."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not an IANA time zone, such as Australia/Brisbane.")


FIRST_YEAR, LAST_YEAR = 1980, 2100
"""Nothing is planned or asked about outside of these: the days around one can always be counted."""


def validate_year(value: date | datetime) -> None:
    """Raise ValidationError unless a day or moment is one of a department's, such as no 0026."""
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValidationError(
            f"The year {value.year:04} is not between {FIRST_YEAR} and {LAST_YEAR}."
        )
