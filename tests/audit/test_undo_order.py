"""Taking back many rows at once is as right as one by one, whatever the order they came in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db.models import F

from apps.catalog.models import Procedure, ProcedureAlias, Site
from apps.core.actor import acting_as
from apps.roster.models import Radiologist, RosterAssignment, Shift, ShiftSite
from tests.audit.undoing import ANN, add, everything, take_back
from tests.factories import (
    ClusterFactory,
    ProcedureFactory,
    RadiologistFactory,
    ShiftFactory,
    SiteFactory,
)

pytestmark = pytest.mark.db


def test_many_rows_go_come_back_with_their_keys_and_go_again() -> None:
    add(350)
    full = everything()
    assert take_back() == 1050
    assert Procedure.objects.count() == ProcedureAlias.objects.count() == 0
    assert take_back("undo of r1") == 1050
    assert everything() == full
    assert take_back("undo of undo of r1") == 1050
    assert Procedure.objects.count() == 0
    # The keys that came back are used; the next is another.
    assert ProcedureFactory.create().pk > max(row["id"] for row in full["Procedure"])


def test_all_kinds_of_change_in_several_tables_are_taken_back_as_one() -> None:
    add(5, "r0")
    sites = [SiteFactory.create() for _ in range(3)]
    shifts = [ShiftFactory.create(all_sites=False) for _ in range(3)]
    for shift in shifts:
        ShiftSite.objects.create(shift=shift, site=sites[0])
    reader = RadiologistFactory.create(seniority_years=1)
    for month in (1, 2, 3):
        RosterAssignment.objects.create(
            shift=shifts[0],
            radiologist=reader,
            start_date=date(2026, month, 1),
            end_date=date(2026, month, 9),
        )
    before = everything()

    with acting_as(ANN, "r1"):
        add_site = SiteFactory.create()
        for shift in shifts[:2]:
            ShiftSite.objects.filter(shift=shift).delete()
            Shift.objects.filter(pk=shift.pk).update(all_sites=True)
            ShiftSite.objects.create(shift=shift, site=add_site)
        ShiftSite.objects.filter(shift=shifts[2]).delete()
        shifts[2].delete()
        Procedure.objects.filter(code="P0001").update(code="NEW", rvu=3)
        Procedure.objects.filter(code="P0002").delete()
        ProcedureFactory.create(code="P0002")
        Procedure.objects.filter(code="NEW").update(rvu=4)
        Procedure.objects.filter(code="NEW").delete()
        Radiologist.objects.filter(pk=reader.pk).update(seniority_years=2)
        RosterAssignment.objects.update(start_date=F("start_date") + timedelta(days=5))
    after = everything()

    assert take_back() > 15
    assert everything() == before
    take_back("undo of r1")
    assert everything() == after


def test_shifts_whose_sites_were_taken_away_one_after_the_other() -> None:
    site = SiteFactory.create()
    shifts = [ShiftFactory.create(all_sites=False) for _ in range(4)]
    for shift in shifts:
        ShiftSite.objects.create(shift=shift, site=site)
    before = everything()
    with acting_as(ANN, "r1"):
        for shift in shifts:  # a site that comes back ends "all sites" by itself
            ShiftSite.objects.filter(shift=shift).delete()
            if shift is not shifts[-1]:
                Shift.objects.filter(pk=shift.pk).update(all_sites=True)
    assert take_back() == 7
    assert everything() == before


def _swap() -> None:
    one, two = Procedure.objects.order_by("pk").values_list("pk", flat=True)[:2]
    Procedure.objects.filter(pk=one).update(code="ASIDE")
    Procedure.objects.filter(pk=two).update(code="P0000")
    Procedure.objects.filter(pk=one).update(code="P0001")


def _renumber_upwards() -> None:
    for number in reversed(range(20)):
        Procedure.objects.filter(code=f"P{number:04}").update(code=f"P{number + 1:04}")


def _renumber_downwards() -> None:
    Procedure.objects.filter(code="P0000").update(code="LAST")
    for number in range(1, 20):
        Procedure.objects.filter(code=f"P{number:04}").update(code=f"P{number - 1:04}")
    Procedure.objects.filter(code="LAST").update(code="P0019")


def _replace_by_another() -> None:
    Procedure.objects.filter(code="P0003").delete()
    Procedure.objects.filter(code="P0004").update(code="P0003")
    ProcedureFactory.create(code="P0004")


@pytest.mark.parametrize(
    "change", [_swap, _renumber_upwards, _renumber_downwards, _replace_by_another]
)
def test_codes_that_went_from_row_to_row_go_back(change: Callable[[], None]) -> None:
    add(20, "r0")
    before = everything()
    with acting_as(ANN, "r1"):
        change()
    after = everything()
    take_back()
    assert everything() == before
    take_back("undo of r1")
    assert everything() == after
    take_back("undo of undo of r1")
    assert everything() == before


def test_what_referred_to_another_parent_refers_to_its_old_one_again() -> None:
    old, sites = ClusterFactory.create(), []
    sites = [SiteFactory.create(cluster=old) for _ in range(5)]
    before = everything()
    with acting_as(ANN, "r1"):
        Site.objects.update(cluster=ClusterFactory.create())
        old.delete()
    assert take_back() == len(sites) + 2
    assert everything() == before
