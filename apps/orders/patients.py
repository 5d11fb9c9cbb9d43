"""The patients that a batch of messages speaks of, brought up to date in one statement each.

This is the one look-up through which patients are found by their number.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from apps.core import bulk
from apps.orders.models import Patient

_COLUMNS = [field.attname for field in Patient._meta.concrete_fields]  # noqa: SLF001
# With those they were merged into, and these in turn; UNION ends a circle.
_PATIENTS = f"""
    WITH RECURSIVE wanted AS (
        SELECT * FROM orders_patient
        WHERE (authority, mrn) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
        UNION
        SELECT survivor.* FROM orders_patient AS survivor
        JOIN wanted ON wanted.merged_into_id = survivor.id
    )
    SELECT {", ".join(_COLUMNS)} FROM wanted
"""  # noqa: S608 -- our own columns
_MOVE_ORDERS = """
    UPDATE orders_order SET patient_id = merged.survivor
    FROM unnest(%s::bigint[], %s::bigint[]) AS merged(dead, survivor)
    WHERE patient_id = merged.dead
"""
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


class Merge(NamedTuple):
    """A patient whose numbers and orders went to another."""

    dead: Patient
    kept: Patient


class PatientBook:
    """Patients by authority and number, as stored and as changed since."""

    def __init__(self) -> None:
        """Begin empty; the errands read what is stored."""
        self._known: dict[tuple[str, str], Patient] = {}
        self._by_id: dict[int, Patient] = {}
        self._fresh: dict[int, Patient] = {}
        self._changed: dict[int, Patient] = {}
        self._merged: list[Patient] = []

    def errands(self, keys: Iterable[tuple[str, str]]) -> list[bulk.Errand]:
        """Return what to ask for the patients of these authorities and numbers."""
        pairs = sorted(set(keys))
        if not pairs:
            return []
        authorities, numbers = (list(column) for column in zip(*pairs, strict=True))
        return [((_PATIENTS, [authorities, numbers]), self._take)]

    def _take(self, rows: list[tuple[Any, ...]]) -> None:
        for row in rows:
            self._know(Patient.from_db(None, _COLUMNS, row))

    def _know(self, patient: Patient) -> None:
        if patient.pk not in self._by_id:
            self._by_id[patient.pk] = patient
            self._known[patient.authority, patient.mrn] = patient

    def update(self, wanted: PatientUpdate) -> Patient:
        """Return the patient of this number, made or brought up to date.

        A number that was merged away resolves to the survivor, who is left as they are.
        """
        patient = self._known.get(wanted.key)
        if patient is None:
            return self._make(wanted)
        survivor = self._survivor(patient)
        if survivor is patient and _fill(patient, wanted) and patient.pk not in self._fresh:
            self._changed[patient.pk] = patient
        return survivor

    def merge(self, survivor: PatientUpdate, prior: PatientUpdate) -> Merge | None:
        """Give everything of the prior number to the survivor.

        Numbers that were merged away before stand for their survivors, so a merge that is told
        again changes nothing.

        Returns:
            What was merged; None where both are one patient already.
        """
        kept, dead = self.update(survivor), self.update(prior)
        if kept.pk == dead.pk:
            return None
        dead.merged_into = kept
        if dead.pk not in self._fresh:
            self._changed[dead.pk] = dead
        self._merged.append(dead)
        return Merge(dead=dead, kept=kept)

    def is_merged_away(self, wanted: PatientUpdate) -> bool:
        """Return whether the number was given to another patient."""
        patient = self._known.get(wanted.key)
        return patient is not None and patient.merged_into_id is not None

    def flush(self) -> None:
        """Write what changed, and move the orders of merged patients."""
        bulk.insert(Patient, [bulk.columns_of(patient) for patient in self._fresh.values()])
        bulk.update(
            Patient, [bulk.columns_of(patient) for patient in self._changed.values()], key="id"
        )
        if self._merged:
            survivors = [self._survivor(dead).pk for dead in self._merged]
            bulk.execute(_MOVE_ORDERS, [[dead.pk for dead in self._merged], survivors])

    def _make(self, wanted: PatientUpdate) -> Patient:
        patient = Patient(id=bulk.next_id(Patient), authority=wanted.authority, mrn=wanted.mrn)
        _fill(patient, wanted)
        self._know(patient)
        self._fresh[patient.pk] = patient
        return patient

    def _survivor(self, patient: Patient) -> Patient:
        seen = {patient.pk}
        while (into := patient.merged_into_id) is not None and into not in seen:
            patient = self._by_id[into]
            seen.add(into)
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
