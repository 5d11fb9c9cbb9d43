"""Taking back many rows at once: all or none, told row by row, in few statements."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from apps.audit.exceptions import UndoError
from apps.audit.models import AuditEvent
from apps.catalog.models import Cluster, Procedure, ProcedureAlias
from apps.core.access import Access, Permission, Scope
from apps.core.actor import acting_as
from apps.roster.models import Radiologist, RosterAssignment, Shift, ShiftSite
from apps.rules.models import AssignmentRule, RuleVersion
from tests.audit.undoing import ANN, BOB, add, everything, take_back
from tests.factories import (
    ClusterFactory,
    ProcedureFactory,
    RadiologistFactory,
    ShiftFactory,
    SiteFactory,
)

pytestmark = pytest.mark.db

NOTHING_DONE = "nothing was taken back."


# -- somebody was there since ------------------------------------------------------------------


def test_one_of_a_thousand_rows_changed_since_keeps_all_and_is_told() -> None:
    add(400)
    with acting_as(BOB, "r2"):
        Procedure.objects.filter(code="P0123").update(rvu=2)
    before = everything()
    with pytest.raises(UndoError) as told:
        take_back()
    words = "Procedure P0123 CT head was changed again since by bob; "
    assert str(told.value) == words + NOTHING_DONE
    assert everything() == before
    assert AuditEvent.objects.filter(request_id="undo of r1").count() == 0


def test_several_rows_changed_since_are_counted() -> None:
    add(10)
    with acting_as(BOB, "r2"):
        Procedure.objects.filter(code__in=("P0003", "P0007", "P0008")).update(rvu=2)
    with pytest.raises(UndoError) as told:
        take_back()
    words = "Procedure P0003 CT head and 2 more were changed again since; "
    assert str(told.value) == words + NOTHING_DONE


def test_a_row_that_somebody_deleted_since_is_told_by_its_name() -> None:
    add(10)
    with acting_as(BOB, "r2"):
        ProcedureAlias.objects.filter(local_code="P0004-B").delete()
    with pytest.raises(UndoError) as told:
        take_back()
    words = "Procedure alias P0004-B was changed again since by bob; "
    assert str(told.value) == words + NOTHING_DONE


def test_a_row_whose_name_is_made_of_one_that_is_gone_is_told_by_its_number() -> None:
    shift = ShiftFactory.create()
    row = RosterAssignment.objects.create(
        shift=shift, radiologist=RadiologistFactory.create(), start_date=date(2026, 1, 1)
    )
    with acting_as(ANN, "r1"):
        RosterAssignment.objects.update(end_date=date(2026, 2, 1))
    number = row.pk
    with acting_as(BOB, "r2"):
        shift.delete()
    with pytest.raises(UndoError) as told:
        take_back()
    words = f"Roster assignment {number} was changed again since by bob; "
    assert str(told.value) == words + NOTHING_DONE


def test_somebody_between_two_writes_of_the_same_request_is_not_written_over() -> None:
    cluster = ClusterFactory.create(name="Old")
    for actor, name in ((ANN, "Ann's"), (BOB, "Bob's"), (ANN, "Ann's again")):
        with acting_as(actor, "r1" if actor is ANN else "r2"):
            Cluster.objects.update(name=name)
    with pytest.raises(UndoError) as told:
        take_back()
    assert str(told.value) == f"Cluster Ann's was changed again since by bob; {NOTHING_DONE}"
    cluster.refresh_from_db()
    assert cluster.name == "Ann's again"


def test_one_taken_place_among_many_keeps_all_deleted() -> None:
    add(50, "r0")
    with acting_as(ANN, "r1"):
        Procedure.objects.all().delete()
    with acting_as(BOB, "r2"):
        ProcedureFactory.create(code="P0031")
    with pytest.raises(UndoError, match="took its place"):
        take_back()
    assert (Procedure.objects.count(), ProcedureAlias.objects.count()) == (1, 0)


def test_more_than_undo_takes_back_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.audit.services.undo.MOST_UNDONE", 6)
    add(2, "r1")
    add(3, "r2", first=2)
    with pytest.raises(UndoError) as told:
        take_back("r2")
    assert str(told.value) == "More than 6 rows were changed; Undo takes back no more."
    assert take_back("r1") == 6


# -- what is told of it ------------------------------------------------------------------------


def test_the_trail_tells_of_each_row_and_versions_rise() -> None:
    AssignmentRule.objects.bulk_create(
        AssignmentRule(name=f"R{n}", priority_order=n, action_type="EXCLUDE") for n in range(3)
    )
    with acting_as(ANN, "r1"):
        AssignmentRule.objects.update(name=Concat("name", "name"))
    changed = AuditEvent.objects.filter(request_id="r1").order_by("id")
    take_back()
    told = AuditEvent.objects.filter(request_id="undo of r1")
    expected = [
        (str(ANN), "update", event.entity_id, event.new_values, event.old_values)
        for event in changed
    ]
    columns = ("actor", "action", "entity_id", "old_values", "new_values")
    assert sorted(told.values_list(*columns), key=lambda row: row[2]) == sorted(
        expected, key=lambda row: row[2]
    )
    assert list(RuleVersion.objects.values_list("version", flat=True)) == [3, 2, 1] * 3


def test_rows_known_by_a_text_are_found() -> None:
    readers = [RadiologistFactory.create(seniority_years=n) for n in range(5)]
    before = everything()
    with acting_as(ANN, "r1"):
        Radiologist.objects.update(seniority_years=F("seniority_years") + 1)
    assert take_back() == len(readers)
    assert everything() == before


# -- cost --------------------------------------------------------------------------------------


def test_it_takes_as_many_statements_for_many_rows_as_for_few() -> None:
    counts = []
    for number, first in ((1, 0), (200, 1)):
        add(number, f"add {number}", first)
        with CaptureQueriesContext(connection) as queries:
            take_back(f"add {number}")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


def test_shifts_and_their_sites_in_turn_are_still_few_statements() -> None:
    site, counts = SiteFactory.create(), []
    for number in (1, 30):
        with acting_as(ANN, f"add {number}"):
            for _ in range(number):
                ShiftSite.objects.create(shift=ShiftFactory.create(all_sites=False), site=site)
        with CaptureQueriesContext(connection) as queries:
            assert take_back(f"add {number}") == number * 2
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_many_rows_of_ones_own_sites_cost_no_look_at_each_and_one_foreign_keeps_all() -> None:
    here, elsewhere = SiteFactory.create(), SiteFactory.create()
    of_here = Access({Permission.SHIFT_CHANGE: Scope(site_ids=frozenset({here.pk}))})
    counts = []
    for number in (1, 30):
        shifts = [ShiftFactory.create(all_sites=False, is_active=True) for _ in range(number)]
        ShiftSite.objects.bulk_create(ShiftSite(shift=shift, site=here) for shift in shifts)
        with acting_as(ANN, f"r{number}"):
            Shift.objects.filter(pk__in=[shift.pk for shift in shifts]).update(is_active=False)
        with CaptureQueriesContext(connection) as queries:
            assert take_back(f"r{number}", access=of_here) == number
        counts.append(len(queries))
    assert counts[0] == counts[1]

    with acting_as(ANN, "again"):
        Shift.objects.update(is_active=False)
    with acting_as(BOB, "bob's"):
        ShiftSite.objects.create(shift=shifts[17], site=elsewhere)
    with pytest.raises(UndoError, match="cannot be taken back"):
        take_back("again", access=of_here)
    assert Shift.objects.filter(is_active=True).count() == 0
