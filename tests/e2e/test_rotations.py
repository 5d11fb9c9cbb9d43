"""Rotations and swaps in a real browser: turns are moved by mouse and by keys, a swap is taken."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant, User
from apps.core import clock
from apps.roster.models import Radiologist, RosterOverride, Rotation, SwapRequest
from tests.e2e.conftest import Site
from tests.factories.catalog import SiteFactory
from tests.roster.scene import placed_shift, reader, rotate, seat

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def rotation(site: Site) -> Rotation:
    SiteFactory.create()
    today = clock.now().date()
    people = [reader(name) for name in ("ANN", "BEN", "EVE")]
    made = rotate(placed_shift("DAY"), *people, start_date=today + timedelta(days=7))
    site.let_in()
    site.visit(f"/roster/rotations/{made.pk}/")
    return made


def shown(site: Site) -> list[str]:
    places = site.page.locator(".turn-place select")
    return [places.nth(number).input_value() for number in range(places.count())]


def stored(rotation: Rotation) -> list[str | None]:
    turns = rotation.turns.order_by("position")
    return list(turns.values_list("radiologist", flat=True))


def test_turns_are_moved_by_keys_and_the_preview_follows(site: Site, rotation: Rotation) -> None:
    page = site.page
    later = page.get_by_role("button", name="Later")
    later.first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#preview")).to_contain_text("Ben (BEN), Ann (ANN), Eve (EVE)")
    expect(page.locator("#ahead")).to_contain_text("Eight weeks ahead: Day")
    # The focus went with the turn, so that pressing again moves it on.
    page.keyboard.press("Enter")
    assert shown(site) == ["BEN", "EVE", "ANN"]
    page.get_by_role("button", name="Add a turn that is nobody's").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("saved")
    assert stored(rotation) == ["BEN", "EVE", "ANN", None]
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_be_visible()
    assert stored(rotation) == ["ANN", "BEN", "EVE"]
    assert site.errors == []


@pytest.mark.usefixtures("rotation")
def test_a_preview_on_its_way_gives_way_to_the_next_quietly(site: Site) -> None:
    page = site.page
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route("**/roster/rotations/*/", hold_the_first)
    later = page.get_by_role("button", name="Later")
    with page.expect_request("**/roster/rotations/*/"):
        later.first.click()
    later.nth(1).click()
    expect(page.locator("#preview")).to_contain_text("Ben (BEN), Eve (EVE), Ann (ANN)")
    assert len(held) == 1
    assert site.errors == []


def test_a_turn_is_dragged_and_one_is_removed(site: Site, rotation: Rotation) -> None:
    page = site.page
    grips = page.locator(".turn-grip")
    grips.nth(2).drag_to(page.locator(".turn-place").first, target_position={"x": 8, "y": 2})
    expect(page.locator("#preview")).to_contain_text("Eve (EVE), Ann (ANN), Ben (BEN)")
    page.get_by_role("button", name="Remove").nth(1).click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("saved")
    assert stored(rotation) == ["EVE", "BEN"]
    assert site.errors == []


def test_a_reader_takes_a_turn_on_a_phone(site: Site) -> None:
    SiteFactory.create()
    manager = User.objects.get(username="manager")
    RoleGrant.objects.create(user=manager, role=Role.RADIOLOGIST)
    giver, me = reader("GIVER"), reader("ME", user=manager)
    day = placed_shift("DAY")
    seat(day, giver)
    on = clock.now().date() + timedelta(days=3)
    SwapRequest.objects.create(
        shift=day,
        radiologist=giver,
        start_date=on,
        end_date=on,
        made_by="user:giver",
        made_at=clock.now(),
    )
    page = site.page
    page.set_viewport_size({"width": 390, "height": 844})
    site.let_in()
    site.visit("/roster/swaps/")
    assert site.barriers() == []
    page.get_by_role("link", name="Take Day").click()
    page.wait_for_url("**/take/")
    page.keyboard.press("s")
    expect(page.locator("#messages")).to_contain_text("You take Day.")
    taken = RosterOverride.objects.get()
    assert (taken.radiologist, taken.taker) == (giver, Radiologist.objects.get(pk=me.pk))
    assert site.errors == []
