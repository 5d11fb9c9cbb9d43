"""PRT with EPRI, the expected principal result interpreter: assigned, and not read yet.

PRT|42-EPRI^ASSIGNMENT_ENGINE|AD||EPRI^Expected Principal Result Interpreter^HL70912
|DR_SMITH_ID^Smith^John^^^DR||||||20260204120531

One participation per order, known by PRT-1: added with its first reader, updated with the next
one, deleted with who was it. Source: HL7 v2.7 7.4.4, tables 0287 and 0912.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from apps.hl7v2.escapes import escape
from apps.hl7v2.message import Segment
from apps.hl7v2.obr32 import Interpreter
from apps.hl7v2.separators import Separators

NAME = "PRT"
EXPECTED = ("EPRI", "Expected Principal Result Interpreter", "HL70912")


class Action(StrEnum):
    """PRT-2. Source: HL7 table 0287."""

    ADD = "AD"
    UPDATE = "UP"
    DELETE = "DE"


@dataclass(frozen=True, slots=True)
class Participation:
    """One PRT.

    ``instance`` and ``assigner`` are PRT-1. ``begins`` and ``ends`` are written as they are, in
    the receiver's zone; empty where not known.
    """

    instance: str
    assigner: str
    action: Action
    person: Interpreter
    begins: str = ""
    ends: str = ""


def write_prt(participation: Participation, separators: Separators) -> str:
    """Return the segment without its end; every value is escaped."""

    def components(*values: str) -> str:
        written = separators.component.join(escape(value, separators) for value in values)
        return written.rstrip(separators.component)

    fields = [
        NAME,
        components(participation.instance, participation.assigner),
        participation.action.value,
        "",
        components(*EXPECTED),
        components(*participation.person.parts),
        *("", "", "", "", ""),
        escape(participation.begins, separators),
        escape(participation.ends, separators),
    ]
    return separators.field.join(fields).rstrip(separators.field)


def is_expected_interpreter(segment: Segment) -> bool:
    """Return whether the segment says who is expected to read: what ours takes the place of."""
    return segment.name == NAME and segment.get(4) == EXPECTED[0]
