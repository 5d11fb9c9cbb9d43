"""The patients that a batch of messages speaks of, brought up to date in one statement each.

This is the one look-up through which patients are found by their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from apps.core import bulk
from apps.orders.exceptions import CircularMergeError, MergedElsewhereError
from apps.orders.merging import BY_HAND, MergeSource, write_merges
from apps.orders.models import Patient, PatientMerge

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
Key = tuple[str, str]
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
    def key(self) -> Key:
        """Return what identifies the patient."""
        return self.authority, self.mrn


class MergeWish(NamedTuple):
    """That a number (``prior``) is the survivor's; ``place`` counts those of a message from 1."""

    survivor: PatientUpdate
    prior: PatientUpdate
    place: int = 1


class Merge(NamedTuple):
    """A patient whose numbers went to another, and the orders to ``heir``.

    The two differ where ``kept`` was merged away itself: undone, that gives back this one's too.
    """

    dead: Patient
    kept: Patient
    heir: Patient
    source: MergeSource


class PatientBook:
    """Patients by authority and number, as stored and as changed since."""

    def __init__(self) -> None:
        """Begin empty; the errands read what is stored."""
        self._known: dict[Key, Patient] = {}
        self._by_id: dict[int, Patient] = {}
        self._fresh: dict[int, Patient] = {}
        self._changed: dict[int, Patient] = {}
        self._merged: list[Merge] = []

    def errands(self, keys: Iterable[Key]) -> list[bulk.Errand]:
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

    @property
    def ids(self) -> frozenset[int]:
        """Return the keys of the patients who are known and not merged away."""
        return frozenset(pk for pk, one in self._by_id.items() if one.merged_into_id is None)

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

    def merge(self, wishes: Sequence[MergeWish], source: MergeSource = BY_HAND) -> list[Merge]:
        """Give everything of the prior numbers to the survivors: all that is wished, or nothing.

        Where a survivor was merged away itself, the orders go on to its own survivor. A merge
        that is told again changes nothing, also where the survivor was merged away since.

        Returns:
            What was merged.

        Raises:
            CircularMergeError: a survivor was merged into its prior number before.
            MergedElsewhereError: a prior number is another patient's by now.
        """
        news = self._news(wishes)
        for wish in wishes:
            self.update(wish.survivor)
        return [self._merge(wish, source) for wish in news]

    def _merge(self, wish: MergeWish, source: MergeSource) -> Merge:
        heir = self.update(wish.survivor)
        kept = self._known[wish.survivor.key]
        merge = Merge(self.update(wish.prior), kept, heir, source)
        merge.dead.merged_into = merge.kept
        if merge.dead.pk not in self._fresh:
            self._changed[merge.dead.pk] = merge.dead
        self._merged.append(merge)
        return merge

    def _news(self, wishes: Sequence[MergeWish]) -> list[MergeWish]:
        """Return the wishes that are not fulfilled yet, each thought of as done before the next."""
        done: dict[Key, Key] = {}
        news = []
        for wish in wishes:
            kept, dead = self._path(wish.survivor.key, done), self._path(wish.prior.key, done)
            if dead[0] in kept:
                raise CircularMergeError(wish.place)
            if kept[-1] == dead[-1]:
                continue
            if len(dead) > 1:
                raise MergedElsewhereError(wish.place)
            done[dead[0]] = kept[0]
            news.append(wish)
        return news

    def _path(self, key: Key, done: dict[Key, Key]) -> list[Key]:
        """Return the number and those that it was merged into in turn, its survivor last."""
        path = [key]
        while (into := done.get(path[-1]) or self._into(path[-1])) and into not in path:
            path.append(into)
        return path

    def _into(self, key: Key) -> Key | None:
        patient = self._known.get(key)
        if patient is None or patient.merged_into_id is None:
            return None
        survivor = self._by_id[patient.merged_into_id]
        return survivor.authority, survivor.mrn

    def key_of(self, wanted: PatientUpdate) -> Key:
        """Return the number that this one stands for: its survivor's, else itself."""
        return self._path(wanted.key, {})[-1]

    def is_merged_away(self, wanted: PatientUpdate) -> bool:
        """Return whether the number was given to another patient."""
        patient = self._known.get(wanted.key)
        return patient is not None and patient.merged_into_id is not None

    def flush(self, *, at: datetime, actor: str) -> None:
        """Write what changed, and move the orders of merged patients.

        Args:
            at: the moment of it all.
            actor: who the audit lines name.
        """
        bulk.insert(Patient, [bulk.columns_of(patient) for patient in self._fresh.values()])
        bulk.update(
            Patient, [bulk.columns_of(patient) for patient in self._changed.values()], key="id"
        )
        # Ascending over all processes, so that the newest are found by their keys.
        ids = bulk.next_ids(PatientMerge, len(self._merged))
        rows = [
            PatientMerge(
                id=key,
                dead=merge.dead,
                survivor=merge.kept,
                at=at,
                made_by=actor,
                **merge.source._asdict(),
            )
            for key, merge in zip(ids, self._merged, strict=True)
        ]
        write_merges(
            rows, {merge.dead.pk: self._survivor(merge.dead).pk for merge in self._merged}
        )

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
