"""What follows from mapping codes, in words."""

from __future__ import annotations

from collections.abc import Sequence

from apps.intake.models import UnknownCode
from apps.intake.queries.code_plan import Line


def effects_of(row: UnknownCode, waiting: int) -> list[str]:
    """Return what follows when a code means a procedure."""
    whose = f"of {row.issuer}" if row.issuer else "of every sender"
    words = [f"“{row.code}” {whose} means it from the next message on."]
    if waiting:
        words.append(f"{waiting_words(waiting)} for it, and will be read anew by itself.")
    return [*words, "Studies that have a reader keep what they were assigned with."]


def accepted_words(lines: Sequence[Line]) -> str:
    """Return what was done, with how many studies are read anew."""
    first = lines[0]
    target = first.target or first.new
    said = f"“{first.row.code}” means {target}."
    if len(lines) > 1:
        said = f"{len(lines)} codes mapped."
    waiting = sum(line.waiting for line in lines)
    if not waiting:
        return said
    return f"{said} {waiting_words(waiting)} for that and will be read anew within seconds."


def waiting_words(number: int) -> str:
    """Return a number of waiting studies as the beginning of a sentence."""
    return "1 study waits" if number == 1 else f"{number:,} studies wait"
