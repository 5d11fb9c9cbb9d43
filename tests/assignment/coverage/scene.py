"""A small department in Brisbane with one day shift, on the first week of February 2026."""

from __future__ import annotations

from datetime import date, time

from apps.catalog.models import Site
from apps.roster.models import Radiologist, RosterAssignment, Shift, ShiftSite, ShiftWorkType
from tests.factories import RadiologistFactory, ShiftFactory, SiteFactory

WEDNESDAY = date(2026, 2, 4)


def place(code: str, **changes: object) -> Site:
    made: Site = SiteFactory.create(code=code, time_zone="Australia/Brisbane", **changes)
    return made


def day_shift(*sites: Site, code: str = "DAY", work: str = "MR", **changes: object) -> Shift:
    """Return a shift from 08:00 to 16:00; without sites it serves all."""
    made: Shift = ShiftFactory.create(
        **{
            "code": code,
            "name": code.title(),
            "start_local": time(8),
            "end_local": time(16),
            "all_sites": not sites,
        }
        | changes
    )
    ShiftWorkType.objects.create(shift=made, modality=work)
    for site in sites:
        ShiftSite.objects.create(shift=made, site=site)
    return made


def on(shift: Shift, id_: str, **changes: object) -> Radiologist:
    """Put somebody new on a shift, every day."""
    person: Radiologist = RadiologistFactory.create(id=id_, family_name=id_.title(), **changes)
    RosterAssignment.objects.create(shift=shift, radiologist=person, start_date=date(2026, 1, 1))
    return person
