from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from apps.assignment.snapshot import cache
from apps.dashboard.lens import Lens
from apps.dashboard.queries.readers import Availability, Readers, at_work, held, readers
from apps.roster.models import Radiologist, ShiftSite, Workload
from tests.factories import (
    AssignmentFactory,
    LedgerEntryFactory,
    OrderFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
    ShiftWorkTypeFactory,
    SiteFactory,
)
from tests.factories.times import NOON

pytestmark = pytest.mark.db

ZONE = ZoneInfo("Australia/Brisbane")
EVERYTHING = Lens(ZONE)


@pytest.fixture(autouse=True)
def fresh_configuration() -> None:
    cache.forget()


def seen(lens: Lens = EVERYTHING) -> Readers:
    return readers(at_work(NOON), lens, held() if lens.is_narrow else None)


def reader(name: str, *, on: object = None, load: int = 0, **facts: object) -> Radiologist:
    person = RadiologistFactory(id=name, family_name=name.title(), **facts)
    if on is not None:
        RosterAssignmentFactory(shift=on, radiologist=person)
    Workload.objects.filter(radiologist=person).update(open_routine=load, open_rvu=load)
    return person


def test_most_loaded_stand_first_by_the_share_of_their_seats() -> None:
    shift = ShiftFactory(name="Bones")
    reader("FEW", on=shift, load=5, max_concurrent_studies=10)
    reader("MANY", on=shift, load=8, max_concurrent_studies=40)
    reader("NONE", on=shift)

    rows = seen().rows

    assert [(row.name, row.open_studies, row.percent, row.shifts) for row in rows] == [
        ("DR Rae Few", 5, 50, ("Bones",)),
        ("DR Rae Many", 8, 20, ("Bones",)),
        ("DR Rae None", 0, 0, ("Bones",)),
    ]


def test_availability_says_whether_a_routine_study_could_come() -> None:
    shift = ShiftFactory()
    reader("A_FREE", on=shift)
    reader("B_SEATS", on=shift, load=20)
    reader("C_RVU", on=shift, load=4, max_concurrent_rvu=4)
    hourly = reader("D_HOUR", on=shift, max_studies_per_hour=1)
    LedgerEntryFactory(radiologist=hourly, at=NOON - timedelta(minutes=59))
    for name, presence in (("E_AWAY", "away"), ("F_OFF", "offline")):
        away = reader(name, on=shift)
        Workload.objects.filter(radiologist=away).update(presence=presence)
    reader("G_HOME", load=1)
    reader("H_HOME")

    found = seen()

    assert {row.id: row.availability for row in found.rows} == {
        "A_FREE": Availability.AVAILABLE,
        "B_SEATS": Availability.AT_CAPACITY,
        "C_RVU": Availability.AT_CAPACITY,
        "D_HOUR": Availability.AT_CAPACITY,
        "E_AWAY": Availability.AWAY,
        "F_OFF": Availability.OFFLINE,
        "G_HOME": Availability.OFF_SHIFT,
    }
    assert dict(found.counts)[Availability.AT_CAPACITY] == 3


def test_a_site_sees_who_is_on_its_shifts_or_holds_its_studies() -> None:
    mine, other = SiteFactory(), SiteFactory()
    own, foreign, national = ShiftFactory(), ShiftFactory(), ShiftFactory()
    ShiftSite.objects.create(shift=own, site=mine)
    ShiftSite.objects.create(shift=foreign, site=other)
    reader("OWN", on=own)
    reader("FOREIGN", on=foreign, load=1)
    reader("NATIONAL", on=national)
    holds = reader("HOLDS", on=foreign, load=1)
    AssignmentFactory(radiologist=holds, order=OrderFactory(site=mine, status="in_progress"))
    done = reader("DONE", on=foreign)
    AssignmentFactory(radiologist=done, order=OrderFactory(site=mine, status="final"))

    found = seen(Lens(ZONE, frozenset({mine.pk})))

    assert found.ids == {"OWN", "NATIONAL", "HOLDS"}


def test_a_modality_sees_who_is_on_shifts_of_its_work() -> None:
    for name, modality in (("CT", "CT"), ("MR", "MR"), ("ANY", "")):
        shift = ShiftFactory()
        ShiftWorkTypeFactory(shift=shift, modality=modality)
        reader(name, on=shift)

    found = seen(Lens(ZONE, modality="CT"))

    assert found.ids == {"CT", "ANY"}


def test_only_the_most_loaded_are_listed_but_all_are_counted() -> None:
    shift = ShiftFactory()
    for number in range(23):
        reader(f"R{number:02}", on=shift, load=number % 20)

    found = seen()

    assert (len(found.rows), found.total, found.not_shown) == (20, 23, 3)
    assert found.rows[0].id == "R19"


def test_two_readers_of_one_name_are_told_apart_by_their_ids() -> None:
    shift = ShiftFactory(name="Bones")
    for id_ in ("CHEN_1", "CHEN_2", "LEE"):
        reader(id_, on=shift)
    Radiologist.objects.filter(pk__in=("CHEN_1", "CHEN_2")).update(family_name="Chen")
    cache.forget()

    assert {row.id: row.name for row in seen().rows} == {
        "CHEN_1": "DR Rae Chen (CHEN_1)",
        "CHEN_2": "DR Rae Chen (CHEN_2)",
        "LEE": "DR Rae Lee",
    }
