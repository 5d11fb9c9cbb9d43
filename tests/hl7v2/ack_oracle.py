"""What a sender must hear, said again in other words than the product's own."""

from __future__ import annotations

from typing import NamedTuple

MODES = ("", "AL", "NE", "ER", "SU", "??")
VERSIONS = ("2.1", "2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.7", "junk")
_OLD_ERR = frozenset({"2.1", "2.3", "2.3.1", "2.4"})
_BARE_ACK = frozenset({"2.1", "2.3"})
_LONG_ACK = frozenset({"2.5", "2.5.1", "2.7", "junk"})


class Fate(NamedTuple):
    """What becomes of a message: the letter of its codes."""

    letter: str

    @property
    def is_good(self) -> bool:
        """Return whether it was taken."""
        return self.letter == "A"


GOOD, BAD, AWAY, STRICT = Fate("A"), Fate("E"), Fate("R"), Fate("R")


def codes(accept: str, application: str, fate: Fate) -> list[str]:
    """Return MSA-1 of each answer, in order. Source: HL7 v2.5.1 2.9.3, table 0155."""
    if (accept, application) == ("", ""):
        return [f"A{fate.letter}"]
    heard = []
    if _is_heard(accept, fate):
        heard.append(f"C{fate.letter}")
    if _is_heard(application, fate):
        heard.append(f"A{fate.letter}")
    return heard


def _is_heard(mode: str, fate: Fate) -> bool:
    if mode in ("", "NE"):
        return False
    if mode == "ER":
        return not fate.is_good
    return mode != "SU" or fate.is_good


def has_old_err(version: str) -> bool:
    """Return whether ERR-1 says everything, as before 2.5."""
    return version in _OLD_ERR


def message_type(version: str) -> str:
    """Return MSH-9 of the answer to an ORM^O01."""
    if version in _BARE_ACK:
        return "ACK"
    return "ACK^O01^ACK" if version in _LONG_ACK else "ACK^O01"
