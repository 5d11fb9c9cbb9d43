"""Checks of values that several rooms share."""

from __future__ import annotations

import zoneinfo

from django.core.exceptions import ValidationError


def validate_zone(value: str) -> None:
    """Raise ValidationError unless ``value`` is a known IANA time zone."""
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not an IANA time zone, such as Australia/Brisbane.")
