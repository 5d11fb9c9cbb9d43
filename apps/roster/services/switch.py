"""Switching a shift or a person on and off: what they did stays, nothing new comes."""

from __future__ import annotations

from typing import TypeVar

from django.db import transaction

from apps.core.access import Scope
from apps.roster.models import Radiologist, Shift
from apps.roster.queries import radiologists as radiologist_queries
from apps.roster.queries import shifts as shift_queries

_Record = TypeVar("_Record", Shift, Radiologist)


@transaction.atomic
def switch_shift(*, shift_id: int, on: bool, scope: Scope) -> Shift:
    """Let the shift count, or not, from the next decision on.

    Raises:
        Shift.DoesNotExist: there is none, or not one that may be changed from these sites.
    """
    return _switched(shift_queries.changeable(scope).select_for_update().get(pk=shift_id), on=on)


@transaction.atomic
def switch_radiologist(*, radiologist_id: str, on: bool, scope: Scope) -> Radiologist:
    """Let the person get work, or not, from the next decision on; what is open stays theirs.

    Raises:
        Radiologist.DoesNotExist: there is none, or not one that may be changed from these sites.
    """
    people = radiologist_queries.changeable(scope).select_for_update()
    return _switched(people.get(pk=radiologist_id), on=on)


def _switched(record: _Record, *, on: bool) -> _Record:
    record.is_active = on
    record.save(update_fields=["is_active"])
    return record
