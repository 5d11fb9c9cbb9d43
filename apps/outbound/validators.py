"""Checks of what a person sets up for a destination."""

from __future__ import annotations

import ssl

from django.core.exceptions import ValidationError

from apps.hl7v2.errors import FieldError
from apps.hl7v2.separators import read_separators

_FEWEST, _MOST = 5, 6


def validate_separators(value: str) -> None:
    """Raise ValidationError unless the value can be MSH-1 and MSH-2 of what we write."""
    if not _FEWEST <= len(value) <= _MOST or not value.isascii():
        words = r"MSH-1 and MSH-2 in one, such as |^~\&: field, component, repetition, escape and "
        raise ValidationError(words + "sub-component; a sixth is the truncation character.")
    words = "Different printable characters; no letter, digit, blank or quote."
    if len(set(value)) < len(value):
        raise ValidationError(words)
    try:
        read_separators(f"MSH{value}{value[0]}".encode("ascii"))
    except FieldError as error:
        raise ValidationError(words) from error


def validate_authority(value: str) -> None:
    """Raise ValidationError unless the value holds PEM certificates and no private key."""
    if "PRIVATE KEY" in value:
        raise ValidationError("This is a private key: only certificates belong here.")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=value)
    except (ssl.SSLError, TypeError, ValueError) as error:
        words = "No certificate in PEM: it begins with -----BEGIN CERTIFICATE-----."
        raise ValidationError(words) from error
