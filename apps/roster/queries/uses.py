"""Where shifts and people are used by the apps above this one.

Assignments point at shifts and people and are read through these relations. Rules name them by
code and id in their text; the rules' app says which do, since no import points upwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.roster.models import Radiologist, Shift

Namers = Callable[[str], Sequence[str]]


@dataclass(slots=True)
class _Asked:
    """Who is asked for the rules that name a shift's code or a person's id."""

    by_shift: list[Namers]
    by_person: list[Namers]


_asked = _Asked([], [])


def register(*, rules_naming_shift: Namers, rules_naming_person: Namers) -> None:
    """Ask these for the names of rules; called from ``AppConfig.ready``, twice is once."""
    if rules_naming_shift not in _asked.by_shift:
        _asked.by_shift.append(rules_naming_shift)
        _asked.by_person.append(rules_naming_person)


def rules_naming_shift(code: str) -> list[str]:
    """Return the names of the enabled rules that give studies to the shift, first to last."""
    return [name for ask in _asked.by_shift for name in ask(code)]


def rules_naming_person(radiologist_id: str) -> list[str]:
    """Return the names of the enabled rules that name the person, first to last."""
    return [name for ask in _asked.by_person for name in ask(radiologist_id)]


def was_shift_used(shift: Shift) -> bool:
    """Return whether any assignment, past or present, was made on the shift."""
    return shift.assignments.exists()


def was_person_assigned(person: Radiologist) -> bool:
    """Return whether the person ever had a study."""
    return person.assignments.exists()


def takes_turns(person: Radiologist) -> bool:
    """Return whether the person has a turn in any rotation, past ones too."""
    return person.rotation_turns.exists()


def open_studies_on(shift: Shift) -> int:
    """Return how many studies that were assigned on the shift are with a reader, unreported."""
    return shift.assignments.filter(is_current=True, completed_at__isnull=True).count()
