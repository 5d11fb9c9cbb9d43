r"""Local codes as one cell holds them: ``CTB; Robina | L | CT1``.

A separator that belongs to a code is written as HL7 writes it, ``\F\`` for a bar and ``\X3B\``
for a semicolon, so that every code there is can be exported and read again. Source: HL7 v2.5.1
2.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.catalog.exceptions import CellError
from apps.catalog.services.aliases import LocalCode

_ESCAPES = {"|": "\\F\\", ";": "\\X3B\\", "\\": "\\E\\"}
_ESCAPED = re.compile(r"\\(?:F|X3B|E)\\")
_MEANT = {escape: char for char, escape in _ESCAPES.items()}
_TO_ESCAPE = str.maketrans(_ESCAPES)
_LONGEST = (("issuer", 120), ("coding system", 64), ("code", 120))


def codes_in(text: str) -> tuple[LocalCode, ...]:
    """Return the local codes of a cell, each once; case of the code does not count.

    Raises:
        CellError: one is written wrongly.
    """
    found: dict[LocalCode, LocalCode] = {}
    for piece in text.split(";"):
        if piece.strip(" |"):
            code = _code(piece)
            found.setdefault(key_of(code), code)
    return tuple(found.values())


def cell_of(codes: Iterable[LocalCode]) -> str:
    """Return the cell that holds the codes."""
    return "; ".join(code_words(code) for code in codes)


def code_words(code: LocalCode) -> str:
    """Return a local code as one writes it: the code alone where it is every sender's."""
    issuer, system, local = (part.translate(_TO_ESCAPE) for part in code)
    return f"{issuer} | {system} | {local}" if issuer or system else local


def key_of(code: LocalCode) -> LocalCode:
    """Return what makes a local code one: the case of the code itself does not count."""
    issuer, system, local = code
    return issuer, system, local.upper()


def _code(piece: str) -> LocalCode:
    parts = [_plain(part.strip()) for part in piece.split("|")]
    if len(parts) not in (1, len(_LONGEST)):
        raise CellError(f"“{piece.strip()}”: write the code alone, or issuer | system | code.")
    filled = ["", "", *parts][-len(_LONGEST) :]
    if not filled[-1]:
        raise CellError(f"“{piece.strip()}”: the code is missing.")
    for (name, longest), part in zip(_LONGEST, filled, strict=True):
        if len(part) > longest:
            raise CellError(f"the {name} of a local code is longer than {longest} characters.")
    return filled[0], filled[1], filled[2]


def _plain(part: str) -> str:
    return _ESCAPED.sub(lambda found: _MEANT[found.group()], part)
