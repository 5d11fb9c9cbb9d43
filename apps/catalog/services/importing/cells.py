"""What each column of a procedure file may hold, and what is made of it.

The words are those of the edit page: MRI becomes MR, Knees KNEE. A reader is asked once for
each text that occurs, since a file of thousands of rows has few of them in most columns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.forms import CharField

from apps.catalog.choices import UrgencyChoices
from apps.catalog.exceptions import CellError
from apps.catalog.services.importing.localcodes import codes_in
from apps.catalog.words import BodyPartField, ModalityField, SubspecialtyField

LARGEST_RVU = Decimal(1_000)
"""A study of a thousand plain radiographs is a slip of the decimal point."""
LONGEST_CODE = 64
_LONGEST_TURNAROUND = 60 * 24 * 30
_RVU = re.compile(r"\d{1,9}(?:[.,]\d{1,15})?")
_MINUTES = re.compile(r"(\d{1,9})(?:[.,]0+)?(?: ?min(?:utes)?)?", re.IGNORECASE)
_CENT = Decimal("0.01")
_FAILED = re.compile(r"#(?:N/A|REF!|NAME\?|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!)")
_NEVER_EVALUATED = "#FORMULA!"
_YES_NO = {
    **dict.fromkeys(("yes", "y", "true", "1", "x", "ja", "oui", "si", "sí"), True),
    **dict.fromkeys(("no", "n", "false", "0", "-", "nein", "non"), False),
}
_URGENCIES = {choice.value: choice.value for choice in UrgencyChoices}


def checked(text: str) -> str:
    """Return the text of a cell, if people can see it and it is not a broken formula.

    Raises:
        CellError: it is not.
    """
    if text == _NEVER_EVALUATED:
        raise CellError("is a formula without a value; save the file once in a spreadsheet.")
    if _FAILED.fullmatch(text):
        raise CellError(f"is a formula that failed ({text}).")
    if not text.isprintable():
        hidden = next(char for char in text if not char.isprintable())
        raise CellError(f"holds a character that cannot be seen (U+{ord(hidden):04X}).")
    return text


def read_rvu(text: str) -> Decimal:
    """Return a weight, to two places; a decimal comma is understood.

    Raises:
        CellError: it is none, or out of all proportion.
    """
    if not _RVU.fullmatch(text):
        raise CellError(f"“{_short(text)}” is no number from 0 to {LARGEST_RVU:,}.")
    number = Decimal(text.replace(",", "."))
    if number > LARGEST_RVU:
        raise CellError(f"“{_short(text)}” is more than {LARGEST_RVU:,}.")
    return number.quantize(_CENT, ROUND_HALF_UP)


def _turnaround(text: str) -> int:
    found = _MINUTES.fullmatch(text)
    if found is None:
        raise CellError(f"“{_short(text)}” is no whole number of minutes.")
    minutes = int(found.group(1))
    if minutes > _LONGEST_TURNAROUND:
        raise CellError(f"{minutes:,} minutes are more than 30 days.")
    return minutes


def _urgency(text: str) -> str:
    found = _URGENCIES.get(text.upper())
    if found is None:
        raise CellError(f"“{_short(text)}” is none of {', '.join(_URGENCIES)}.")
    return found


def _flag(text: str) -> bool:
    found = _YES_NO.get(text.lower())
    if found is None:
        raise CellError(f"“{_short(text)}” is neither yes nor no.")
    return found


def _credentials(text: str) -> tuple[str, ...]:
    words = [" ".join(word.split()) for word in re.split("[,;]", text)]
    found = tuple(dict.fromkeys(filter(None, words)))
    if any(len(word) > 64 for word in found):
        raise CellError("a credential is longer than 64 characters.")
    return found


def _limited(longest: int, field: CharField | None = None) -> Callable[[str], str]:
    """Return the reader of a text, in the vocabulary's spelling where a field knows one."""

    def read(text: str) -> str:
        try:
            found: str = field.clean(text) if field is not None else text
        except ValidationError as error:
            raise CellError(" ".join(error.messages)) from error
        if len(found) > longest:
            raise CellError(f"is longer than {longest} characters.")
        return found

    return read


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:24]}…"


def _kept(read: Callable[[str], Any]) -> Callable[[str], Any]:
    return lru_cache(maxsize=4096)(read)


READERS: Mapping[str, Callable[[str], Any]] = {
    "code": _limited(LONGEST_CODE),
    "description": _limited(200),
    "modality": _kept(_limited(16, ModalityField())),
    "body_part": _kept(_limited(32, BodyPartField())),
    "subspecialty": _kept(_limited(64, SubspecialtyField())),
    "rvu": _kept(read_rvu),
    "turnaround_minutes": _kept(_turnaround),
    "default_urgency": _kept(_urgency),
    "required_credentials": _kept(_credentials),
    "required_subspecialty": _kept(_limited(64, SubspecialtyField())),
    "is_sensitive": _kept(_flag),
    "aliases": codes_in,
}
"""By the column's field, what reads a cell that is not empty."""
