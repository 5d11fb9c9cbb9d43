"""How much people are rostered: true to the minute, counted once, after everything else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.catalog.models import HolidayCalendar
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
    Shift,
)
from apps.roster.queries.person import measured
from apps.roster.queries.rostered import Load, Rostered, loads, rota_of
from tests.factories import (
    AssignmentFactory,
    RadiologistFactory,
    RosterAssignmentFactory,
    ShiftFactory,
)
from tests.factories.times import NOON
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

MONDAY = date(2026, 2, 2)
SUNDAY = date(2026, 2, 8)
SATURDAY = date(2026, 2, 7)


def shift(start: int, end: int, **fields: object) -> Shift:
    return ShiftFactory.create(start_local=time(start), end_local=time(end), **fields)


def on(who: Radiologist, where: Shift, first: date, last: date | None, **fields: object) -> None:
    RosterAssignment.objects.create(
        radiologist=who, shift=where, start_date=first, end_date=last, **fields
    )


def load_of(who: Radiologist, today: date = date(2026, 2, 4)) -> Load:
    shifts = Shift.objects.filter(is_active=True).select_related("calendar")
    return loads([who.pk], rota_of(shifts, today=today))[who.pk]


def test_hours_nights_and_weekends_of_this_week_and_the_next_four() -> None:
    who = RadiologistFactory.create()
    on(who, shift(8, 16), MONDAY, date(2026, 2, 6))
    on(who, shift(22, 6), SATURDAY, SUNDAY)
    on(who, shift(8, 18), date(2026, 2, 9), date(2026, 3, 8), weekdays=[1, 2])
    # The week before and the fifth after are not looked at.
    on(who, shift(0, 0), date(2026, 1, 1), date(2026, 2, 1))
    on(who, shift(0, 0), date(2026, 3, 9), None)
    found = load_of(who)
    assert found.this_week == Rostered(Decimal(56), nights=2, weekend_days=2)
    assert found.next_weeks == Rostered(Decimal(80), nights=0, weekend_days=0)
    assert found.next_per_week == Decimal(20)


def test_time_on_two_shifts_at_once_counts_once() -> None:
    who = RadiologistFactory.create()
    for start, end in ((8, 16), (12, 18), (20, 21)):
        on(who, shift(start, end), MONDAY, MONDAY)
    assert load_of(who).this_week.hours == Decimal(11)


def test_leave_other_work_and_swaps_are_taken_off_and_extra_turns_added() -> None:
    who, taker = RadiologistFactory.create(), RadiologistFactory.create()
    day = shift(8, 16)
    on(who, day, MONDAY, date(2026, 2, 5))
    common = {"radiologist": who, "status": "active"}
    tuesday, wednesday = date(2026, 2, 3), date(2026, 2, 4)
    RosterOverride.objects.create(**common, kind="leave", start_date=MONDAY, end_date=MONDAY)
    RosterOverride.objects.create(
        **common, kind="swap", shift=day, taker=taker, start_date=tuesday, end_date=tuesday
    )
    RosterOverride.objects.create(
        **common,
        kind="other_work",
        start_date=wednesday,
        end_date=wednesday,
        start_local=time(13),
        end_local=time(14, 30),
        time_zone="Australia/Brisbane",
    )
    RosterOverride.objects.create(
        **common, kind="extra", shift=shift(18, 20), start_date=wednesday, end_date=wednesday
    )
    assert load_of(who).this_week.hours == Decimal("16.5")
    assert load_of(taker).this_week.hours == Decimal(8)


def test_the_night_on_which_the_clock_goes_back_is_an_hour_longer() -> None:
    who = RadiologistFactory.create()
    night = shift(23, 7, time_zone="Australia/Sydney")
    on(who, night, date(2026, 4, 4), date(2026, 4, 4))
    on(who, night, date(2026, 10, 3), date(2026, 10, 3))
    assert load_of(who, date(2026, 4, 1)).this_week == Rostered(Decimal(9), 1, 2)
    assert load_of(who, date(2026, 9, 30)).this_week == Rostered(Decimal(7), 1, 2)


def test_turns_of_a_rotation_count() -> None:
    who, other = RadiologistFactory.create(), RadiologistFactory.create()
    rotation = Rotation.objects.create(shift=shift(8, 16), start_date=MONDAY)
    for position, one in enumerate((who, other)):
        RotationTurn.objects.create(rotation=rotation, position=position, radiologist=one)
    found = load_of(who)
    assert (found.this_week.hours, found.next_weeks.hours) == (Decimal(56), Decimal(112))


def test_a_turn_counts_in_the_week_in_which_it_starts() -> None:
    who = RadiologistFactory.create()
    on(who, shift(22, 6), SUNDAY, SUNDAY)
    found = load_of(who)
    assert (found.this_week.hours, found.next_weeks.hours) == (Decimal(8), Decimal(0))


def test_somebody_on_no_shift_has_no_hours() -> None:
    assert load_of(RadiologistFactory.create()) == Load()


def test_what_was_read_is_compared_with_its_target() -> None:
    who = RadiologistFactory.create(target_hours_per_week=40, target_rvu_per_week=50)
    for days, rvu in ((1, "2.5"), (6.9, "4"), (7.1, "100")):
        AssignmentFactory.create(
            radiologist=who,
            state="preliminary",
            completed_at=NOON - timedelta(days=days),
            turnaround_seconds=60,
            rvu=Decimal(rvu),
        )
    who = Radiologist.objects.get(pk=who.pk)
    found = measured([who], rota_of([], today=NOON.date()), at=NOON)[who.pk]
    assert (found.rvu_read, found.target_rvu, found.over_hours) == (
        Decimal("6.5"),
        Decimal(50),
        Decimal(-40),
    )


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def test_the_list_and_the_page_say_hours_against_the_target(manager: Client) -> None:
    user = person(Role.RADIOLOGIST)
    who = RadiologistFactory.create(user=user, target_hours_per_week=Decimal("37.5"))
    on(who, shift(8, 18), MONDAY, date(2026, 2, 6))
    with time_machine.travel(NOON, tick=False):
        (row,) = manager.get("/radiologists/").context["page"].rows
        pages = [
            manager.get("/radiologists/"),
            manager.get(f"/radiologists/{who.pk}/"),
            client_of(user).get("/my-list/competencies/"),
        ]
    assert (row.measured.load.this_week.hours, row.measured.over_hours) == (
        Decimal(50),
        Decimal("12.5"),
    )
    for shown in pages:
        assert "12.5 over" in shown.content.decode()


def test_targets_of_everybody_cost_no_more_queries(manager: Client) -> None:
    calendar = HolidayCalendar.objects.create(code="QLD", name="Queensland", country="AU")

    def one_more() -> None:
        row = RosterAssignmentFactory.create(
            shift__calendar=calendar, radiologist__target_rvu_per_week=40
        )
        rotation = Rotation.objects.create(shift=row.shift, start_date=MONDAY)
        RotationTurn.objects.create(rotation=rotation, position=0, radiologist=row.radiologist)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert manager.get("/radiologists/").status_code == 200
        return len(captured)

    one_more()
    few = cost()
    for _ in range(30):
        one_more()
    assert cost() == few <= 15


def test_now_is_told_by_the_same_roster() -> None:
    who = RadiologistFactory.create()
    where = shift(12, 13, code="NOON", time_zone="Australia/Brisbane")
    on(who, where, NOON.astimezone(ZoneInfo("Australia/Brisbane")).date(), None)
    client = signed_in(Role.MANAGER)
    start = datetime.combine(
        NOON.astimezone(ZoneInfo("Australia/Brisbane")).date(),
        time(12),
        ZoneInfo("Australia/Brisbane"),
    )
    seen = []
    for minutes in (-1, 0, 59, 60):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            (row,) = client.get("/radiologists/").context["page"].rows
            seen.append([one.code for one in row.shifts])
    assert seen == [[], ["NOON"], ["NOON"], []]
