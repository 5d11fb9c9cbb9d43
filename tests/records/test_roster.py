"""What the tables of people, shifts and rosters refuse, whoever writes to them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from apps.roster.models import RosterAssignment, RosterOverride, Shift, ShiftSite, Workload
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.times import NOON
from tests.records.refusals import changed, refusal

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=1)
DAY = date(2026, 2, 4)


@pytest.mark.parametrize(
    ("start", "end", "status", "refused"),
    [
        (date(2026, 1, 10), date(2026, 1, 20), "active", True),
        (date(2026, 1, 31), None, "active", True),
        (date(2025, 12, 1), date(2026, 1, 1), "active", True),
        (date(2026, 2, 1), None, "active", False),
        (date(2025, 12, 1), date(2025, 12, 31), "active", False),
        (date(2026, 1, 10), None, "cancelled", False),
    ],
    ids=["inside", "last day", "first day", "day after", "day before", "cancelled"],
)
def test_active_roster_rows_of_one_person_on_one_shift_share_no_day(
    start: date, end: date | None, status: str, *, refused: bool
) -> None:
    row = RosterAssignmentFactory.create(start_date=date(2026, 1, 1), end_date=date(2026, 1, 31))
    again = refusal(
        lambda: RosterAssignment.objects.create(
            shift=row.shift,
            radiologist=row.radiologist,
            start_date=start,
            end_date=end,
            status=status,
        )
    )
    assert again == ("roster_rows_do_not_overlap" if refused else "")


def test_roster_rows_may_overlap_within_a_transaction_that_ends_without() -> None:
    first = RosterAssignmentFactory.create(start_date=date(2026, 1, 1))

    def replace() -> None:
        RosterAssignmentFactory.create(
            shift=first.shift, radiologist=first.radiologist, start_date=date(2026, 3, 1)
        )
        RosterAssignment.objects.filter(pk=first.pk).update(end_date=date(2026, 2, 28))

    assert refusal(replace) == ""
    assert RosterAssignment.objects.count() == 2


def test_roster_row_does_not_end_before_it_starts() -> None:
    row = RosterAssignmentFactory.create(start_date=DAY)
    assert changed(row, end_date=DAY) == ""
    assert changed(row, end_date=DAY - timedelta(days=1)) == "roster_ends_after_start"


@pytest.mark.parametrize(
    ("kind", "has_shift", "has_taker", "refused"),
    [
        ("leave", False, False, False),
        ("leave", True, False, True),
        ("leave", False, True, True),
        ("swap", True, True, False),
        ("swap", True, False, True),
        ("swap", False, True, True),
        ("extra", True, False, False),
        ("extra", False, False, True),
        ("extra", True, True, True),
    ],
)
def test_override_has_the_fields_of_its_kind(
    kind: str, *, has_shift: bool, has_taker: bool, refused: bool
) -> None:
    shift, taker = ShiftFactory.create(), RadiologistFactory.create()
    found = refusal(
        lambda: RosterOverride.objects.create(
            kind=kind,
            radiologist=RadiologistFactory.create(),
            shift=shift if has_shift else None,
            taker=taker if has_taker else None,
            start_date=DAY,
            end_date=DAY,
        )
    )
    assert found == ("override_fields_fit_its_kind" if refused else "")


def test_nobody_swaps_with_themselves_or_backwards_in_time() -> None:
    person = RadiologistFactory.create()
    row = RosterOverride.objects.create(
        kind="swap",
        radiologist=person,
        shift=ShiftFactory.create(),
        taker=RadiologistFactory.create(),
        start_date=DAY,
        end_date=DAY,
    )
    assert changed(row, taker=person) == "swap_is_with_somebody_else"
    assert changed(row, end_date=DAY - timedelta(days=1)) == "override_ends_after_start"


def test_weekdays_are_iso_weekdays() -> None:
    shift = ShiftFactory.create()
    assert changed(shift, weekdays=[1, 7]) == ""
    assert changed(shift, weekdays=[0]) == "shift_weekdays_are_iso"
    assert changed(shift, weekdays=[8]) == "shift_weekdays_are_iso"


@pytest.mark.parametrize("field", ["open_stat", "open_urgent", "open_routine", "open_rvu"])
def test_workload_never_falls_below_nothing(field: str) -> None:
    workload = Workload.objects.get(radiologist=RadiologistFactory.create())
    assert changed(workload, **{field: -1}) == "workload_not_negative"


def test_radiologist_entered_by_raw_sql_has_a_workload_too() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO roster_radiologist (id, title, family_name, given_name, specialties,"
            " seniority_years, max_concurrent_studies, max_studies_per_hour, is_active, contact,"
            " email) VALUES ('DR_RAW', 'DR', 'Raw', '', '{}', 0, 20, 8, true, '', '')"
        )
    workload = Workload.objects.get(radiologist_id="DR_RAW")
    assert (workload.presence, workload.open_studies, workload.open_rvu) == ("unknown", 0, 0)


def test_listing_a_site_ends_all_sites_and_removing_it_does_not_bring_them_back() -> None:
    shift = ShiftFactory.create()
    row = ShiftSite.objects.create(shift=shift, site=SiteFactory.create())
    assert Shift.objects.get().all_sites is False
    row.delete()
    assert Shift.objects.get().all_sites is False
    ShiftSite.objects.bulk_create([ShiftSite(shift=shift, site=SiteFactory.create())])
    assert Shift.objects.get().all_sites is False
    assert refusal(
        lambda: ShiftSite.objects.create(shift=shift, site=shift.site_rows.get().site)
    ) == ("one_row_per_shift_and_site")
