"""The patients that a batch of messages speaks of, brought up to date in one statement each.

This is the one look-up through which patients are found by their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from apps.core import bulk
from apps.orders.models import Order, Patient

_COLUMNS = [field.attname for field in Patient._meta.concrete_fields]  # noqa: SLF001
_PATIENTS = (
    f"SELECT {', '.join(_COLUMNS)} FROM orders_patient "  # noqa: S608 -- our own columns
    "WHERE (authority, mrn) IN (SELECT * FROM unnest(%s::text[], %s::text[]))"
)
_FILLED = ("family_name", "given_name", "birth_on", "sex")


@dataclass(frozen=True)
class PatientUpdate:
    """What a message says of a patient; empty values say nothing."""

    authority: str
    mrn: str
    family_name: str = ""
    given_name: str = ""
    birth_on: date | None = None
    sex: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what identifies the patient."""
        return self.authority, self.mrn


class PatientBook:
    """Patients by authority and number, as stored and as changed since."""

    def __init__(self) -> None:
        """Begin empty; the errands read what is stored."""
        self._known: dict[tuple[str, str], Patient] = {}
        self._fresh: dict[int, Patient] = {}
        self._changed: dict[int, Patient] = {}
        self._moved: list[tuple[int, int]] = []

    def errands(self, keys: Iterable[tuple[str, str]]) -> list[bulk.Errand]:
        """Return what to ask for the patients of these authorities and numbers."""
        pairs = sorted(set(keys))
        if not pairs:
            return []
        authorities, numbers = (list(column) for column in zip(*pairs, strict=True))
        return [((_PATIENTS, [authorities, numbers]), self._take)]

    def _take(self, rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            patient = Patient.from_db(None, _COLUMNS, row)
            self._known[patient.authority, patient.mrn] = patient

    def update(self, wanted: PatientUpdate) -> Patient:
        """Return the patient of this number, made or brought up to date.

        A number that was merged away resolves to the survivor, who is left as they are.
        """
        patient = self._known.get(wanted.key)
        if patient is None:
            return self._make(wanted)
        survivor = _survivor(patient)
        if survivor is patient and _fill(patient, wanted) and patient.pk not in self._fresh:
            self._changed[patient.pk] = patient
        return survivor

    def merge(self, survivor: PatientUpdate, prior: PatientUpdate) -> bool:
        """Give everything of the prior number to the survivor; False for a merge in a circle."""
        kept, dead = self.update(survivor), self.update(prior)
        if kept.pk == dead.pk:
            return False
        dead.merged_into = kept
        if dead.pk not in self._fresh:
            self._changed[dead.pk] = dead
        self._moved.append((dead.pk, kept.pk))
        return True

    def flush(self) -> None:
        """Write what changed, and move the orders of merged patients."""
        bulk.insert(Patient, [bulk.columns_of(patient) for patient in self._fresh.values()])
        bulk.update(
            Patient, [bulk.columns_of(patient) for patient in self._changed.values()], key="id"
        )
        for dead, kept in self._moved:
            Order.objects.filter(patient_id=dead).update(patient_id=kept)

    def _make(self, wanted: PatientUpdate) -> Patient:
        patient = Patient(id=bulk.next_id(Patient), authority=wanted.authority, mrn=wanted.mrn)
        _fill(patient, wanted)
        self._known[wanted.key] = patient
        self._fresh[patient.pk] = patient
        return patient


def _survivor(patient: Patient) -> Patient:
    seen = {patient.pk}
    while patient.merged_into is not None and patient.merged_into_id not in seen:
        patient = patient.merged_into
        seen.add(patient.pk)
    return patient


def _fill(patient: Patient, wanted: PatientUpdate) -> bool:
    """Take over what the message fills; return whether that changed anything."""
    news = {
        name: value
        for name in _FILLED
        if (value := getattr(wanted, name)) and value != getattr(patient, name)
    }
    for name, value in news.items():
        setattr(patient, name, value)
    return bool(news)
