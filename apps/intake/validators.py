"""Checks of what a sender profile holds; each says which place is wrong and why."""

from __future__ import annotations

import ipaddress

from django.core.exceptions import ValidationError

from apps.hl7v2.charset import declared_codec
from apps.hl7v2.places import check_facts


def validate_places(value: object) -> None:
    """Refuse a mapping that cannot be read with, naming fact and place."""
    if not isinstance(value, dict) or not all(_is_texts(places) for places in value.values()):
        raise ValidationError('An object of lists, such as {"accession": ["OBR-18.1"]}.')
    problems = check_facts(value)
    if problems:
        raise ValidationError([f"{problem.fact}: {problem.reason}" for problem in problems])


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def validate_character_set(value: str) -> None:
    """Refuse what MSH-18 could not say. Source: HL7 table 0211."""
    if declared_codec(value.encode("ascii", "replace"), b"~") is None:
        raise ValidationError(
            f"“{value}” is not a character set of MSH-18, such as UNICODE UTF-8 or 8859/1."
        )


def validate_network(value: str) -> None:
    """Refuse what is neither an address nor a network."""
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        raise ValidationError(
            f"“{value}” is neither an address nor a network, such as 10.1.2.3 or 10.1.0.0/16."
        ) from None
