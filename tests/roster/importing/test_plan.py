"""From a file to the rows that it comes to, and what becomes of the rows that were there."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime, time, timedelta

import pytest

from apps.catalog.models import Site
from apps.core.access import EVERYWHERE, Scope
from apps.roster.choices import NameKind
from apps.roster.exceptions import StaleRosterError
from apps.roster.importing import sources
from apps.roster.importing.entries import Entry, Problem, Reading
from apps.roster.importing.names import read_known
from apps.roster.importing.planning import plan_of
from apps.roster.importing.plans import RosterPlan
from apps.roster.importing.sources import Confirmed
from apps.roster.importing.turns import Resolver, Turn, Window
from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    RosterSource,
    Shift,
    ShiftSite,
)
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory, SiteFactory
from tests.factories.sources import MORNING

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("day_shift", "night", "lee", "wu")]


def keep(source: RosterSource, *rows: str, header: str = "person,shift,date,end date") -> None:
    sources.keep_file(source, "roster.csv", "\r\n".join([header, *rows]).encode(), at=MORNING)


def plan(source: RosterSource, scope: Scope = EVERYWHERE) -> RosterPlan:
    return plan_of(source, scope, at=MORNING)


def apply(source: RosterSource) -> RosterPlan:
    return sources.apply(source, EVERYWHERE, digest=plan(source).digest, at=MORNING)


def rows() -> list[str]:
    """Return all active rows as ``MRI1 DR_LEE 2026-02-09..2026-02-11``."""
    found = RosterAssignment.objects.filter(status="active").order_by(
        "shift__code", "radiologist", "start_date"
    )
    return [
        f"{row.shift.code} {row.radiologist_id} {row.start_date}..{row.end_date}" for row in found
    ]


def test_consecutive_days_become_one_row_and_the_same_file_changes_nothing(
    source: RosterSource,
) -> None:
    keep(
        source,
        "Ann Lee,MRI1,2026-02-09,",
        "DR_LEE,MRI Robina,2026-02-10,2026-02-11",
        "ann.lee@x.org,mri1,2026-02-16,",
    )
    apply(source)
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-11",
        "MRI1 DR_LEE 2026-02-16..2026-02-16",
    ]
    again = plan(source)
    assert (list(again.rows), again.same) == ([], 4)


def test_what_a_newer_file_says_is_added_changed_and_taken_away(source: RosterSource) -> None:
    keep(
        source,
        "Lee Ann,MRI1,2026-02-09,2026-02-13",
        "Lee Ann,NIGHT,2026-02-16,",
        "Bo Wu,MRI1,2026-02-16,2026-02-20",
    )
    apply(source)
    keep(
        source,
        "Lee Ann,MRI1,2026-02-09,2026-02-15",
        "Bo Wu,NIGHT,2026-02-16,",
        "Bo Wu,MRI1,2026-02-16,2026-02-20",
    )
    planned = plan(source)
    assert (len(planned.new), len(planned.changed), len(planned.gone)) == (1, 1, 1)
    assert (planned.added, planned.removed, planned.same) == (3, 1, 10)
    apply(source)
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-15",
        "MRI1 DR_WU 2026-02-16..2026-02-20",
        "NIGHT DR_WU 2026-02-16..2026-02-16",
    ]


def test_rows_outside_of_the_files_days_and_of_other_hands_stay(
    source: RosterSource, day_shift: Shift, wu: Radiologist
) -> None:
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-20")
    apply(source)
    RosterAssignmentFactory.create(
        shift=day_shift, radiologist=wu, start_date=date(2026, 2, 1), end_date=date(2026, 2, 28)
    )
    keep(source, "Ann Lee,MRI1,2026-02-12,", "Bo Wu,MRI1,2026-02-13,")
    planned = plan(source)
    assert (planned.held, planned.removed) == (1, 1)
    apply(source)
    # The file speaks of the 12th and 13th alone.
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-12",
        "MRI1 DR_LEE 2026-02-14..2026-02-20",
        "MRI1 DR_WU 2026-02-01..2026-02-28",
    ]


def test_a_source_that_removes_nothing_only_adds(source: RosterSource) -> None:
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-10")
    apply(source)
    RosterSource.objects.update(removes_gone=False)
    source.refresh_from_db()
    keep(source, "Bo Wu,MRI1,2026-02-09,2026-02-10")
    planned = apply(source)
    assert (planned.kept, len(planned.gone)) == (2, 0)
    assert len(rows()) == 2


def test_the_past_is_left_alone_unless_it_is_wanted(source: RosterSource) -> None:
    keep(source, "Ann Lee,MRI1,2026-01-26,2026-02-03")
    assert (plan(source).added, plan(source).turns.past) == (1, 8)
    sources.choose(source, past=True)
    assert (plan(source).added, plan(source).turns.past) == (9, 0)


def test_a_name_is_the_same_however_its_letters_are_put_together(source: RosterSource) -> None:
    RadiologistFactory.create(id="DR_JM", given_name="Jörg", family_name="Müller")
    apart = unicodedata.normalize("NFD", "Dr Jörg Müller,MRI1,2026-02-09,")
    assert apart != "Dr Jörg Müller,MRI1,2026-02-09,"
    keep(source, apart)
    planned = plan(source)
    assert (planned.added, [*planned.turns.unknown]) == (1, [])


def test_a_turn_of_a_zone_that_nobody_knows_neither_comes_nor_goes(
    source: RosterSource, lee: Radiologist, day_shift: Shift
) -> None:
    at = datetime(2026, 2, 9, 22, tzinfo=UTC)
    hours = {"start_at": at, "end_at": at + timedelta(hours=8)}
    entry = Entry("MRI1: Lee", (lee.pk,), day_shift.code, **hours, doubt="Nobody knows when.")
    known = read_known(source, EVERYWHERE)
    window = Window(MORNING, date(2026, 2, 1), date(2026, 2, 28), takes_past=False)
    turns = Resolver(known, window, timedelta(hours=1)).resolve(Reading([entry]))
    assert (turns.found, [problem.why for problem in turns.problems]) == (
        {},
        ["Nobody knows when."],
    )
    assert turns.is_open(Turn(day_shift.pk, lee.pk, date(2026, 2, 10)))


def test_an_unknown_name_is_guessed_at_confirmed_and_remembered(
    source: RosterSource, lee: Radiologist
) -> None:
    keep(source, "Lee,MRI1,2026-02-09,", "OFF,MRI1,2026-02-09,")
    planned = plan(source)
    assert [(name.kind, name.text, name.where) for name in planned.turns.unknown.values()] == [
        (NameKind.PERSON, "Lee", "row 2"),
        (NameKind.PERSON, "OFF", "row 3"),
    ]
    assert planned.known.people.guesses("Lee") == [lee]
    sources.confirm(
        source,
        [Confirmed(NameKind.PERSON, "Lee", radiologist=lee), Confirmed(NameKind.PERSON, "OFF")],
    )
    keep(source, "lee ,MRI1,2026-02-10,", "Off,MRI1,2026-02-09,")
    planned = plan(source)
    assert (planned.added, len(planned.turns.unknown), planned.turns.ignored) == (1, 0, 1)


def test_two_people_of_one_name_are_not_told_apart_by_it(
    source: RosterSource, lee: Radiologist
) -> None:
    other = Radiologist.objects.create(id="DR_LEE_2", given_name="Ann", family_name="Lee")
    keep(source, "Ann Lee,MRI1,2026-02-09,")
    planned = plan(source)
    assert planned.known.people.guesses("Ann Lee") == [lee, other]
    assert (planned.added, len(planned.turns.unknown)) == (0, 1)


def test_what_is_not_understood_takes_nobody_off(source: RosterSource) -> None:
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-10")
    apply(source)
    keep(source, "Somebody,MRI1,2026-02-09,", "Ann Lee,WHAT,2026-02-10,")
    planned = plan(source)
    assert (list(planned.rows), planned.kept) == ([], 2)


def test_hours_near_a_run_mean_all_of_it_and_others_a_part(source: RosterSource) -> None:
    keep(
        source,
        "Ann Lee,NIGHT,2026-02-09,21:30,06:30",
        "Ann Lee,MRI1,2026-02-10,08:00,12:00",
        "Ann Lee,MRI1,2026-02-11,20:00,23:00",
        header="person,shift,date,from,to",
    )
    planned = apply(source)
    assert rows() == ["NIGHT DR_LEE 2026-02-09..2026-02-09"]
    extra = RosterOverride.objects.get()
    assert (extra.kind, extra.start_date, extra.start_local, extra.end_local) == (
        "extra",
        date(2026, 2, 10),
        time(8),
        time(12),
    )
    assert planned.problems == [
        Problem(
            "row 4",
            "MRI1 does not run at that time; its nearest run is Wed 11 Feb 08:00 to 16:00.",
        )
    ]
    assert list(plan(source).rows) == []
    keep(
        source,
        "Ann Lee,NIGHT,2026-02-09,22:00,06:00",
        "Ann Lee,NIGHT,2026-02-10,22:00,06:00",
        header="person,shift,date,from,to",
    )
    apply(source)
    assert not RosterOverride.objects.exists()


def test_hours_alone_find_the_one_shift_that_has_them(source: RosterSource) -> None:
    header = "person,date,from,to"
    keep(source, "Ann Lee,2026-02-09,22:00,06:00", header=header)
    assert plan(source).added == 1
    ShiftFactory.create(code="NIGHT2", start_local=time(22), end_local=time(6))
    planned = plan(source)
    assert planned.added == 0
    assert [problem.why for problem in planned.problems] == [
        "Several shifts have these hours: NIGHT, NIGHT2."
    ]


def test_a_day_on_which_the_shift_does_not_run_is_told(source: RosterSource) -> None:
    ShiftFactory.create(code="WEEK", weekdays=[1, 2, 3, 4, 5])
    keep(source, "Ann Lee,WEEK,2026-02-14,", "Ann Lee,WEEK,2026-02-13,2026-02-16")
    planned = plan(source)
    assert planned.problems == [Problem("row 2", "WEEK does not run on Sat 14 Feb 2026.")]
    assert planned.added == 2


def test_leave_is_told_of(source: RosterSource, lee: Radiologist) -> None:
    RosterOverride.objects.create(
        kind="leave", radiologist=lee, start_date=date(2026, 2, 10), end_date=date(2026, 2, 11)
    )
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-12")
    assert plan(source).clashes == [
        Problem(
            "DR Ann Lee",
            "Is on leave on 10 Feb 2026 to 11 Feb 2026; 2 turns on MRI1 would be without them.",
        )
    ]


def test_a_row_with_a_pattern_stands_in_the_way_and_is_told(
    source: RosterSource, day_shift: Shift, lee: Radiologist
) -> None:
    RosterAssignmentFactory.create(
        shift=day_shift, radiologist=lee, start_date=date(2026, 2, 2), weekdays=[1]
    )
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-10")
    planned = plan(source)
    assert (planned.held, planned.added) == (1, 0)
    assert "stands in the way" in planned.problems[0].why


def test_shifts_of_other_sites_are_unknown(source: RosterSource, day_shift: Shift) -> None:
    own, other = SiteFactory.create(), SiteFactory.create()
    Site.objects.filter(pk=other.pk).update(is_active=True)
    ShiftSite.objects.create(shift=day_shift, site=other)
    keep(source, "DR_LEE,MRI1,2026-02-09,")
    found = plan(source, Scope(site_ids=frozenset({own.pk})))
    assert NameKind.SHIFT in {name.kind for name in found.turns.unknown.values()}
    assert list(found.rows) == []


def test_nothing_is_written_once_the_roster_is_another(
    source: RosterSource, day_shift: Shift, lee: Radiologist
) -> None:
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-12")
    shown = plan(source).digest
    RosterAssignmentFactory.create(
        shift=day_shift, radiologist=lee, start_date=date(2026, 2, 12), end_date=date(2026, 2, 12)
    )
    with pytest.raises(StaleRosterError):
        sources.apply(source, EVERYWHERE, digest=shown, at=MORNING)
    assert len(rows()) == 1


def test_a_row_that_somebody_stretched_by_hand_is_brought_back(source: RosterSource) -> None:
    keep(source, "Ann Lee,MRI1,2026-02-09,2026-02-10")
    apply(source)
    RosterAssignment.objects.update(end_date=None)
    keep(source, "Ann Lee,MRI1,2026-02-09,", "Ann Lee,MRI1,2026-02-12,")
    apply(source)
    # From the 13th on the file says nothing, so the row that somebody opened goes on.
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-09",
        "MRI1 DR_LEE 2026-02-12..None",
    ]


def test_the_whole_matrix_comes_with_a_cell_for_each_day(source: RosterSource) -> None:
    dates = [date(2026, 2, 9) + timedelta(days=ahead) for ahead in range(7)]
    header = ",".join(["Name", *map(str, dates)])
    keep(source, "Ann Lee,MRI1,MRI1,MRI1,,,NIGHT,NIGHT", "Bo Wu,,,,MRI1,MRI1,,", header=header)
    apply(source)
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-11",
        "MRI1 DR_WU 2026-02-12..2026-02-13",
        "NIGHT DR_LEE 2026-02-14..2026-02-15",
    ]


def test_shifts_down_are_told_from_people_by_what_is_known(source: RosterSource) -> None:
    keep(
        source,
        "MRI1,Ann Lee,Bo Wu,",
        "NIGHT,,,Ann Lee; Bo Wu",
        header="February,2026-02-09,2026-02-10,2026-02-11",
    )
    apply(source)
    assert rows() == [
        "MRI1 DR_LEE 2026-02-09..2026-02-09",
        "MRI1 DR_WU 2026-02-10..2026-02-10",
        "NIGHT DR_LEE 2026-02-11..2026-02-11",
        "NIGHT DR_WU 2026-02-11..2026-02-11",
    ]
