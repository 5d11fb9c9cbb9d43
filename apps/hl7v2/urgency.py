"""Priority words to STAT, URGENT and ROUTINE. Source: spec 1; HL7 tables 0027 and 0485."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from apps.hl7v2.places import Candidate

URGENCY_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("S", "ST", "STAT"), "STAT"),
    **dict.fromkeys(("A", "ASAP", "P", "T", "U", "URG", "URGENT"), "URGENT"),
    **dict.fromkeys(("R", "D", "ROUTINE"), "ROUTINE"),
}


class UrgencyReading(NamedTuple):
    """What the priority places say.

    ``urgency`` is None when no place is filled, so that the procedure's default holds;
    ``unknown`` is the first word that nobody knows, empty when there is none.
    """

    urgency: str | None
    unknown: str = ""


def read_urgency(
    candidates: Sequence[Candidate], words: Mapping[str, str] | None = None
) -> UrgencyReading:
    """Return the first known urgency; an unknown word alone is ROUTINE, never silently STAT.

    ``words`` is the sender's own map, in upper case; it goes before the common one.
    """
    unknown = ""
    for candidate in candidates:
        spelled = candidate.value.strip().upper()
        known = (words or {}).get(spelled) or URGENCY_WORDS.get(spelled)
        if known:
            return UrgencyReading(known, unknown)
        unknown = unknown or candidate.value.strip()
    return UrgencyReading("ROUTINE" if unknown else None, unknown)
