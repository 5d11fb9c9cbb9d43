"""A patient's studies by medical record number, for finding the messages about them."""

from __future__ import annotations

from collections.abc import Iterable

from apps.core.access import Scope
from apps.intake.queries.span import FOUND_MOST
from apps.orders.models import Order, Patient

_MOST_PATIENTS = 50
_MOST_MERGES = 10


def orders_of_patient(*, mrn: str, authority: str, scope: Scope) -> list[int]:
    """Return the newest studies of the patients of a number, at most ``FOUND_MOST``.

    A number that was merged away finds the survivor's studies too.

    Args:
        mrn: in full.
        authority: who assigned it; empty for whoever did.
        scope: where the viewer may look for patients.
    """
    named = Patient.objects.filter(mrn=mrn.strip())
    if authority.strip():
        named = named.filter(authority=authority.strip())
    ids = _with_survivors(named.values_list("pk", flat=True)[:_MOST_PATIENTS])
    orders = scope.limit(Order.objects.filter(patient__in=ids))
    return list(orders.order_by("-pk").values_list("pk", flat=True)[:FOUND_MOST])


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
