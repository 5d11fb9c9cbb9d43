from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests import factories
from tests.assignment.hand import act, history
from tests.e2e.conftest import Site
from tests.support.department import Department, order, readers, send

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def department(transactional_db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    """P1 is DR_A's; DR_B and DR_C are on the same shift, DR_C full."""
    department = Department()
    department.add_reader("DR_A", family_name="Able")
    send(*order(placer="P1"))
    department.add_reader("DR_B", family_name="Baker")
    department.add_reader("DR_C", family_name="Carter", max_concurrent_studies=0)
    factories.RadiologistFactory(id="DR_OFF", family_name="Dunne")
    return department


@pytest.mark.usefixtures("department")
def test_a_study_is_reassigned_by_keyboard_alone(site: Site) -> None:
    site.let_in()
    site.visit("/assignments/")
    page = site.page
    page.locator("a[id^=act-]").focus()

    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[open] .candidate")
    expect(page.locator("#narrow")).to_be_focused()
    page.keyboard.type("bak")
    expect(page.locator("label.candidate:visible")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text("P1 is with DR Rae Baker now")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator("table.studies")).to_contain_text("Baker")
    assert readers() == {"P1": "DR_B"}
    assert site.errors == []


@pytest.mark.usefixtures("department")
def test_a_full_reader_asks_for_the_reason_where_it_is_needed(site: Site) -> None:
    site.let_in()
    site.visit("/assignments/")
    page = site.page
    page.locator("a[id^=act-]").click()
    page.wait_for_selector("dialog[open] .candidate")

    expect(page.locator("#id_reason")).to_be_hidden()
    page.locator("#narrow").fill("carter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#id_reason")).to_be_focused()
    page.keyboard.type("only one at work")
    page.keyboard.press("Enter")

    expect(page.locator("#messages")).to_contain_text("P1 is with DR Rae Carter now")
    assert readers() == {"P1": "DR_C"}


@pytest.mark.usefixtures("department")
def test_who_was_slower_sees_the_fresh_state_and_decides_again(site: Site) -> None:
    from apps.assignment.services import by_hand  # noqa: PLC0415 -- the browser's loop is running

    site.let_in()
    site.visit("/assignments/")
    page = site.page
    page.locator("a[id^=act-]").click()
    page.wait_for_selector("dialog[open] .candidate")
    act(by_hand.assign, radiologist_id="DR_OFF")

    page.locator("label.candidate", has_text="Baker").click()
    page.locator("dialog button[type=submit]").click()
    expect(page.locator("dialog [role=alert]")).to_contain_text("Somebody was quicker")
    expect(page.locator("dialog .act-facts")).to_contain_text("Dunne")
    page.locator("dialog button[type=submit]").click()

    expect(page.locator("#messages")).to_contain_text("P1 is with DR Rae Baker now")
    assert [row[0] for row in history()] == ["DR_A", "DR_OFF", "DR_B"]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("department")
def test_pages_and_dialogs_have_no_barriers(site: Site, width: int) -> None:
    send(*order(placer="P2", modality="CT", code="CT HEAD^CT HEAD", mrn="M2"))
    site.let_in()
    barriers = []
    for path in ("/assignments/", "/unassigned/"):
        site.visit(path)
        barriers += site.barriers()
        overflow = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert site.page.evaluate(overflow), f"{path} at {width}"
    site.page.locator("a[id^=study-]").first.click()
    site.page.wait_for_selector("#study-page")
    barriers += site.barriers()
    site.page.locator("#deed-assign").click()
    site.page.wait_for_selector("dialog[open] .candidate")
    barriers += site.barriers()

    assert (barriers, site.errors) == ([], [])
