from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from apps.core import clock
from apps.roster.models import RosterOverride
from tests.e2e.conftest import Site
from tests.support.department import Department, order, readers, send

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

ZONE = "Australia/Brisbane"


def hour(ahead: int) -> time:
    """Return the wall clock's full hour some hours from now."""
    moment: datetime = clock.now().astimezone(ZoneInfo(ZONE)) + timedelta(hours=ahead)
    return time(moment.hour)


@pytest.fixture
def department(transactional_db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    """P1 and P2 are DR_ILL's, whose turn ends in three hours; DR_B is at work elsewhere."""
    department = Department()
    department.shift.delete()
    hours = {"start_local": hour(-3), "end_local": hour(3)}
    department.shift = department.add_shift("MRI", modality="MR", name="MRI day", **hours)
    department.add_reader("DR_ILL", family_name="Able")
    for number in (1, 2):
        send(*order(placer=f"P{number}", mrn=f"M{number}"))
    other = department.add_shift("CT", modality="CT", **hours)
    department.add_reader("DR_B", shift=other, family_name="Baker")
    department.add_reader("DR_C", shift=other, family_name="Carter")
    return department


@pytest.mark.usefixtures("department")
def test_by_mouse_in_three_clicks(site: Site) -> None:
    site.let_in()
    site.visit("/take-over/?radiologist=DR_ILL")
    page = site.page
    expect(page.locator("#preview-title")).to_be_visible()

    page.locator("select").first.select_option("DR_C")
    expect(page.locator(".preview")).to_contain_text("2 studies go to DR Rae Carter.")
    page.get_by_role("button", name="Hand over now").click()

    expect(page.locator("#messages")).to_contain_text("Taken over.")
    expect(page.locator(".moves")).to_contain_text("DR Rae Carter")
    assert readers() == {"P1": "DR_C", "P2": "DR_C"}
    page.get_by_role("button", name="Take it all back").click()
    expect(page.locator("#messages")).to_contain_text("2 studies are with DR Rae Able again.")
    assert readers() == {"P1": "DR_ILL", "P2": "DR_ILL"}
    assert RosterOverride.objects.count() == 0
    assert site.errors == []


@pytest.mark.usefixtures("department")
def test_by_keyboard_alone(site: Site) -> None:
    site.let_in()
    site.visit("/take-over/")
    page = site.page
    expect(page.locator("#whom")).to_be_focused()

    page.keyboard.type("DR Rae Able")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("select").first).to_be_focused()
    page.keyboard.type("DR Rae Car")
    expect(page.locator(".preview")).to_contain_text("2 studies go to DR Rae Carter.")
    expect(page.locator("select").first).to_be_focused()
    page.locator("select").first.evaluate("one => one.blur()")
    page.keyboard.press("s")

    expect(page.locator("#messages")).to_contain_text("Taken over.")
    assert readers() == {"P1": "DR_C", "P2": "DR_C"}
    assert site.errors == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("department")
def test_the_pages_have_no_barriers(site: Site, width: int) -> None:
    site.let_in()
    barriers = []
    for path in ("/take-over/", "/take-over/?radiologist=DR_ILL"):
        site.visit(path)
        barriers += site.barriers()
        overflow = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert site.page.evaluate(overflow), f"{path} at {width}"
    site.page.get_by_role("button", name="Hand over now").click()
    expect(site.page.locator("#messages")).to_contain_text("Taken over.")
    site.visit(site.page.url.removeprefix(site.url))
    barriers += site.barriers()

    assert (barriers, site.errors) == ([], [])
