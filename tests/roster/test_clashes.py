"""What does not go together in a roster, and that only what a change makes worse is told."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from apps.roster.effects.clashes import clash_effects, clash_words
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.queries.clashes import Clash, clashes, clashes_of_change
from apps.roster.queries.plan import plan_of
from tests.roster.scene import placed_shift, reader, seat

pytestmark = pytest.mark.db

MONDAY = date(2026, 2, 2)
SUNDAY = date(2026, 2, 8)
AT = datetime(2026, 2, 1, 0, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
_AWAY = "Ann is on leave during 3 turns of theirs: DAY on Mon 2 Feb, DAY on Tue 3 Feb and 1 more."


def told(found: Iterable[Clash]) -> list[tuple[str, str, list[str], timedelta]]:
    return [
        (clash.kind.value, clash.person.pk, [run.shift.code for run in clash.runs], clash.by)
        for clash in found
    ]


def found_in(*people: Radiologist, first: date = MONDAY, last: date = SUNDAY) -> list[Clash]:
    plan = plan_of(Shift.objects.all(), first - timedelta(days=3), last + timedelta(days=9))
    return clashes(plan, people, first_on=first, last_on=last, at=AT)


def made_worse(*plus: RosterAssignment | RosterOverride) -> list[Clash]:
    return clashes_of_change([], plus, first_on=MONDAY, last_on=SUNDAY, at=AT)


def row(shift: Shift, person: Radiologist, on: date, last: date | None = None) -> RosterAssignment:
    return RosterAssignment(shift=shift, radiologist=person, start_date=on, end_date=last or on)


def test_somebody_rostered_round_the_clock_has_no_stretch_to_compare() -> None:
    ann = reader("ANN")
    seat(placed_shift("ALL", start_local=time(0), end_local=time(0)), ann)
    assert found_in(ann) == []


def test_back_to_back_and_overlapping_shifts_are_one_stretch_and_a_pause_within_a_run_no_rest() -> (
    None
):
    ann = reader("ANN", min_rest_hours=Decimal(11))
    for code, start, end in (("A", 8, 12), ("B", 12, 16), ("C", 14, 18)):
        seat(placed_shift(code, start_local=time(start), end_local=time(end)), ann)
    RosterOverride.objects.create(
        kind="leave",
        radiologist=ann,
        start_date=MONDAY,
        end_date=MONDAY,
        start_local=time(9),
        end_local=time(10),
        time_zone="Australia/Brisbane",
    )
    assert [clash[0] for clash in told(found_in(ann))] == ["away"]


def test_a_night_and_the_next_morning_leave_too_little_rest() -> None:
    ann = reader("ANN", min_rest_hours=Decimal(11))
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    day = placed_shift("DAY", start_local=time(10), end_local=time(18))
    seat(night, ann, start_date=MONDAY, end_date=MONDAY)
    (clash,) = made_worse(row(day, ann, date(2026, 2, 3)))
    assert told([clash]) == [("rest", "ANN", ["NIGHT", "DAY"], 7 * HOUR)]
    assert clash_words(clash) == (
        "Ann rests less than 11 h: 4 h between NIGHT and DAY on Tue 3 Feb 10:00."
    )


def test_who_looks_for_no_rest_and_who_is_switched_off_have_no_clash() -> None:
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6))
    day = placed_shift("DAY", start_local=time(10), end_local=time(18))
    ann, off = reader("ANN", min_rest_hours=None), reader("OFF", is_active=False)
    for person in (ann, off):
        seat(night, person, start_date=MONDAY, end_date=MONDAY)
    plus = [row(day, person, date(2026, 2, 3)) for person in (ann, off)]
    assert made_worse(*plus) == []


def test_two_places_at_once_is_a_clash_only_where_a_shift_is_exclusive() -> None:
    ann = reader("ANN")
    ward, board = placed_shift("WARD"), placed_shift("BOARD", start_local=time(14))
    seat(ward, ann, start_date=MONDAY, end_date=MONDAY)
    assert made_worse(row(board, ann, MONDAY)) == []
    Shift.objects.filter(pk=board.pk).update(is_exclusive=True)
    board.refresh_from_db()
    (clash,) = made_worse(row(board, ann, MONDAY))
    assert told([clash]) == [("two_places", "ANN", ["WARD", "BOARD"], 2 * HOUR)]
    assert [(one.tone, one.words) for one in clash_effects([clash])] == [
        ("alarm", "Ann would be in two places at once: WARD and BOARD on Mon 2 Feb for 2 h.")
    ]


def test_the_hours_of_a_week_over_the_target_count_overlapping_work_once() -> None:
    ann = reader("ANN", target_hours_per_week=Decimal(40), min_rest_hours=None)
    seat(placed_shift("DAY", weekdays=[1, 2, 3, 4, 5]), ann)
    seat(placed_shift("TWIN", weekdays=[1, 2, 3, 4, 5]), ann)
    assert found_in(ann) == []
    saturday = placed_shift("SAT", weekdays=[6])
    (clash,) = made_worse(row(saturday, ann, date(2026, 2, 7)))
    assert (clash.kind.value, clash.by) == ("hours", 8 * HOUR)
    assert clash_words(clash) == (
        "Ann works more than the 40 h a week that are their target: "
        "8 h more in the week of Mon 2 Feb."
    )


def test_a_turn_given_on_days_of_leave_is_named_with_its_days() -> None:
    ann, day = reader("ANN"), placed_shift("DAY")
    RosterOverride.objects.create(
        kind="leave", radiologist=ann, start_date=MONDAY, end_date=date(2026, 2, 4)
    )
    found = made_worse(row(day, ann, MONDAY, SUNDAY))
    assert [(one.tone, one.words) for one in clash_effects(found)] == [
        (
            "warn",
            _AWAY,
        )
    ]


def test_what_was_there_before_is_not_told_again_and_what_gets_better_neither() -> None:
    ann = reader("ANN", min_rest_hours=Decimal(11))
    night = placed_shift("NIGHT", start_local=time(22), end_local=time(6), weekdays=[1])
    early = placed_shift("EARLY", start_local=time(10), end_local=time(18), weekdays=[2])
    late = placed_shift("LATE", start_local=time(12), end_local=time(18), weekdays=[2])
    seat(night, ann)
    morning = seat(early, ann)
    other = placed_shift("OTHER", weekdays=[5])
    assert made_worse(row(other, ann, date(2026, 2, 6))) == []
    better = row(late, ann, date(2026, 2, 3))
    found = clashes_of_change([morning], [better], first_on=MONDAY, last_on=SUNDAY, at=AT)
    assert found == []


def test_what_ended_is_left_alone() -> None:
    ann = reader("ANN", min_rest_hours=Decimal(11))
    seat(placed_shift("NIGHT", start_local=time(22), end_local=time(6), weekdays=[1]), ann)
    seat(placed_shift("DAY", start_local=time(10), end_local=time(18), weekdays=[2]), ann)
    plan = plan_of(Shift.objects.all(), MONDAY - timedelta(days=3), SUNDAY + timedelta(days=9))
    later = datetime(2026, 2, 4, tzinfo=UTC)
    assert clashes(plan, [ann], first_on=MONDAY, last_on=SUNDAY, at=later) == []
