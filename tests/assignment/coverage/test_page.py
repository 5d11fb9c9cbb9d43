"""The coverage page: who sees which work, what is said of it, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.queries.coverage import Cell, Line
from apps.assignment.queries.coverage_gaps import Gap
from apps.catalog.models import CalendarDay, HolidayCalendar
from apps.engine.timeline.facts import Cover
from apps.roster.models import PlannedGap, RosterAssignment, RosterOverride
from tests.assignment.coverage.scene import WEDNESDAY, day_shift, on, place
from tests.factories.times import NOON
from tests.support.people import signed_in

pytestmark = [pytest.mark.db, pytest.mark.usefixtures("noon")]

PAGE = "/coverage/"
DAY_PAGE = f"{PAGE}?days=1&zone=Australia/Brisbane"
BRISBANE = "&zone=Australia/Brisbane"


@pytest.fixture
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER)


def shown(client: Client, address: str = DAY_PAGE) -> Any:  # noqa: ANN401 -- as the context has it
    return client.get(address).context["coverage"]


def covers(line: Line) -> str:
    """Return a line as marks: one for each column."""
    marks = {Cover.COVERED: "c", Cover.THIN: "t", Cover.OPEN: "o", Cover.MEANT: "."}
    return "".join(marks[cell.cover] for cell in line.cells)


def said(gap: Gap) -> tuple[Cover, list[str], list[str], list[str]]:
    return gap.cover, list(gap.works), list(gap.sites), list(gap.causes)


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_sees_the_roster_sees_its_coverage(role: Role) -> None:
    place("ROBINA")
    assert signed_in(role).get(PAGE).status_code == HTTPStatus.OK


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.REFERRING_PROVIDER])
def test_others_are_refused(role: Role) -> None:
    assert signed_in(role).get(PAGE).status_code == HTTPStatus.FORBIDDEN


def test_nobody_else_gets_in(client: Client) -> None:
    assert client.get(PAGE)["Location"] == f"/login/?next={PAGE}"
    assert signed_in(Role.MANAGER).post(PAGE).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_without_a_shift_it_says_that_none_reads_anything(manager: Client) -> None:
    place("ROBINA")
    assert "No shift reads anything here yet." in manager.get(PAGE).content.decode()


def test_where_every_planned_hour_has_somebody_everything_is_covered(manager: Client) -> None:
    place("ROBINA")
    on(day_shift(), "SMITH")
    assert "Everything is covered." in manager.get(PAGE).content.decode()
    [line] = shown(manager, DAY_PAGE + "&show=all").lines.rows
    assert (line.works, list(line.sites)) == (["MR"], ["ROBINA"])
    assert covers(line) == "." * 8 + "c" * 8 + "." * 8


def test_an_empty_shift_is_a_gap_in_the_grid_and_in_words(manager: Client) -> None:
    place("ROBINA")
    shift = day_shift()
    found = shown(manager)
    [line] = found.lines.rows
    assert (covers(line), line.open) == ("." * 8 + "o" * 8 + "." * 8, timedelta(hours=8))
    [gap] = found.gaps
    assert said(gap) == (Cover.OPEN, ["MR"], ["ROBINA"], ["nobody is rostered on Day"])
    assert (gap.shift_id, gap.start_on) == (shift.pk, WEDNESDAY)
    text = manager.get(DAY_PAGE).content.decode()
    assert "Wed 4 Feb 08:00 to 16:00" in text
    assert f"/roster/run/{shift.pk}/2026-02-04/could-fill/" in text


def test_leave_is_said_to_the_minute_and_by_name(manager: Client) -> None:
    place("ROBINA")
    smith = on(day_shift(), "SMITH", given_name="Jo")
    RosterOverride.objects.create(
        kind="leave",
        radiologist=smith,
        start_date=WEDNESDAY,
        end_date=WEDNESDAY,
        start_local="10:15",
        end_local="10:45",
        time_zone="Australia/Brisbane",
    )
    found = shown(manager)
    [line] = found.lines.rows
    assert covers(line) == "." * 8 + "cco" + "c" * 5 + "." * 8
    assert line.cells[10] == Cell(Cover.OPEN, list(found.gaps[0].spans))
    [gap] = found.gaps
    assert said(gap)[3] == ["DR Jo Smith is on leave from Day"]
    assert "10:15 to 10:45" in manager.get(PAGE + "?" + BRISBANE).content.decode()


def test_what_comes_again_every_day_is_one_gap_with_its_times(manager: Client) -> None:
    place("ROBINA")
    day_shift()
    gaps = shown(manager, f"{PAGE}?days=14{BRISBANE}").gaps
    # Monday and Tuesday are past, and told last.
    assert [len(gap.spans) for gap in gaps] == [12, 2]
    assert gaps[0].spans[0][0] < NOON < gaps[0].spans[0][1]


def test_an_intended_gap_is_no_gap_and_told_apart(manager: Client) -> None:
    place("ROBINA")
    PlannedGap.objects.create(
        shift=day_shift(), start_date=WEDNESDAY, end_date=WEDNESDAY, reason="Scanner upgrade"
    )
    found = shown(manager)
    assert (list(found.lines.rows), found.gaps) == ([], [])
    assert [meant.words for meant in found.meant] == ["Day is meant to be empty: Scanner upgrade"]
    assert "Scanner upgrade" in manager.get(DAY_PAGE).content.decode()


def test_a_day_off_is_named(manager: Client) -> None:
    place("ROBINA")
    calendar = HolidayCalendar.objects.create(code="OWN", name="Own")
    CalendarDay.objects.create(calendar=calendar, on=WEDNESDAY, kind="closure", name="Moving day")
    day_shift(calendar=calendar, holiday_mode="rests")
    assert [meant.words for meant in shown(manager).meant] == ["Day rests: Moving day"]


def test_work_that_is_covered_alike_is_one_line(manager: Client) -> None:
    sites = place("ROBINA"), place("TWEED")
    day_shift(code="A", work="CT")
    day_shift(code="B", work="MR")
    [line] = shown(manager).lines.rows
    assert (line.works, list(line.sites)) == (["CT", "MR"], [site.code for site in sites])


def test_a_change_shows_at_once(manager: Client) -> None:
    place("ROBINA")
    shift = day_shift()
    assert shown(manager).gaps
    on(shift, "SMITH")
    assert not shown(manager).gaps
    planned = PlannedGap.objects.create(
        shift=shift, start_date=WEDNESDAY, end_date=WEDNESDAY, reason="Audit"
    )
    RosterAssignment.objects.all().delete()
    assert not shown(manager).gaps
    planned.delete()
    assert shown(manager).gaps


def test_only_sites_of_the_viewer_are_looked_at() -> None:
    own, foreign = place("OWN"), place("FOREIGN")
    day_shift(own, code="HERE")
    day_shift(foreign, code="THERE", work="CT")
    day_shift(own, foreign, code="BOTH", work="US")
    local = signed_in(Role.MANAGER, site=own)
    found = shown(local)
    assert {site for line in found.lines.rows for site in line.sites} == {"OWN"}
    text = local.get(DAY_PAGE).content.decode()
    assert "FOREIGN" not in text
    assert "There" not in text
    # A filter leads no further than the scope does.
    narrowed = shown(local, DAY_PAGE + "&site=FOREIGN")
    assert {site for line in narrowed.lines.rows for site in line.sites} == {"OWN"}


def test_it_is_narrowed_by_site_and_modality(manager: Client) -> None:
    one, two = place("ONE"), place("TWO")
    day_shift(one, code="A", work="CT")
    day_shift(two, code="B", work="MR")
    by_site = shown(manager, DAY_PAGE + "&site=ONE").lines.rows
    assert [(line.works, list(line.sites)) for line in by_site] == [(["CT"], ["ONE"])]
    by_modality = shown(manager, DAY_PAGE + "&modality=MR").lines.rows
    assert [(line.works, list(line.sites)) for line in by_modality] == [(["MR"], ["TWO"])]


def test_work_that_no_shift_reads_at_a_site_is_told_once(manager: Client) -> None:
    one = place("ONE")
    place("TWO")
    on(day_shift(one), "SMITH")
    assert [(unread.words, list(unread.sites)) for unread in shown(manager).unread] == [
        ("MR", ["TWO"])
    ]


@pytest.mark.parametrize(
    ("on_day", "columns"),
    [("2026-04-05", 25), ("2026-10-04", 23), ("2026-02-04", 24)],
    ids=["an hour twice", "an hour skipped", "any day"],
)
def test_a_day_has_as_many_columns_as_hours(manager: Client, on_day: str, columns: int) -> None:
    site = place("SYD")
    site.time_zone = "Australia/Sydney"
    site.save()
    day_shift(time_zone="Australia/Sydney")
    found = shown(manager, f"{PAGE}?days=1&on={on_day}&zone=Australia/Sydney")
    assert len(found.columns) == columns
    assert [len(line.cells) for line in found.lines.rows] == [columns]


def test_a_run_that_the_clocks_skip_is_reported(manager: Client) -> None:
    site = place("SYD")
    site.time_zone = "Australia/Sydney"
    site.save()
    day_shift(time_zone="Australia/Sydney", start_local="02:15", end_local="02:45")
    address = f"{PAGE}?on=2026-10-04&zone=Australia/Sydney"
    assert "does not run on Sunday 4 October: the clocks skip its hours." in (
        manager.get(address).content.decode()
    )


@pytest.mark.parametrize("asked", ["on=nonsense", "days=3", "zone=Nowhere", "on=9999-12-31"])
def test_what_does_not_exist_narrows_nothing(manager: Client, asked: str) -> None:
    place("ROBINA")
    day_shift()
    assert shown(manager, f"{PAGE}?{asked}").gaps


def test_words_of_people_are_shown_as_words(manager: Client) -> None:
    place("ROBINA")
    PlannedGap.objects.create(
        shift=day_shift(name="<b>Bold</b>"),
        start_date=WEDNESDAY,
        reason="<script>alert(1)</script>",
    )
    text = manager.get(DAY_PAGE).content.decode()
    assert "<script>alert" not in text
    assert "<b>Bold" not in text


def test_it_costs_the_same_at_one_shift_and_a_hundred(manager: Client) -> None:
    site = place("ROBINA")
    day_shift(site)
    manager.get(DAY_PAGE)
    with CaptureQueriesContext(connection) as one:
        manager.get(DAY_PAGE + "&show=all")
    for number in range(100):
        on(day_shift(site, code=f"S{number}", readers_wanted=2), f"P{number}")
    manager.get(DAY_PAGE)
    with CaptureQueriesContext(connection) as many:
        manager.get(DAY_PAGE + "&show=all")
    assert len(one) == len(many) <= 15
