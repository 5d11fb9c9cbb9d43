"""OBR-32, the principal result interpreter: where most receivers look for who reads.

An NDL, whose first component is a name with its parts as sub-components:
``DR_SMITH_ID&Smith&John&&&DR``. Source: HL7 v2.5.1 4.5.3.32 (2.3 writes it the same way).
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.hl7v2.escapes import escape
from apps.hl7v2.message import NULL
from apps.hl7v2.separators import Separators

FIELD = 32


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A radiologist as the standard's fields name one; an empty id is nobody."""

    id: str = ""
    family: str = ""
    given: str = ""
    title: str = "DR"

    @property
    def parts(self) -> tuple[str, ...]:
        """Return id, family, given, further names, suffix and prefix, as CNN and XCN order them."""
        return (self.id, self.family, self.given, "", "", self.title)


def write_obr_32(interpreter: Interpreter, separators: Separators) -> str:
    """Return the field; the explicit null where nobody reads.

    Without a sub-component separator there is no room for a name: the id stands alone.
    """
    if not interpreter.id:
        return NULL
    if not separators.subcomponent:
        return escape(interpreter.id, separators)
    parts = [escape(part, separators) for part in interpreter.parts]
    return separators.subcomponent.join(parts).rstrip(separators.subcomponent)
