"""Turns that are handed over: exact to the minute, through nights and changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

import pytest

from apps.core.access import EVERYWHERE
from apps.roster.models import Radiologist, RosterOverride, Rotation, RotationTurn, Shift
from apps.roster.queries.standing_in import records_of, wall_from
from apps.roster.queries.take_over import Left, Period, Until, left_by
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory

pytestmark = pytest.mark.db

BERLIN, BRISBANE = "Europe/Berlin", "Australia/Brisbane"


@pytest.mark.parametrize(
    ("at", "zone", "wall"),
    [
        (datetime(2026, 2, 4, 2, 30, 59, tzinfo=UTC), BRISBANE, "12:30"),
        # The clocks go back at 01:00 UTC, from 03:00 to 02:00: 02:40 will be shown twice.
        (datetime(2026, 10, 25, 0, 40, tzinfo=UTC), BERLIN, "02:00"),
        (datetime(2026, 10, 25, 1, 40, tzinfo=UTC), BERLIN, "02:40"),
        (datetime(2026, 10, 24, 23, 40, tzinfo=UTC), BERLIN, "01:40"),
        (datetime(2026, 3, 29, 1, 10, tzinfo=UTC), BERLIN, "03:10"),
    ],
    ids=["seconds", "first of two", "second of two", "before both", "after the skip"],
)
def test_hours_begin_with_the_minute_and_leave_no_gap(at: datetime, zone: str, wall: str) -> None:
    assert f"{wall_from(at, zone):%H:%M}" == wall


def _person(id_: str) -> Radiologist:
    found: Radiologist = RadiologistFactory.create(id=id_, family_name=id_)
    return found


def _on(shift: Shift, *people: Radiologist) -> None:
    for person in people:
        RosterAssignmentFactory.create(shift=shift, radiologist=person)


def _handed(left: Left, *takers: Radiologist, is_sent_away: bool = True) -> list[str]:
    chosen = {turns.shift.pk: takers for turns in left.turns}
    records = records_of(
        left, chosen, not_partners=(), is_sent_away=is_sent_away, note="Taken ill"
    )
    return [_words(record) for record in records]


def _words(record: RosterOverride) -> str:
    hours = ""
    if record.start_local is not None and record.end_local is not None:
        hours = f" {record.start_local:%H:%M}-{record.end_local:%H:%M}"
    who = f"{record.radiologist_id}>{record.taker_id}" if record.taker else record.radiologist_id
    return f"{record.kind} {who} {record.start_date:%d}-{record.end_date:%d}{hours}"


def _left(
    at: datetime, until: Until = Until.TURN, *, zone: str = BRISBANE, until_on: date | None = None
) -> Left:
    period = Period(at, zone, until, until_on=until_on)
    return left_by(Radiologist.objects.get(pk="ILL"), period, scope=EVERYWHERE)


@pytest.fixture
def ill(db: None) -> Radiologist:  # noqa: ARG001 -- a fixture for its effect
    return _person("ILL")


def test_a_night_that_began_yesterday_is_handed_over_to_its_end(ill: Radiologist) -> None:
    _on(ShiftFactory.create(start_local=time(22), end_local=time(7)), ill)
    at = datetime(2026, 2, 3, 18, 30, tzinfo=UTC)  # 04:30 on the 4th

    assert _handed(_left(at), _person("WELL")) == [
        "leave ILL 04-04 04:30-07:00",
        "swap ILL>WELL 03-03 04:30-07:00",
    ]


def test_today_reaches_to_the_end_of_tonights_turn(ill: Radiologist) -> None:
    _on(ShiftFactory.create(start_local=time(22), end_local=time(7)), ill)
    at = datetime(2026, 2, 4, 4, 0, tzinfo=UTC)  # 14:00

    assert _handed(_left(at, Until.TODAY), _person("WELL")) == [
        "leave ILL 04-04 14:00-07:00",
        "swap ILL>WELL 04-04",
    ]


def test_a_turn_of_a_day_and_a_night_takes_leave_of_two_pieces(ill: Radiologist) -> None:
    _on(ShiftFactory.create(start_local=time(18), end_local=time(18)), ill)
    at = datetime(2026, 2, 4, 4, 0, tzinfo=UTC)  # 14:00, on the turn of the 3rd

    assert _handed(_left(at, Until.TODAY), _person("WELL")) == [
        "leave ILL 04-04 14:00-14:00",
        "leave ILL 05-05 14:00-18:00",
        "swap ILL>WELL 03-03 14:00-18:00",
        "swap ILL>WELL 04-04",
    ]


def test_the_first_hour_of_two_is_handed_over_without_a_gap(ill: Radiologist) -> None:
    shift = ShiftFactory.create(start_local=time(22), end_local=time(7), time_zone=BERLIN)
    _on(shift, ill)
    at = datetime(2026, 10, 25, 0, 40, tzinfo=UTC)
    left = _left(at, zone=BERLIN)
    well = _person("WELL")

    records = records_of(
        left, {shift.pk: [well]}, not_partners=(), is_sent_away=False, note="Taken ill"
    )
    after = left.plan.with_changes(plus=records)
    (run,) = (one for one in after.runs_from(date(2026, 10, 24), 1))

    people = {
        minute: part.people
        for minute in (0, 40, 90, 200)
        for part in run.stretches
        if part.start_at <= at.replace(hour=minute // 60, minute=minute % 60) < part.end_at
    }
    assert people == {0: ("WELL",), 40: ("WELL",), 90: ("WELL",), 200: ("WELL",)}


def test_what_was_given_away_before_is_left_alone(ill: Radiologist) -> None:
    shift = ShiftFactory.create(start_local=time(8), end_local=time(18))
    _on(shift, ill)
    other = _person("OTHER")
    day = {"kind": "swap", "shift": shift, "radiologist": ill, "taker": other}
    RosterOverride.objects.create(**day, start_date=date(2026, 2, 6), end_date=date(2026, 2, 6))
    RosterOverride.objects.create(
        **day,
        start_date=date(2026, 2, 7),
        end_date=date(2026, 2, 7),
        start_local=time(12),
        end_local=time(18),
    )
    at = datetime(2026, 2, 4, 12, 0, tzinfo=UTC)  # 22:00
    left = _left(at, Until.DATE, until_on=date(2026, 2, 8))

    assert _handed(left, _person("WELL"), is_sent_away=False) == [
        "swap ILL>WELL 05-05",
        "swap ILL>WELL 07-07 08:00-12:00",
        "swap ILL>WELL 08-08",
    ]


def test_turns_of_a_rotation_are_handed_over(ill: Radiologist) -> None:
    shift = ShiftFactory.create(start_local=time(8), end_local=time(18))
    rotation = Rotation.objects.create(shift=shift, start_date=date(2026, 2, 2), unit="days")
    for position, person in enumerate((ill, _person("OTHER"))):
        RotationTurn.objects.create(rotation=rotation, position=position, radiologist=person)
    at = datetime(2026, 2, 3, 23, 0, tzinfo=UTC)  # 09:00 on the 4th, which is ILL's
    left = _left(at, Until.DATE, until_on=date(2026, 2, 6))

    assert _handed(left, _person("WELL"), is_sent_away=False) == [
        "swap ILL>WELL 04-04 09:00-18:00",
        "swap ILL>WELL 06-06",
    ]


def test_the_second_taker_joins_and_who_is_there_already_needs_no_record(
    ill: Radiologist,
) -> None:
    shift = ShiftFactory.create(start_local=time(8), end_local=time(18))
    there = _person("THERE")
    _on(shift, ill, there)
    left = _left(datetime(2026, 2, 4, 2, 0, tzinfo=UTC))

    assert _handed(left, _person("WELL"), _person("TWO"), there, is_sent_away=False) == [
        "swap ILL>WELL 04-04 12:00-18:00",
        "extra TWO 04-04 12:00-18:00",
    ]
