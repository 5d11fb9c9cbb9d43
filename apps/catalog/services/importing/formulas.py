"""Keeps a spreadsheet from taking a text for a formula, and takes that back when it is read.

Source: OWASP, CSV injection.
"""

from __future__ import annotations

import re

_LOOKS_LIKE_ONE = re.compile(r"'*[=+\-@\t\r]")
_DEFUSED = re.compile(r"'+[=+\-@\t\r]")


def defused(text: str) -> str:
    """Return a text that is a text to every spreadsheet: ``=1+1`` becomes ``'=1+1``."""
    return f"'{text}" if _LOOKS_LIKE_ONE.match(text) else text


def restored(text: str) -> str:
    """Return what ``defused`` was given."""
    return text[1:] if _DEFUSED.match(text) else text
