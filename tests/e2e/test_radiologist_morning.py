"""A radiologist's morning: by keyboard, and by mouse."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from apps.accounts.choices import Role
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand
from apps.core import clock
from apps.orders.models import Order
from apps.roster.models import Radiologist, Workload
from tests.assignment.hand import act, state
from tests.e2e.conftest import Site, person
from tests.support.department import Department, forget_caches, order, send, settle

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def department(transactional_db: None) -> Iterator[Department]:  # noqa: ARG001 -- for its effect
    """DR_A, who signs in as anna, and DR_B are on one shift; DR_B has not come yet."""
    department = Department()
    anna = department.add_reader("DR_A")
    Radiologist.objects.filter(pk=anna.pk).update(user=person("anna", Role.RADIOLOGIST))
    department.add_reader("DR_B")
    Workload.objects.filter(pk="DR_B").update(presence="offline")
    yield department
    forget_caches()


@pytest.fixture
def anna(site: Site, department: Department) -> Site:  # noqa: ARG001 -- a fixture for its effect
    """Anna has three routine studies, and has signed in."""
    for placer in ("R1", "R2", "R3"):
        send(*order(placer=placer, mrn=f"MRN-{placer}"))
    site.sign_in("anna", shows="#my-list")
    return site


def key(site: Site, name: str) -> None:
    site.page.keyboard.press(name)


def wait_for(site: Site, accession: str, status: str) -> None:
    """Wait until the list shows the study's state."""
    site.page.wait_for_selector(f'{row(accession)}[data-status="{status}"]')


def row(accession: str) -> str:
    return f"#row-{Order.objects.get(accession=accession).pk}"


def selected(site: Site) -> str:
    return site.page.locator("[data-selected]").first.inner_text()


def shown(site: Site) -> list[str]:
    found = site.page.locator("table.mine tbody tr .study")
    return [text.split("\n")[0].removesuffix(" new") for text in found.all_inner_texts()]


def test_morning_by_keyboard(anna: Site) -> None:
    page = anna.page

    # She says that she is there, and begins with the first study.
    page.focus("#presence-online")
    key(anna, "Enter")
    page.wait_for_selector('#presence-online[aria-pressed="true"]')
    assert Workload.objects.get(pk="DR_A").presence == "online"
    page.evaluate("() => document.activeElement.blur()")
    key(anna, "j")
    key(anna, "k")
    assert "R1" in selected(anna)
    key(anna, "s")
    wait_for(anna, "R1", "in_progress")

    # A STAT study arrives: it stands on top, and the page's name says so.
    send(*order(placer="S1", priority="S"))
    page.wait_for_selector(".offer")
    expect(page).to_have_title("(1) STAT · My list · radassign")
    assert re.fullmatch(r"[0-9]:[0-9]{2}", page.locator(".offer .countdown").inner_text())
    assert "R1" in selected(anna)
    key(anna, "k")
    assert "S1" in selected(anna)
    key(anna, "a")
    wait_for(anna, "S1", "acknowledged")
    expect(page).to_have_title("My list · radassign")
    assert "S1" in selected(anna)
    key(anna, "Enter")
    wait_for(anna, "S1", "in_progress")
    key(anna, "d")
    wait_for(anna, "S1", "preliminary")

    # Too early: she takes it back, and reports it again.
    key(anna, "u")
    wait_for(anna, "S1", "in_progress")
    key(anna, "d")
    wait_for(anna, "S1", "preliminary")
    assert shown(anna) == ["S1", "R1", "R2", "R3"]

    # She goes on with the next that is not begun, and hands that one back.
    key(anna, "n")
    wait_for(anna, "R2", "in_progress")
    assert "R2" in selected(anna)
    Workload.objects.filter(pk="DR_B").update(presence="online")
    key(anna, "b")
    page.wait_for_selector("#dialog[open] #id_reason")
    page.keyboard.type("I operated on this knee")
    key(anna, "Enter")
    page.wait_for_selector(f"{row('R2')}[data-dimmed]")
    assert not page.locator("#dialog").is_visible()
    assert state("R2").radiologist_id == "DR_B"
    assert "no longer yours" in page.locator(row("R2")).inner_text()

    # The keys are listed, and she leaves.
    key(anna, "?")
    assert page.locator("#keys").is_visible()
    key(anna, "Escape")
    page.focus("#presence-offline")
    key(anna, "Space")
    page.wait_for_selector('#presence-offline[aria-pressed="true"]')
    send(*order(placer="LATE"))
    assert state("LATE").radiologist_id == "DR_B"
    assert state("R3").radiologist_id == "DR_A"
    assert anna.errors == []


def test_morning_by_mouse(anna: Site) -> None:
    page = anna.page

    page.click("#presence-online")
    page.wait_for_selector('#presence-online[aria-pressed="true"]')
    send(*order(placer="S1", priority="S"))
    page.locator(".offer").get_by_role("button", name="Acknowledge S1").click()
    wait_for(anna, "S1", "acknowledged")
    page.get_by_role("button", name="Start S1").click()
    wait_for(anna, "S1", "in_progress")
    page.get_by_role("button", name="Done S1").click()
    wait_for(anna, "S1", "preliminary")
    page.locator("table.mine").get_by_role("button", name="Undo done S1").click()
    wait_for(anna, "S1", "in_progress")

    page.click(f"{row('R1')} .patient")
    page.click("#next")
    wait_for(anna, "R2", "in_progress")

    page.get_by_role("link", name="Hand back R2").click()
    page.fill("#id_reason", "I operated on this knee")
    page.click("#dialog button[type=submit]")
    page.wait_for_selector(f"{row('R2')}[data-dimmed]")
    assert "waits for another reader" in page.locator("#messages").inner_text()

    page.click("#presence-offline")
    page.wait_for_selector('#presence-offline[aria-pressed="true"]')
    assert Assignment.objects.filter(radiologist="DR_A", is_current=True).count() == 3
    assert anna.errors == []


def test_hand_back_without_a_reason_says_what_is_missing(anna: Site) -> None:
    page = anna.page
    page.get_by_role("link", name="Hand back R2").click()

    page.click("#dialog button[type=submit]")

    page.wait_for_selector("#dialog .wrong")
    assert "Type a reason" in page.locator("#dialog .wrong").inner_text()
    page.get_by_role("button", name="Keep it").click()
    assert not page.locator("#dialog").is_visible()
    assert state("R2").status == "assigned"


def test_nothing_moves_under_her_hands(anna: Site) -> None:
    page = anna.page
    page.click('thead a:text("Study")')
    page.wait_for_url("**/my-list/?sort=study")
    page.click(f"{row('R2')} .patient")

    send(*order(placer="A0"))
    page.wait_for_selector("#sort-in")

    assert shown(anna) == ["R1", "R2", "R3", "A0"]
    assert "R2" in selected(anna)
    assert page.evaluate("() => document.activeElement.dataset.study") == row("R2")[5:]
    page.click("#sort-in")
    page.wait_for_selector("#sort-in", state="detached")
    assert shown(anna) == ["A0", "R1", "R2", "R3"]


def test_study_that_is_taken_away_is_told_and_not_lost_from_sight(anna: Site) -> None:
    page = anna.page
    key(anna, "j")
    Workload.objects.filter(pk="DR_B").update(presence="online")

    act(by_hand.assign, state("R1"), radiologist_id="DR_B", at=clock.now())

    page.wait_for_selector(f"{row('R1')}[data-dimmed]")
    text = page.locator(row("R1")).inner_text()
    assert ("no longer yours" in text, "Doe" in text) == (True, False)
    key(anna, "s")
    assert state("R1").status == "assigned"
    assert anna.errors == []


def test_second_tab_shows_how_it_is_now(anna: Site) -> None:
    page = anna.page
    page.route("**/my-list/?seen=*", lambda route: route.abort())
    act_as_other_tab = state("R1")
    Order.objects.filter(pk=act_as_other_tab.order_id).update(status="acknowledged")

    page.get_by_role("button", name="Acknowledge R1").click()

    page.wait_for_selector("#messages .notice")
    assert "The study has changed since you looked" in page.locator("#messages").inner_text()
    assert page.locator(row("R1")).get_attribute("data-status") == "acknowledged"


def test_words_narrow_the_rows_and_stay_on_the_page(anna: Site) -> None:
    page = anna.page

    key(anna, "/")
    page.keyboard.type("mrn-r2")

    assert [one for one in page.locator("table.mine tbody tr").all() if one.is_visible()] != []
    visible = page.locator("table.mine tbody tr:not([hidden]) .study").all_inner_texts()
    assert [text.split("\n")[0] for text in visible] == ["R2"]
    send(*order(placer="R4", mrn="MRN-R4"))
    page.wait_for_selector("#sort-in")
    assert page.locator("table.mine tbody tr:not([hidden])").count() == 1
    assert page.input_value("#narrow") == "mrn-r2"
    assert not [url for url in anna.requests if "mrn-r2" in url.lower()]


def test_a_key_that_is_held_down_starts_one_study(anna: Site) -> None:
    anna.page.keyboard.down("n")
    for _ in range(5):
        anna.page.keyboard.down("n")
        anna.page.wait_for_timeout(100)
    anna.page.keyboard.up("n")

    wait_for(anna, "R1", "in_progress")
    assert [state(name).status for name in ("R2", "R3")] == ["assigned", "assigned"]


def test_activity_is_noted(anna: Site) -> None:
    with anna.page.expect_response("**/my-list/activity/") as answered:
        anna.page.mouse.move(300, 300)

    assert answered.value.status == 204
    assert Workload.objects.get(pk="DR_A").last_activity_at is not None


def test_reader_takes_what_waits(site: Site, department: Department) -> None:  # noqa: ARG001
    Workload.objects.update(presence="offline")
    send(*order(placer="W1"))
    Workload.objects.filter(pk="DR_A").update(presence="online")
    site.sign_in("anna", shows="#my-list")

    site.page.get_by_role("button", name="Take W1").click()

    wait_for(site, "W1", "acknowledged")
    settle()
    assert state("W1").radiologist_id == "DR_A"
    assert site.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_list_can_be_used_by_everybody(anna: Site, scheme: str, width: int) -> None:
    anna.page.emulate_media(color_scheme=scheme)
    anna.page.click("#presence-online")
    send(*order(placer="S1", priority="S"))
    anna.page.wait_for_selector(".offer")
    Workload.objects.update(presence="offline")
    send(*order(placer="W1"))
    anna.page.wait_for_selector("table.work")

    assert anna.barriers() == []
    assert anna.page.evaluate("() => document.documentElement.scrollWidth") <= width
    anna.page.locator("table.mine").get_by_role("link", name="Hand back R1").click()
    anna.page.wait_for_selector("#dialog[open] #id_reason")
    assert anna.barriers() == []
    assert anna.errors == []


def test_without_javascript_everything_works(site: Site, department: Department) -> None:  # noqa: ARG001
    send(*order(placer="R1"))
    context = site.page.context.browser.new_context(java_script_enabled=False)
    page = context.new_page()
    plain = Site(page, site.url)
    plain.sign_in_by_form("anna", shows="#my-list")

    page.click("#presence-online")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Done R1").click()
    page.get_by_role("button", name="Undo done R1").click()
    page.get_by_role("link", name="Hand back R1").click()
    page.fill("#id_reason", "I operated on this knee")
    page.get_by_role("button", name="Hand back").click()

    assert "waits for another reader" in page.locator("#messages").inner_text()
    assert Workload.objects.get(pk="DR_A").presence == "online"
    assert state("R1").radiologist_id == ""
    context.close()
