"""What a change of the roster does, hour by hour."""

from __future__ import annotations

from copy import copy
from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.core.access import Scope
from apps.roster.effects.roster import effects_of
from apps.roster.models import Radiologist, RosterOverride, Shift
from apps.roster.queries.change import outlook, shifts_of
from apps.roster.queries.places import seen_people
from tests.factories.catalog import SiteFactory
from tests.roster.scene import WEDNESDAY, placed_shift, reader, rotate, seat

pytestmark = pytest.mark.db
AT = datetime(2026, 2, 3, 2, tzinfo=UTC)
"""Tuesday, noon in Brisbane."""


def hours_away(person: Radiologist, start: int, end: int, on: date = WEDNESDAY) -> RosterOverride:
    return RosterOverride(
        kind="other_work",
        radiologist=person,
        start_date=on,
        end_date=on,
        start_local=time(start),
        end_local=time(end),
        time_zone="Australia/Brisbane",
    )


def said(*plus: RosterOverride) -> list[tuple[str, str]]:
    return [(effect.tone, effect.words) for effect in effects_of([], plus, at=AT)]


@pytest.fixture
def day() -> Shift:
    return placed_shift("DAY")


def test_an_hour_that_nobody_is_left_for_is_named_with_its_hours(day: Shift) -> None:
    person = reader("ANN")
    seat(day, person)

    found = said(hours_away(person, 12, 13))

    assert ("alarm", "Nobody is left on DAY on Wed 4 Feb 12:00 to 13:00.") in found
    assert ("calm", "Ann is no longer on DAY on Wed 4 Feb 12:00 to 13:00.") in found


def test_an_hour_with_somebody_else_there_alarms_nobody(day: Shift) -> None:
    person = reader("ANN")
    seat(day, person)
    seat(day, reader("BEN"))

    found = said(hours_away(person, 12, 13))

    assert [tone for tone, _ in found if tone == "alarm"] == []
    assert ("calm", "Ann is no longer on DAY on Wed 4 Feb 12:00 to 13:00.") in found


def test_a_part_that_is_swapped_names_both_with_their_hours(day: Shift) -> None:
    giver, taker = reader("ANN"), reader("BEN")
    seat(day, giver)
    swap = RosterOverride(
        kind="swap",
        shift=day,
        radiologist=giver,
        taker=taker,
        start_date=WEDNESDAY,
        end_date=WEDNESDAY,
        start_local=time(14),
        end_local=time(20),
    )

    found = said(swap)

    assert ("calm", "Ben is on DAY on Wed 4 Feb 14:00 to 16:00.") in found
    assert ("calm", "Ann is no longer on DAY on Wed 4 Feb 14:00 to 16:00.") in found
    assert all(tone == "calm" for tone, _ in found)


def test_hours_away_after_midnight_count_for_the_night_that_began_before() -> None:
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    person = reader("ANN")
    seat(night, person)

    found = said(hours_away(person, 2, 3, on=WEDNESDAY + timedelta(days=1)))

    assert ("alarm", "Nobody is left on NIGHT on Wed 4 Feb 02:00 to 03:00.") in found


def test_leave_of_somebody_who_takes_turns_concerns_their_shift(day: Shift) -> None:
    person = reader("ANN")
    rotation = rotate(day, person, start_date=date(2026, 2, 2))
    rotate(placed_shift("OLD"), person, end_date=date(2026, 1, 11))
    leave = RosterOverride(
        kind="leave", radiologist=person, start_date=WEDNESDAY, end_date=WEDNESDAY
    )

    assert shifts_of(person, WEDNESDAY, WEDNESDAY) == [day]
    assert ("alarm", "Nobody is left on DAY on Wed 4 Feb.") in said(leave)
    assert rotation.turns.count() == 1


def test_a_row_that_changes_its_weekdays_changes_only_those_days(day: Shift) -> None:
    person = reader("ANN")
    row = seat(day, person)
    fewer = copy(row)
    fewer.weekdays = [1, 2, 3, 4, 5, 6]

    found = outlook([row], [fewer], at=AT)

    [change] = found.differences
    assert {part.start_on.isoweekday() for part in change.left[person]} == {7}
    assert all(part.is_whole for part in change.left[person])
    assert len(change.bared) == len(change.left[person]) == 4
    assert (list(change.joined), list(change.covered)) == ([], [])


def test_who_takes_turns_on_a_shift_that_one_may_change_is_seen() -> None:
    mine, other = SiteFactory.create(), SiteFactory.create()
    rotate(placed_shift("MINE", mine), reader("ANN", other), None)
    rotate(placed_shift("OTHER", other), reader("BEN", other))

    assert [person.pk for person in seen_people(Scope(site_ids=frozenset({mine.pk})))] == ["ANN"]
