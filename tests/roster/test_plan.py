"""Who is meant to be on which run, why, and who is away for which hours of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.plan import Run, plan_of
from apps.roster.queries.turns import roster_book, running, turns
from tests.roster.scene import WEDNESDAY, placed_shift, reader, rotate, seat

pytestmark = pytest.mark.db
ZONE = "Australia/Brisbane"
DAY = timedelta(days=1)


def runs(*shifts: Shift, first_on: date = WEDNESDAY, days: int = 1) -> list[Run]:
    return list(plan_of(shifts, first_on, first_on + (days - 1) * DAY).runs_from(first_on, days))


def away(
    person: Radiologist,
    kind: str,
    start: str,
    end: str,
    *,
    on: date = WEDNESDAY,
    time_zone: str = ZONE,
) -> RosterOverride:
    return RosterOverride.objects.create(
        kind=kind,
        radiologist=person,
        start_date=on,
        end_date=on,
        start_local=time.fromisoformat(start),
        end_local=time.fromisoformat(end),
        time_zone=time_zone,
    )


def hours(run: Run) -> list[str]:
    """Return the gaps on Brisbane's clock."""
    ten = timedelta(hours=10)
    return [f"{gap.start_at + ten:%H:%M}-{gap.end_at + ten:%H:%M}" for gap in run.gaps]


def test_a_seat_says_where_it_comes_from() -> None:
    shift = placed_shift("DAY")
    a, b, c, d = (reader(name) for name in "ABCD")
    row, rotation = seat(shift, a), rotate(shift, b)
    extra = RosterOverride.objects.create(
        kind="extra", shift=shift, radiologist=c, start_date=WEDNESDAY, end_date=WEDNESDAY
    )
    swap = RosterOverride.objects.create(
        kind="swap", shift=shift, radiologist=b, taker=d, start_date=WEDNESDAY, end_date=WEDNESDAY
    )

    [today, tomorrow] = runs(shift, days=2)

    assert [(one.person.pk, one.by, one.source.pk) for one in today.seats] == [
        ("A", "row", row.pk),
        ("C", "extra", extra.pk),
        ("D", "swap", swap.pk),
    ]
    assert [(one.person.pk, one.by, one.source.pk) for one in tomorrow.seats] == [
        ("A", "row", row.pk),
        ("B", "rotation", rotation.pk),
    ]


def test_the_leave_that_is_named_is_the_one_that_keeps_them_away() -> None:
    shift = placed_shift("DAY")
    person = reader("A")
    seat(shift, person)
    away(person, "leave", "17:00", "18:00")
    board = away(person, "other_work", "12:00", "13:00")

    [run] = runs(shift)
    [found] = run.seats

    assert (found.leave, found.is_present, hours(run)) == (board, True, ["12:00-13:00"])


def test_leave_is_named_before_other_work() -> None:
    shift = placed_shift("DAY")
    person = reader("A")
    seat(shift, person)
    away(person, "other_work", "09:00", "13:00")
    ill = away(person, "leave", "12:00", "13:00")

    [run] = runs(shift)

    assert (run.seats[0].leave, hours(run)) == (ill, ["09:00-13:00"])


def test_hours_away_after_midnight_reach_the_night_that_began_before() -> None:
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    person = reader("A")
    seat(night, person)
    away(person, "leave", "02:00", "04:00", on=WEDNESDAY + DAY)

    [run] = runs(night)

    assert hours(run) == ["02:00-04:00"]


def test_hours_away_of_another_zone_s_date_reach_the_run() -> None:
    shift = placed_shift("DAY")
    person = reader("A")
    seat(shift, person)
    # 18:00 on the 3rd in Honolulu is 14:00 on the 4th in Brisbane.
    away(person, "leave", "18:00", "19:00", on=WEDNESDAY - DAY, time_zone="Pacific/Honolulu")

    [run] = runs(shift)

    assert hours(run) == ["14:00-15:00"]


def test_a_person_switched_off_in_a_rotation_leaves_a_gap_and_nobody_none() -> None:
    shift = placed_shift("DAY")
    rotate(shift, reader("A", is_active=False), None, reader("B"), unit="days")

    three = runs(shift, first_on=date(2026, 1, 5), days=3)

    assert [(run.is_covered, run.is_meant_empty) for run in three] == [
        (False, False),
        (False, True),
        (True, False),
    ]


def test_a_plan_over_many_shifts_with_calendars_costs_the_same(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    ours = HolidayCalendar.objects.create(code="OURS", name="Ours")
    CalendarDay.objects.create(calendar=ours, on=WEDNESDAY, name="Closed")
    for number in range(12):
        shift = placed_shift(f"S{number}", calendar=ours, holiday_mode="rests")
        rotate(shift, reader(f"A{number}"))
    at = datetime(2026, 2, 3, 12, tzinfo=UTC)

    with django_assert_num_queries(8):
        found = runs(*Shift.objects.order_by("pk"), days=2)
    book = roster_book(WEDNESDAY, WEDNESDAY)
    with django_assert_num_queries(4):
        ahead = turns(Shift.objects.order_by("pk"), book, at, at + 2 * DAY)
    with django_assert_num_queries(9):
        now = running(Shift.objects.order_by("pk"), at + timedelta(hours=36))

    assert {run.start_on for run in found} == {WEDNESDAY + DAY}
    assert {turn.start_on for turn in ahead} == {WEDNESDAY + DAY}
    assert sorted(now) == sorted(f"S{number}" for number in range(12))
