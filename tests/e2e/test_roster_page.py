"""The roster's page in a browser: every way of editing, by mouse and by keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time, timedelta

import pytest
from playwright.sync_api import Locator, expect

from apps.roster.models import (
    Radiologist,
    RosterAssignment,
    RosterOverride,
    Rotation,
    RotationTurn,
    Shift,
)
from tests.e2e.conftest import Site
from tests.factories import RadiologistFactory, RosterAssignmentFactory, ShiftFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ZONE = "Australia/Brisbane"
DAY = timedelta(days=1)
# A week that is always ahead, so that nothing in it is past.
MONDAY = date.today() + timedelta(days=15 - date.today().isoweekday())  # noqa: DTZ011 -- far ahead
TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + ahead * DAY for ahead in (1, 2, 3))


def shift(code: str, start: int = 8, end: int = 16) -> Shift:
    return ShiftFactory.create(
        code=code, name=code.title(), start_local=time(start), end_local=time(end)
    )


def person(name: str) -> Radiologist:
    return RadiologistFactory.create(id=name, family_name=name.title(), given_name="Rae", title="")


@pytest.fixture
def rota(site: Site) -> Iterator[Site]:
    """ANN is on CT every day, BEN on MR; nobody is on US; CAT is free."""
    ct, mr = shift("CT"), shift("MR", 9, 17)
    shift("US", 10, 18)
    RosterAssignmentFactory.create(shift=ct, radiologist=person("ANN"))
    RosterAssignmentFactory.create(shift=mr, radiologist=person("BEN"))
    person("CAT")
    site.let_in()
    yield site
    assert site.errors == []


def visit(site: Site, query: str = "") -> None:
    site.visit(f"/roster/?on={MONDAY}&zone={ZONE}{query}")


def run(site: Site, code: str, on: date) -> Locator:
    key = Shift.objects.get(code=code).pk
    return site.page.locator(f'[data-grid] [data-shift="{key}"][data-on="{on}"]')


def turn(site: Site, code: str, on: date, name: str) -> Locator:
    return run(site, code, on).locator(f'a.turn[data-person="{name}"]')


def cell(site: Site, line: str, on: date) -> Locator:
    row = site.page.locator("[role=row]", has=site.page.locator(".name", has_text=line))
    return row.locator(f'[role=gridcell][data-on="{on}"]')


def drag(site: Site, source: Locator, target: Locator, *, at: str = "middle") -> None:
    """Press on the source, move and let go over the target; at "end" on its right edge."""
    source.scroll_into_view_if_needed()
    box = source.bounding_box()
    place = box["width"] - 2 if at == "end" else 2 if at == "start" else box["width"] / 3
    site.page.mouse.move(box["x"] + place, box["y"] + box["height"] / 2)
    site.page.mouse.down()
    there = target.bounding_box()
    x, y = there["x"] + there["width"] / 2, there["y"] + there["height"] / 2
    site.page.mouse.move(x - 10, y, steps=3)
    site.page.mouse.move(x, y)
    site.page.mouse.up()
    site.page.wait_for_selector("dialog[open] form.arrange")


def preview(site: Site) -> Locator:
    return site.page.locator("#arrange-preview")


def save(site: Site) -> None:
    """Save the sheet by the Enter key and wait for the roster behind it."""
    site.page.keyboard.press("Enter")
    expect(site.page.locator("dialog[open]")).to_have_count(0)
    site.page.wait_for_selector("#messages .notice")


def undo(site: Site) -> None:
    site.page.keyboard.press("Control+z")
    expect(site.page.locator("#messages")).not_to_contain_text(re.compile("Undo"))
    expect(site.page.locator("[data-grid]")).to_be_visible()


def overrides() -> list[tuple[str, str, str | None, str, date, date]]:
    rows = RosterOverride.objects.select_related("shift").order_by("pk")
    return [
        (row.kind, row.radiologist_id, row.taker_id, row.shift.code if row.shift else "",
         row.start_date, row.end_date)
        for row in rows
    ]  # fmt: skip


def rows() -> list[tuple[str, date, date | None, str]]:
    found = RosterAssignment.objects.order_by("radiologist", "start_date")
    return [(row.radiologist_id, row.start_date, row.end_date, row.status) for row in found]


NEW_YEAR = date(2026, 1, 1)


def test_somebody_is_dragged_from_the_tray_onto_a_gap_and_it_is_taken_back(rota: Site) -> None:
    visit(rota)
    expect(run(rota, "US", TUESDAY)).to_contain_text("Nobody")
    rota.page.fill("#tray-find", "cat")
    drag(rota, rota.page.locator("[data-tray] li:visible"), run(rota, "US", TUESDAY))
    expect(preview(rota)).to_contain_text("Rae Cat is on US")
    assert overrides() == []

    save(rota)

    expect(turn(rota, "US", TUESDAY, "CAT")).to_be_visible()
    assert overrides() == [("extra", "CAT", None, "US", TUESDAY, TUESDAY)]
    undo(rota)
    expect(run(rota, "US", TUESDAY)).to_contain_text("Nobody")
    assert overrides() == []


def test_a_gap_is_filled_by_keys_with_who_fits_best(rota: Site) -> None:
    visit(rota)
    run(rota, "US", TUESDAY).locator("a.turn").focus()
    rota.page.keyboard.press("a")
    rota.page.wait_for_selector("dialog[open] .arrange-people")
    first = rota.page.locator(".arrange-people input").first
    expect(first).to_be_checked()
    assert first.get_attribute("value") == "CAT"
    expect(preview(rota)).to_contain_text("US had nobody")
    rota.page.keyboard.type("ben")
    expect(preview(rota)).to_contain_text("Rae Ben is on US")

    save(rota)

    assert overrides() == [("extra", "BEN", None, "US", TUESDAY, TUESDAY)]
    undo(rota)
    assert overrides() == []


def test_a_turn_is_dragged_to_another_shift(rota: Site) -> None:
    visit(rota)
    drag(rota, turn(rota, "CT", TUESDAY, "ANN"), run(rota, "US", TUESDAY))
    expect(preview(rota)).to_contain_text("Nobody is left on CT")

    save(rota)

    expect(turn(rota, "US", TUESDAY, "ANN")).to_be_visible()
    expect(run(rota, "CT", TUESDAY)).to_contain_text("Nobody")
    assert overrides() == [("extra", "ANN", None, "US", TUESDAY, TUESDAY)]
    assert rows()[:2] == [
        ("ANN", NEW_YEAR, MONDAY, "active"), ("ANN", WEDNESDAY, None, "active"),
    ]  # fmt: skip
    undo(rota)
    assert (overrides(), rows()[:1]) == ([], [("ANN", NEW_YEAR, None, "active")])


def test_two_change_places_when_one_is_dragged_onto_the_other(rota: Site) -> None:
    visit(rota)
    drag(rota, turn(rota, "CT", TUESDAY, "ANN"), turn(rota, "MR", TUESDAY, "BEN"))
    expect(preview(rota)).to_contain_text("change places")

    save(rota)

    expect(turn(rota, "MR", TUESDAY, "ANN")).to_be_visible()
    expect(turn(rota, "CT", TUESDAY, "BEN")).to_be_visible()
    assert overrides() == [
        ("swap", "ANN", "BEN", "CT", TUESDAY, TUESDAY),
        ("swap", "BEN", "ANN", "MR", TUESDAY, TUESDAY),
    ]


def test_a_turn_is_moved_by_keys(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").focus()
    rota.page.keyboard.press("m")
    expect(rota.page.locator("#grid-says")).to_contain_text("picked up")
    rota.page.keyboard.press("ArrowDown")
    rota.page.keyboard.press("ArrowDown")
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(preview(rota)).to_contain_text("moved from CT")

    save(rota)

    assert overrides() == [("extra", "ANN", None, "US", TUESDAY, TUESDAY)]


def test_what_is_picked_up_is_put_back_by_escape(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").focus()
    rota.page.keyboard.press("m")
    rota.page.keyboard.press("ArrowDown")
    rota.page.keyboard.press("Escape")
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] .one-turn")
    assert overrides() == []


def test_a_turn_is_given_to_another_person_on_their_line(rota: Site) -> None:
    visit(rota, "&by=person")
    drag(rota, turn(rota, "CT", TUESDAY, "ANN").first, cell(rota, "Rae Cat", TUESDAY))
    expect(preview(rota)).to_contain_text("instead of Rae Ann")

    save(rota)

    assert overrides() == [("swap", "ANN", "CAT", "CT", TUESDAY, TUESDAY)]


def test_a_free_day_of_a_person_is_filled_by_keys(rota: Site) -> None:
    visit(rota, "&by=person")
    cell(rota, "Rae Cat", TUESDAY).locator("a.free").focus()
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] .choose")
    expect(rota.page.locator(".choose a").first).to_contain_text("nobody is on")
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(preview(rota)).to_contain_text("Rae Cat is on US")
    save(rota)
    assert overrides() == [("extra", "CAT", None, "US", TUESDAY, TUESDAY)]


def extra(name: str, code: str, on: date) -> None:
    RosterOverride.objects.create(
        kind="extra",
        radiologist_id=name,
        shift=Shift.objects.get(code=code),
        start_date=on,
        end_date=on,
    )


def test_a_turn_is_stretched_over_days_by_its_edge(rota: Site) -> None:
    extra("CAT", "US", TUESDAY)
    visit(rota)
    drag(rota, turn(rota, "US", TUESDAY, "CAT"), run(rota, "US", THURSDAY), at="end")
    expect(preview(rota)).to_contain_text("US had nobody")

    save(rota)

    assert overrides() == [("extra", "CAT", None, "US", TUESDAY, THURSDAY)]
    undo(rota)
    assert overrides() == [("extra", "CAT", None, "US", TUESDAY, TUESDAY)]


def test_a_turn_is_stretched_over_days_by_keys(rota: Site) -> None:
    extra("CAT", "US", TUESDAY)
    visit(rota)
    turn(rota, "US", TUESDAY, "CAT").focus()
    for _ in range(2):
        rota.page.keyboard.press("Shift+ArrowRight")
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(rota.page.locator("#id_until")).to_have_value(THURSDAY.isoformat())
    save(rota)
    assert overrides() == [("extra", "CAT", None, "US", TUESDAY, THURSDAY)]


def hours() -> list[tuple[str, str, time | None, time | None]]:
    return [
        (row.kind, row.radiologist_id, row.start_local, row.end_local)
        for row in RosterOverride.objects.order_by("pk")
    ]


def test_a_bar_is_cut_to_some_hours_by_its_edge(rota: Site) -> None:
    visit(rota, "&view=day")
    bar = turn_bar(rota, "CT", "ANN")
    box = bar.bounding_box()
    rota.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 5)
    rota.page.mouse.down()
    # Half of eight hours.
    rota.page.mouse.move(box["x"] + box["width"] / 2 + 2, box["y"] + 5, steps=4)
    rota.page.mouse.up()
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(rota.page.locator("#id_end_local")).to_have_value("12:00")
    expect(preview(rota)).to_contain_text("08:00 to 12:00")

    save(rota)

    assert hours() == [("extra", "ANN", time(8), time(12))]
    expect(rota.page.locator('.slot[data-kind="gap"]', has_text="12:00 to 16:00")).to_be_visible()


def turn_bar(site: Site, code: str, name: str) -> Locator:
    key = Shift.objects.get(code=code).pk
    return site.page.locator(f'.slot[data-shift="{key}"][data-person="{name}"]')


def test_a_bar_is_cut_to_some_hours_by_keys(rota: Site) -> None:
    visit(rota, "&view=day")
    turn_bar(rota, "CT", "ANN").focus()
    for _ in range(4):
        rota.page.keyboard.press("Alt+Shift+ArrowRight")
    rota.page.keyboard.press("Enter")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(rota.page.locator("#id_start_local")).to_have_value("09:00")
    save(rota)
    assert hours() == [("extra", "ANN", time(9), time(16))]


def test_somebody_is_taken_off_by_the_sheet(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").click()
    rota.page.locator("dialog[open]").get_by_text("Take off").click()
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(preview(rota)).to_contain_text("Nobody is left on CT")
    rota.page.locator("dialog [data-save]").click()
    expect(run(rota, "CT", TUESDAY)).to_contain_text("Nobody")
    rota.page.locator("#messages button").click()
    expect(turn(rota, "CT", TUESDAY, "ANN")).to_be_visible()
    assert rows()[:1] == [("ANN", NEW_YEAR, None, "active")]


def test_somebody_is_taken_off_by_keys(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").focus()
    rota.page.keyboard.press("Delete")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    save(rota)
    expect(run(rota, "CT", TUESDAY)).to_contain_text("Nobody")
    undo(rota)
    expect(turn(rota, "CT", TUESDAY, "ANN")).to_be_focused()


def test_whose_turn_it_is_by_rotation_is_taken_off_for_the_date_alone(rota: Site) -> None:
    rotation = Rotation.objects.create(
        shift=Shift.objects.get(code="US"), start_date=MONDAY, unit="days"
    )
    RotationTurn.objects.create(rotation=rotation, position=0, radiologist_id="CAT")
    visit(rota)
    turn(rota, "US", TUESDAY, "CAT").focus()
    rota.page.keyboard.press("Delete")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    expect(preview(rota)).to_contain_text("rotation, which goes on")
    save(rota)
    assert hours() == [("leave", "CAT", time(10), time(18))]
    expect(turn(rota, "US", WEDNESDAY, "CAT")).to_be_visible()


def test_who_was_slower_is_told_and_sees_the_turn_as_it_is(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").focus()
    rota.page.keyboard.press("Delete")
    rota.page.wait_for_selector("dialog[open] form.arrange")
    extra("CAT", "CT", TUESDAY)
    rota.page.keyboard.press("Enter")
    expect(rota.page.locator("dialog [role=alert]").first).to_contain_text("Somebody was quicker")
    # The browser reports a conflict as an error of its own.
    rota.errors = [error for error in rota.errors if "409" not in error]
    assert rows()[:1] == [("ANN", NEW_YEAR, None, "active")]
    save(rota)
    assert len(rows()) == 3


def test_arrows_go_from_turn_to_turn_and_keys_change_the_view(rota: Site) -> None:
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").focus()
    rota.page.keyboard.press("ArrowRight")
    expect(turn(rota, "CT", WEDNESDAY, "ANN")).to_be_focused()
    rota.page.keyboard.press("ArrowDown")
    expect(turn(rota, "MR", WEDNESDAY, "BEN")).to_be_focused()
    rota.page.keyboard.press("2")
    rota.page.wait_for_selector('[data-grid][data-view="2weeks"]')
    rota.page.keyboard.press("]")
    expect(rota.page.locator(".grid-bar h2")).to_contain_text(str((MONDAY + 14 * DAY).day))
    rota.page.keyboard.press("d")
    rota.page.wait_for_selector('[data-grid][data-view="day"]')
    rota.page.keyboard.press("?")
    expect(rota.page.locator("#roster-keys")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_view_has_a_barrier_or_is_wider_than_the_screen(
    rota: Site, width: int, scheme: str
) -> None:
    del width  # the site fixture reads it
    rota.page.emulate_media(color_scheme=scheme)
    extra("CAT", "US", TUESDAY)
    wrong = []
    for query in (
        "",
        "&view=day",
        "&view=2weeks",
        "&view=4weeks",
        "&by=person",
        "&by=person&view=day",
    ):
        visit(rota, query)
        wrong += rota.barriers()
        if rota.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        ):
            wrong.append(f"{query} is too wide")
    visit(rota)
    turn(rota, "CT", TUESDAY, "ANN").click()
    rota.page.wait_for_selector("dialog[open] .one-turn")
    wrong += rota.barriers()
    rota.page.locator("dialog[open]").get_by_text("Assign somebody").click()
    rota.page.wait_for_selector("dialog[open] form.arrange")
    wrong += rota.barriers()
    assert wrong == []
