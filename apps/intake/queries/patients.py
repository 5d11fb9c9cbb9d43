"""A patient's studies by medical record number, for finding the messages about them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import F

from apps.core.access import Scope
from apps.intake.queries.span import FOUND_MOST
from apps.orders.models import Order, Patient

_MOST_PATIENTS = 50
_MOST_MERGES = 10


def patients_of(*, mrn: str, authority: str) -> set[int]:
    """Return the patients of a number; one that was merged away finds the survivor too.

    Args:
        mrn: in full.
        authority: who assigned it; empty for whoever did.
    """
    named = Patient.objects.filter(mrn=mrn.strip())
    if authority.strip():
        named = named.filter(authority=authority.strip())
    # By the bare key PostgreSQL may walk all rows backwards instead of asking the right index.
    newest = named.order_by((F("pk") + 0).desc())
    return _with_survivors(newest.values_list("pk", flat=True)[:_MOST_PATIENTS])


def orders_of_patients(patients: Collection[int], *, scope: Scope) -> list[int]:
    """Return the newest studies of patients, at most ``FOUND_MOST``.

    Args:
        patients: their keys.
        scope: where the viewer may look for patients.
    """
    orders = scope.limit(Order.objects.filter(patient__in=patients))
    # As above: a patient's few studies would be waited for while everybody's are walked.
    newest = orders.order_by((F("pk") + 0).desc())
    return list(newest.values_list("pk", flat=True)[:FOUND_MOST])


def _with_survivors(ids: Iterable[int]) -> set[int]:
    found = set(ids)
    newest = found
    for _step in range(_MOST_MERGES):
        if not newest:
            break
        merged = Patient.objects.filter(pk__in=newest, merged_into__isnull=False)
        survivors = {row.merged_into_id for row in merged.only("merged_into")}
        newest = {key for key in survivors if key is not None} - found
        found |= newest
    return found
