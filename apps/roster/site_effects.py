"""What shifts and readers have to say when a site or a procedure changes."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.audit.editing import Effect
from apps.catalog.effects import counted
from apps.catalog.models import Procedure, Site
from apps.core import clock
from apps.roster.models import Radiologist, RadiologistCredential, Shift, ShiftSite


def shifts_of(site: Site) -> Iterable[Effect]:
    """Say how many active shifts serve this site and no other."""
    others = ShiftSite.objects.filter(shift=OuterRef("pk")).exclude(site=site)
    shifts = Shift.objects.filter(is_active=True, site_rows__site=site)
    number = shifts.exclude(Exists(others)).count()
    if number:
        words = counted(number, "shift serves", "shifts serve")
        yield Effect(f"{words} only this site, and would wait for its work in vain.", "warn")


def readers_of(procedure: Procedure) -> Iterable[Effect]:
    """Say how many readers have what the procedure requires today."""
    if not procedure.required_credentials:
        return
    readers = Radiologist.objects.filter(is_active=True)
    for name in set(procedure.required_credentials):
        readers = readers.filter(Exists(_valid(name)))
    number = readers.count()
    words = f"{counted(number, 'active reader has', 'active readers have')} these credentials"
    yield Effect(f"{words} today.", "calm" if number else "alarm")


def _valid(name: str) -> QuerySet[RadiologistCredential]:
    """Return the question whether a reader has the credential today."""
    today = clock.now().date()
    rows = RadiologistCredential.objects.filter(radiologist=OuterRef("pk"), name=name)
    return rows.filter(
        Q(start_date__isnull=True) | Q(start_date__lte=today),
        Q(end_date__isnull=True) | Q(end_date__gte=today),
    )
