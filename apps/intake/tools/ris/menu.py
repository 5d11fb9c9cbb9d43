"""What is ordered where: the catalogue in the database, else a small built-in one."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import Error, connection

from apps.catalog.models import Procedure, SiteAlias

# How often a modality is ordered, roughly as in a general department.
_SHARES: Mapping[str, float] = {
    "DX": 34, "CR": 4, "CT": 26, "US": 16, "MR": 16, "MG": 5, "NM": 1, "PT": 1, "RF": 1, "XA": 1,
}  # fmt: skip
_OTHER_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Exam:
    """A procedure that can be ordered; ``minutes`` is what reading it takes."""

    code: str
    text: str
    modality: str
    body_part: str = ""
    minutes: int = 15
    urgency: str = "ROUTINE"


_BUILT_IN = (
    Exam("MRI MSK", "MRI MUSCULOSKELETAL", "MR", "MSK", 25),
    Exam("MRI BRAIN", "MRI BRAIN", "MR", "BRAIN", 30),
    Exam("CT HEAD", "CT HEAD WITHOUT CONTRAST", "CT", "HEAD", 12),
    Exam("CT ABDOMEN", "CT ABDOMEN AND PELVIS", "CT", "ABDOMEN", 22),
    Exam("XR CHEST", "X-RAY CHEST", "DX", "CHEST", 4),
    Exam("US ABDOMEN", "ULTRASOUND ABDOMEN", "US", "ABDOMEN", 10),
)


@dataclass(frozen=True)
class Menu:
    """What can be ordered, and how the sites name themselves in MSH-4."""

    exams: tuple[Exam, ...]
    facilities: tuple[str, ...]

    def choose_exam(self, rng: random.Random) -> Exam:
        """Return an exam; modalities come up as often as in a department."""
        modalities = sorted({exam.modality for exam in self.exams})
        shares = [_SHARES.get(modality, _OTHER_SHARE) for modality in modalities]
        modality = rng.choices(modalities, shares)[0]
        return rng.choice([exam for exam in self.exams if exam.modality == modality])


BUILT_IN = Menu(_BUILT_IN, ("Robina", "Southport", "Chermside"))


def menu_of_stack() -> Menu:
    """Return the stack's catalogue; the built-in menu where it cannot be read or is empty."""
    try:
        procedures = list(Procedure.objects.order_by("code"))
        aliases = list(SiteAlias.objects.order_by("site__code", "id"))
    except Error:
        connection.close()
        return BUILT_IN
    facilities = {alias.site_id: alias.value for alias in reversed(aliases)}
    exams = tuple(_exam(row) for row in procedures if row.modality)
    return Menu(exams or BUILT_IN.exams, tuple(sorted(facilities.values())) or BUILT_IN.facilities)


def _exam(row: Procedure) -> Exam:
    return Exam(
        code=row.code,
        text=row.description,
        modality=row.modality,
        body_part=row.body_part,
        minutes=row.turnaround_minutes or 15,
        urgency=row.default_urgency,
    )
