from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
import time_machine

from apps.catalog.models import Site
from apps.core import clock
from apps.roster.models import Radiologist, RosterDraft, Shift, ShiftSite
from apps.roster.planning.wishes import Wishes
from apps.roster.services.drafting import making
from tests.factories.people import RadiologistFactory
from tests.factories.roster import ShiftFactory
from tests.factories.times import NOON

MONDAY = date(2026, 2, 9)


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def shift_of(code: str, start: int, end: int, *sites: Site, **values: object) -> Shift:
    shift: Shift = ShiftFactory.create(
        code=code, start_local=time(start), end_local=time(end), all_sites=not sites, **values
    )
    for site in sites:
        ShiftSite.objects.create(shift=shift, site=site)
    return shift


def readers(number: int, *homes: Site) -> list[Radiologist]:
    found = [
        RadiologistFactory.create(
            id=f"DR_{place}", title="Dr", given_name="", family_name=f"Reader{place}"
        )
        for place in range(number)
    ]
    for person in found:
        for home in homes:
            person.home_sites.create(site=home)
    return found


def asked(
    shifts: list[Shift], people: list[Radiologist], *, days: int = 7, **wishes: object
) -> RosterDraft:
    return making.ask_for_draft(
        making.Asked(
            "February",
            MONDAY,
            MONDAY + timedelta(days=days - 1),
            Wishes(
                shifts=tuple(shift.pk for shift in shifts),
                people=tuple(person.pk for person in people),
                **wishes,  # type: ignore[arg-type] # as said
            ),
        ),
        made_by="user:ann",
        at=clock.now(),
    )
