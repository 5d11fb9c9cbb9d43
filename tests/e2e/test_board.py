from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session

from tests.dashboard.traces import real_trace
from tests.e2e.conftest import Site
from tests.factories import (
    AssignmentFactory,
    ProcedureFactory,
    RadiologistFactory,
    UnassignedFactory,
)

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def test_manager_signs_in_sees_the_board_and_reads_why(site: Site) -> None:
    RadiologistFactory(id="DR_FULL", family_name="Busy")
    AssignmentFactory(
        order__accession="ACC-7",
        radiologist__id="DR_FREE",
        radiologist__family_name="Free",
        trace=real_trace(),
    )

    site.sign_in_by_form()
    row = site.page.locator("#board-recent tbody tr")
    board = row.inner_text()
    row.get_by_role("link", name="Why ACC-7 went to DR Rae Free").click()
    site.page.wait_for_selector("#candidates")

    assert "ACC-7" in board
    assert site.page.locator("h1").inner_text() == "Study ACC-7"
    chosen = site.page.locator('tr[data-verdict="chosen"]').inner_text()
    assert ("DR_FREE" in chosen, "Chosen" in chosen) == (True, True)
    assert (
        "full, 20 of 20 studies open" in site.page.locator('tr[data-verdict="out"]').inner_text()
    )
    assert site.errors == []


def test_everything_comes_from_the_site_itself(site: Site) -> None:
    AssignmentFactory()

    site.sign_in()
    site.page.evaluate("() => document.fonts.ready.then(() => true)")

    foreign = [url for url in site.requests if not url.startswith(f"{site.url}/")]
    fonts = {url for url in site.requests if url.endswith(".woff2")}
    assert (foreign, len(fonts), site.errors) == ([], 1, [])


def test_new_assignment_appears_by_itself(site: Site) -> None:
    site.sign_in()

    AssignmentFactory(order__accession="JUST-IN")

    site.page.wait_for_selector("text=JUST-IN")
    assert site.errors == []


def test_keyboard_focus_survives_a_live_update(site: Site) -> None:
    waiting = UnassignedFactory()
    site.sign_in()
    site.page.focus(f"#why-order-{waiting.pk}")

    AssignmentFactory(order__accession="JUST-IN")
    site.page.wait_for_selector("text=JUST-IN")

    focused = site.page.evaluate("() => document.activeElement.id")
    assert focused == f"why-order-{waiting.pk}"


def test_rows_that_did_not_change_stay_the_same_elements(site: Site) -> None:
    first, second = UnassignedFactory.create_batch(2)
    site.sign_in()
    site.page.evaluate(
        """(id) => {
            const row = document.getElementById(id);
            row.isTheSame = true;
            getSelection().selectAllChildren(row.querySelector(".study"));
        }""",
        f"unassigned-{second.order_id}",
    )

    first.delete()
    UnassignedFactory(order__accession="JUST-IN")
    site.page.wait_for_selector("text=JUST-IN")

    rows = site.page.locator("#board-unassigned tbody tr")
    assert rows.evaluate_all("(found) => found.map((row) => !!row.isTheSame)") == [True, False]
    assert site.page.evaluate("() => getSelection().toString()") == second.order.accession
    assert site.errors == []


def test_somebody_who_tabs_through_the_board_goes_on_where_they_were(site: Site) -> None:
    waiting = UnassignedFactory(urgency_rank=2)
    site.sign_in()
    site.page.focus(f"#unassigned-study-{waiting.order_id}")

    UnassignedFactory(order__accession="JUST-IN", urgency_rank=0)
    site.page.wait_for_selector("text=JUST-IN")
    site.page.keyboard.press("Tab")

    focused = site.page.evaluate("() => document.activeElement.id")
    assert focused == f"why-order-{waiting.order_id}"


def test_filters_stay_in_the_address_and_hold_for_what_comes_later(site: Site) -> None:
    UnassignedFactory(order__accession="THE-CT", order__modality="CT")
    UnassignedFactory(order__accession="THE-MR", order__modality="MR")
    ProcedureFactory(modality="CT")
    site.sign_in()

    site.page.select_option("#id_modality", "CT")
    site.page.wait_for_url("**/?*modality=CT*")
    site.page.wait_for_selector("text=THE-MR", state="detached")
    UnassignedFactory(order__accession="NEW-MR", order__modality="MR")
    UnassignedFactory(order__accession="NEW-CT", order__modality="CT")
    site.page.wait_for_selector("text=NEW-CT")

    assert "THE-CT" in site.page.content()
    assert "NEW-MR" not in site.page.content()
    assert site.errors == []


def test_nobody_left_to_offer_to_is_said_above_everything_else(site: Site) -> None:
    assignment = AssignmentFactory(order__urgency="STAT", order__accession="DROPPED")
    site.sign_in()

    assignment.order.flags = ["nobody_left_to_offer"]
    assignment.order.save()
    # A locator, not the element: each poll may bring another one.
    alarm = site.page.locator("#board-alarm .alarm")
    alarm.wait_for()

    said = " ".join(alarm.inner_text().split())
    assert "Nobody left to offer this study to" in said
    assert "DROPPED" in said
    assert site.page.locator("#board-alarm").get_attribute("role") == "alert"
    assert alarm.bounding_box()["y"] < site.page.locator("#figures").bounding_box()["y"]


def test_board_says_when_it_is_no_longer_live(site: Site) -> None:
    site.sign_in()
    live = site.page.locator("#live")

    site.page.route("**/?stamp=*", lambda route: route.abort())
    site.page.wait_for_selector('#live[data-state="stale"]')
    stale = live.inner_text()
    site.page.unroute("**/?stamp=*")
    site.page.wait_for_selector('#live[data-state="live"]')

    assert re.search(r"Not updated\s+for \d+ s", stale)
    assert "Live" in live.inner_text()


def test_board_of_an_ended_session_goes_to_sign_in(site: Site) -> None:
    site.sign_in()

    Session.objects.all().delete()
    UnassignedFactory()

    site.page.wait_for_url("**/login/?next=%2F")
    assert site.page.locator("#id_username").is_visible()


def background(site: Site) -> str:
    return site.page.evaluate("() => getComputedStyle(document.body).backgroundColor")


def test_colours_follow_the_system_until_one_is_chosen_and_then_stay(site: Site) -> None:
    site.page.emulate_media(color_scheme="dark")
    site.sign_in()
    dark = background(site)
    site.page.emulate_media(color_scheme="light")
    light = background(site)
    button = site.page.locator("[data-theme-button]")
    button.click()
    button.click()
    chosen = (background(site), button.inner_text().split("\n")[-1])
    site.page.reload()
    after_reload = background(site)
    site.page.locator("[data-theme-button]").click()
    system_again = background(site)

    assert (dark, light) == ("rgb(16, 21, 23)", "rgb(245, 247, 248)")
    assert chosen == (dark, "Colours: dark")
    assert (after_reload, system_again) == (dark, light)
    assert site.errors == []


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_is_wider_than_the_screen(site: Site, width: int) -> None:
    assignment = AssignmentFactory(
        order__accession="A" * 60, shift__code="A_SHIFT_WITH_A_LONG_CODE", trace=real_trace()
    )
    UnassignedFactory(order__accession="LONELY" * 6, reason_text="a detail " * 12)
    site.sign_in()
    widths = {}
    for path in ("/", f"/assignments/{assignment.pk}/why/", "/nowhere"):
        site.page.goto(site.url + path)
        widths[path] = site.page.evaluate("() => document.documentElement.scrollWidth")

    assert [path for path, found in widths.items() if found > width] == []


def test_skip_link_leads_past_the_navigation(site: Site) -> None:
    site.sign_in()

    site.page.keyboard.press("Tab")
    first = site.page.evaluate("() => document.activeElement.textContent")
    site.page.keyboard.press("Enter")

    assert first == "Skip to the content"
    assert site.page.evaluate("() => document.activeElement.id") == "content"


def test_sign_out_ends_at_sign_in(site: Site) -> None:
    site.sign_in()

    site.page.get_by_role("button", name="Sign out").click()

    site.page.wait_for_selector("#id_username")
    assert site.errors == []
