"""Invents patients and studies; the same seed invents the same ones."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum

from apps.intake.tools.ris.menu import Exam, Menu

NUMBER_PREFIX = "SIM"
"""Begins every order number, so that a later run knows what an earlier one left open."""
_RECENT_PATIENTS = 200
_RETURNING_SHARE = 0.2
_CHILD_SHARE = 0.08
_STROKE_SHARE = 0.1

_FAMILIES = (
    "Abara", "Bianchi", "Castro", "Dubois", "Eriksen", "Farrell", "Gupta", "Horvat", "Ito",
    "Jansen", "Kaya", "Larsen", "Mbeki", "Novak", "O'Dea", "Petrov", "Quinn", "Rahman", "Silva",
    "Tran", "Ueda", "Vance", "Walsh", "Xu", "Young", "Zhang",
)  # fmt: skip
_GIVEN = (
    "Amara", "Ben", "Chloe", "Daniel", "Elena", "Femi", "Georgia", "Hana", "Ivan", "Julia",
    "Kofi", "Lena", "Mateo", "Nora", "Oscar", "Paula", "Ravi", "Sofia", "Thomas", "Yara",
)  # fmt: skip
_REASONS: Mapping[str, tuple[str, ...]] = {
    "HEAD": ("headache after a fall", "first seizure", "confusion, on warfarin"),
    "BRAIN": ("follow-up of a known lesion", "new focal signs", "memory loss"),
    "CHEST": ("cough and fever", "shortness of breath", "line position", "pre-operative"),
    "ABDOMEN": ("right upper quadrant pain", "weight loss", "suspected appendicitis"),
    "BREAST": ("screening", "palpable lump", "follow-up after six months"),
    "LSPINE": ("low back pain with sciatica", "after a fall"),
}
_OTHER_REASONS = ("pain after injury", "follow-up", "pre-operative", "swelling, cause unknown")
_STROKE = "suspected stroke, onset within 3 hours"


class Shape(Enum):
    """How a sender writes its orders; MSH-3 of each."""

    VENDOR = "PACS"
    ORM_24 = "RIS"
    ORM_231_ZDS = "OF"
    OMI_251 = "DSSOF"
    OMG_251 = "OE"


_SHAPES = {
    Shape.VENDOR: 25, Shape.ORM_24: 35, Shape.ORM_231_ZDS: 15, Shape.OMI_251: 15, Shape.OMG_251: 10,
}  # fmt: skip
_URGENCIES = {"STAT": 8, "URGENT": 22, "ROUTINE": 70}
_CLASSES = {"STAT": "E", "URGENT": "I", "ROUTINE": "O"}


@dataclass(frozen=True, slots=True)
class Patient:
    """An invented person."""

    mrn: str
    family: str
    given: str
    born: date
    sex: str


@dataclass(frozen=True, slots=True)
class Study:
    """One requested procedure and its numbers; those that the shape lacks are empty."""

    number: str
    shape: Shape
    facility: str
    exam: Exam
    patient: Patient
    urgency: str
    reason: str
    placer: str = ""
    filler: str = ""
    accession: str = ""
    study_uid: str = ""

    @property
    def patient_class(self) -> str:
        """Return PV1-2."""
        return _CLASSES[self.urgency]

    @property
    def shown(self) -> str:
        """Return the number by which everybody knows the study."""
        return self.accession or self.filler or self.placer

    def hurried(self) -> Study:
        """Return the study one urgency higher."""
        return replace(self, urgency="STAT" if self.urgency == "URGENT" else "URGENT")


class Inventor:
    """Invents studies; ``run`` keeps the numbers of two runs apart."""

    def __init__(self, menu: Menu, rng: random.Random, run: str) -> None:
        self._menu = menu
        self._rng = rng
        self._run = run
        self._count = 0
        self._recent: list[Patient] = []

    def study(self, at: datetime) -> Study:
        """Return a new study, of a new patient or of one who was here before."""
        shape = self._rng.choices(list(_SHAPES), list(_SHAPES.values()))[0]
        return self._study(at, shape, self._patient(at), self._rng.choice(self._menu.facilities))

    def pair(self, at: datetime) -> list[Study]:
        """Return two studies of one patient, ordered together."""
        patient, facility = self._patient(at), self._rng.choice(self._menu.facilities)
        return [self._study(at, Shape.ORM_24, patient, facility) for _ in range(2)]

    def _study(self, at: datetime, shape: Shape, patient: Patient, facility: str) -> Study:
        exam = self._menu.choose_exam(self._rng)
        self._count += 1
        number = f"{NUMBER_PREFIX}{self._run}{self._count:04d}"
        study = Study(
            number=number,
            shape=shape,
            facility=facility,
            exam=exam,
            patient=patient,
            urgency=self._urgency(exam),
            reason=self._reason(exam),
            placer=f"{number}P",
        )
        if shape is Shape.OMG_251:
            return study
        if shape is Shape.VENDOR:
            return replace(study, filler=number)
        uid = f"2.25.{at.astimezone(UTC):%Y%m%d%H%M%S}{self._rng.randrange(10**9):09d}"
        has_uid = shape in (Shape.ORM_231_ZDS, Shape.OMI_251)
        return replace(
            study, filler=f"{number}F", accession=number, study_uid=uid if has_uid else ""
        )

    def _urgency(self, exam: Exam) -> str:
        if exam.urgency == "URGENT" and self._rng.random() < 1 / 2:
            return exam.urgency
        return self._rng.choices(list(_URGENCIES), list(_URGENCIES.values()))[0]

    def _reason(self, exam: Exam) -> str:
        if exam.body_part in ("HEAD", "BRAIN") and self._rng.random() < _STROKE_SHARE:
            return _STROKE
        return self._rng.choice(_REASONS.get(exam.body_part, _OTHER_REASONS))

    def _patient(self, at: datetime) -> Patient:
        if self._recent and self._rng.random() < _RETURNING_SHARE:
            return self._rng.choice(self._recent)
        is_child = self._rng.random() < _CHILD_SHARE
        years = self._rng.uniform(1, 15) if is_child else self._rng.triangular(16, 98, 62)
        patient = Patient(
            mrn=f"{NUMBER_PREFIX}{self._rng.randrange(10**7):07d}",
            family=self._rng.choice(_FAMILIES),
            given=self._rng.choice(_GIVEN),
            born=(at - timedelta(days=years * 365.25)).date(),
            sex=self._rng.choice("FM"),
        )
        self._recent = [*self._recent[-_RECENT_PATIENTS + 1 :], patient]
        return patient
