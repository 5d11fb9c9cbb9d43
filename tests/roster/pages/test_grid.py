"""The roster as a grid, and one turn of it."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.catalog.models import CalendarDay, HolidayCalendar, Site
from apps.roster.models import (
    PlannedGap,
    RosterOverride,
    RosterSource,
    RosterSourceState,
    Rotation,
    Shift,
)
from tests.factories.roster import ShiftFactory
from tests.roster.pages.support import (
    HTMX,
    THURSDAY,
    WEDNESDAY,
    address,
    placed_shift,
    reader,
    seat,
    signed_in,
    swap_on,
)

pytestmark = pytest.mark.db


def test_the_grid_names_who_is_on_and_says_what_nobody_is_on(manager: Client) -> None:
    seat(placed_shift("MRI"), reader("ANN"))
    placed_shift("BARE")
    page = manager.get(address("roster")).content.decode()
    assert "2 Feb to 8 Feb 2026" in page
    assert "5 coming turns have nobody" in page
    assert re.findall(r"Ann", page)
    assert 'aria-current="date"' in page


def test_the_part_of_the_grid_is_what_htmx_gets(manager: Client) -> None:
    placed_shift("MRI")
    part = manager.get(address("roster"), {"shift": "MR"}, **HTMX).content.decode()
    assert part.lstrip().startswith('<div id="roster"')


@pytest.mark.parametrize(
    "query",
    ["on=nonsense", "on=9999-12-31", "on=0001-01-01", "zone=Mars/Olympus", "page=x", "view=year"],
)
def test_a_strange_address_shows_this_week(manager: Client, query: str) -> None:
    found = manager.get(f"{address('roster')}?{query}").context["grid"]
    assert (str(found.start_on), found.zone) == ("2026-02-02", "Australia/Brisbane")


def test_a_foreign_site_narrows_nothing_and_is_not_offered(site: Site, foreign: Site) -> None:
    placed_shift("MINE", site)
    client = signed_in(Role.MANAGER, site)
    page = client.get(address("roster"), {"site": foreign.code})
    assert [line.shift.code for line in page.context["grid"].lines.rows] == ["MINE"]
    assert f'value="{foreign.code}"' not in page.content.decode()


def full_of_all_kinds(shift: Shift) -> None:
    """Give a shift a calendar, a rotation, a planned gap and a swap, and the roster two feeds."""
    calendar = HolidayCalendar.objects.create(code="QLD", name="Queensland", country="AU")
    CalendarDay.objects.create(calendar=calendar, on=WEDNESDAY, name="Show day")
    Shift.objects.filter(pk=shift.pk).update(calendar=calendar)
    rotation = Rotation.objects.create(shift=shift, start_date=WEDNESDAY)
    for position, name in enumerate(("TURN1", "TURN2")):
        rotation.turns.create(position=position, radiologist=reader(name))
    PlannedGap.objects.create(shift=shift, start_date=WEDNESDAY, end_date=WEDNESDAY, reason="x")
    swap_on(shift)
    for name, state in {
        "failing": {"error": "refused"},
        "waiting": {"found": {"waits": True}},
    }.items():
        source = RosterSource.objects.create(name=name, kind="ical", url="https://rota.test/a.ics")
        RosterSourceState.objects.create(source=source, **state)


@pytest.mark.parametrize(
    "query",
    ["", "?by=person", "?view=day", "?view=4weeks", "?by=person&view=day", "?show=gaps"],
)
def test_the_grid_costs_the_same_at_one_and_a_hundred_people(
    manager: Client, query: str, site: Site
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert manager.get(address("roster", query=query)).status_code == 200
        return len(queries)

    kept = placed_shift("S", site)
    seat(kept, reader("P"))
    full_of_all_kinds(kept)
    first = cost()
    for number in range(100):
        shift, person = placed_shift(f"S{number}", site), reader(f"P{number}", site)
        seat(shift, person)
        RosterOverride.objects.create(
            kind="leave", radiologist=person, start_date=WEDNESDAY, end_date=THURSDAY
        )
    assert (cost(), first <= 15) == (first, True)


@pytest.mark.parametrize("name", ["roster-rows", "roster-overrides"])
def test_the_lists_cost_the_same_at_one_and_a_hundred_rows(manager: Client, name: str) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert manager.get(address(name)).status_code == 200
        return len(queries)

    shift = placed_shift("S")
    seat(shift, reader("P"))
    swap_on(shift)
    first = cost()
    for number in range(100):
        seat(shift, reader(f"P{number}"))
        swap_on(shift)
    assert (cost(), first <= 15) == (first, True)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", "There are no shifts yet."),
        ("?show=gaps", "Every turn of these days has somebody."),
        ("?shift=x", "Nothing in these days is like that."),
    ],
)
def test_an_empty_roster_says_what_to_do(manager: Client, query: str, words: str) -> None:
    assert words in manager.get(address("roster", query=query)).content.decode()


def test_empty_lists_say_what_to_do(manager: Client) -> None:
    rows = manager.get(address("roster-rows")).content.decode()
    assert "Nobody is on any shift yet." in rows
    assert "No row is like that." in manager.get(address("roster-rows") + "?q=x").content.decode()
    page = manager.get(address("roster-overrides")).content.decode()
    assert "No leave, other work, swap or extra turn is planned." in page


def test_a_turn_says_who_is_on_and_why(manager: Client) -> None:
    shift = placed_shift("MRI")
    seat(shift, reader("ANN"))
    seat(shift, reader("BEN"), end_date=date(2026, 2, 28))
    RosterOverride.objects.create(
        kind="swap",
        shift=shift,
        radiologist_id="BEN",
        taker=reader("CAT"),
        start_date=WEDNESDAY,
        end_date=THURSDAY,
    )
    RosterOverride.objects.create(
        kind="leave", radiologist_id="ANN", start_date=WEDNESDAY, end_date=WEDNESDAY
    )
    part = manager.get(address("roster-run", shift), **HTMX).content.decode()
    words = " ".join(re.sub(r"<[^>]+>", " ", part).split())
    assert "Wednesday 4 February 2026 , 08:00 to 16:00 in Australia/Brisbane, 8 h" in words
    assert "By the roster, from 1 Jan 2026 on. Leave: 4 Feb 2026." in words
    assert "Swap: instead of Ben, 4 Feb 2026 to 5 Feb 2026." in words


@pytest.mark.parametrize("on", ["2026-02-07", "2026-02-30"])
def test_a_day_without_a_turn_does_not_exist(manager: Client, on: str) -> None:
    shift = ShiftFactory.create(weekdays=[3])
    assert manager.get(f"/roster/run/{shift.pk}/{on}/").status_code == 404


@pytest.mark.parametrize("back", ["//evil.example/x", "https://evil.example/", "javascript:x"])
def test_nothing_leads_back_to_another_host(manager: Client, back: str) -> None:
    shift = placed_shift("MRI")
    page = manager.get(address("roster-run", shift), {"back": back})
    assert page.context["back"] == "/roster/"
