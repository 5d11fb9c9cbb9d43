"""What can be an accession number: OBR-18 is where some senders keep something else."""

from __future__ import annotations

from collections.abc import Mapping

from apps.hl7v2.vocabulary import resolve_modality

_DIGITS = "0123456789"
_SHORT = 4


def is_accession(value: str) -> bool:
    """Return whether a value of OBR-18 can be a number of one study.

    A modality, a scanner (``CT1``) or a department (``RAD``) taken for one would make one order of
    all studies there are of it, whoever the patients.
    """
    if resolve_modality(value):
        return False
    stem = value.rstrip(_DIGITS)
    if stem.isalpha() and len(value) - len(stem) <= 2 and resolve_modality(stem):
        return False
    return len(value) > _SHORT or any(char in _DIGITS for char in value)


def is_number(value: str, place: str, words: Mapping[str, str]) -> bool:
    """Return whether what stands at a place of the accession is a number.

    Args:
        value: what stands there.
        place: such as ``OBR-18.1``; other places than OBR-18 hold whatever the sender says.
        words: the sender's own words for modalities, in upper case.
    """
    if not place.startswith("OBR-18"):
        return not resolve_modality(value)
    return value.upper() not in words and is_accession(value)
