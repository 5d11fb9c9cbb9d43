"""Finding studies by what people hold in their hands: a number, a patient's, a reader's name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q

from apps.assignment.queries.filters import Numbers
from apps.core.access import Scope
from apps.orders.models import Order, Patient
from apps.orders.search import order_ids
from apps.roster.models import Radiologist

_MOST = 200
_SHORTEST_PREFIX = 3


def find(words: str, *, scope: Scope) -> Numbers:
    """Return what the words name: studies first, readers only where no number is like that.

    A number is an accession, whole or its beginning, or any other number of an order, whole.

    Args:
        words: as typed.
        scope: where the viewer may look at studies.
    """
    wanted = words.strip()
    if not wanted:
        return Numbers()
    known = _within(scope, order_ids(wanted)) or _beginning_with(wanted, scope)
    if known:
        return Numbers(order_ids=tuple(known))
    return Numbers(radiologist_ids=tuple(_readers(wanted)))


def patient_id(mrn: str, *, scope: Scope) -> int | None:
    """Return the patient of a medical record number who has a study within the scope.

    Args:
        mrn: in full; the authority is not asked for, so the latest study decides between two.
        scope: where the viewer may see patients.
    """
    wanted = mrn.strip()
    if not wanted or not scope:
        return None
    patients = Patient.objects.filter(mrn=wanted).values("pk")
    orders = scope.limit(Order.objects.filter(patient__in=patients))
    return orders.order_by("-pk").values_list("patient_id", flat=True).first()


def studies_of_patient(patient: int, *, scope: Scope) -> Numbers:
    """Return the latest studies of a patient, where the viewer may see patients."""
    orders = scope.limit(Order.objects.filter(patient=patient))
    return Numbers(order_ids=tuple(_ids(orders.order_by("-pk").values_list("pk", flat=True))))


def _ids(rows: Iterable[int]) -> list[int]:
    return list(rows[:_MOST])  # type: ignore[index] # a queryset, not read yet


def _within(scope: Scope, ids: list[int]) -> list[int]:
    if not ids or scope.everywhere:
        return ids
    orders = scope.limit(Order.objects.filter(pk__in=ids))
    return list(orders.values_list("pk", flat=True))


def _beginning_with(wanted: str, scope: Scope) -> list[int]:
    if len(wanted) < _SHORTEST_PREFIX:
        return []
    orders = scope.limit(Order.objects.filter(accession__startswith=wanted))
    return list(orders.order_by("accession").values_list("pk", flat=True)[:_MOST])


def _readers(words: str) -> list[str]:
    named = Q(pk__iexact=words) | Q(family_name__istartswith=words)
    for word in words.split():
        named |= Q(family_name__iexact=word)
    return list(Radiologist.objects.filter(named).values_list("pk", flat=True)[:_MOST])
