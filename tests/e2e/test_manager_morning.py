"""A manager's morning in a real browser: once with the mouse, once with the keyboard alone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from apps.assignment.models import Assignment, Unassigned
from apps.orders.models import Order
from apps.roster.models import Radiologist
from apps.rules.models import AssignmentRule
from tests.e2e.conftest import Site
from tests.support.demo_day import load_department, some_work

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def morning(site: Site) -> Site:
    load_department()
    some_work()
    return site


def reader_of(accession: str) -> str:
    return Assignment.objects.get(order__accession=accession, is_current=True).radiologist_id


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str, most: int = 80) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(wanted) => document.activeElement?.matches(wanted)", selector):
            return
    raise AssertionError(f"Tab never came to {selector}")


def test_by_mouse(morning: Site) -> None:
    page = morning.page
    morning.sign_in()

    # The board says that orders have no reader, and leads to them.
    page.get_by_role("link", name="Unassigned now").click()
    page.wait_for_selector("h1:has-text('Unassigned')")
    row = page.locator("tr", has_text="ODD-7")
    row.get_by_role("link", name="Assign", exact=False).first.click()
    page.wait_for_selector("#dialog[open] .candidates")

    # The menu says who may; a choice is one click, and the board's list follows.
    chosen = page.locator("#dialog label.candidate").first
    reader = chosen.locator("input").get_attribute("value")
    chosen.click()
    page.locator("#dialog button[type=submit]").click()
    page.wait_for_function("() => !document.getElementById('dialog').open")
    assert reader_of("ODD-7") == reader
    assert Assignment.objects.get(order__accession="ODD-7", is_current=True).strategy == "MANUAL"
    page.wait_for_selector("#messages .notice")

    # Hold a study with a reason, find it by its number, release it.
    page.fill("#search", "MR-2")
    page.press("#search", "Enter")
    page.get_by_role("link", name="MR-2", exact=True).first.click()
    page.get_by_role("link", name="Hold", exact=False).first.click()
    page.fill("#dialog [name=reason]", "waits for the priors")
    page.locator("#dialog button[type=submit]").click()
    page.wait_for_selector("text=waits for the priors")
    assert Order.objects.get(accession="MR-2").status == "held"

    # A rule is switched off, and on again by Undo.
    morning.visit("/rules/")
    first = AssignmentRule.objects.order_by("priority_order", "id").first()
    page.get_by_role("switch", name=f"{first.name} is enabled").click()
    page.wait_for_selector("#messages .notice")
    first.refresh_from_db()
    assert first.enabled is False
    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("text=Taken back.")
    first.refresh_from_db()
    assert (first.enabled, morning.errors) == (True, [])


def test_by_keyboard(morning: Site) -> None:
    page = morning.page
    page.goto(f"{morning.url}/login/")
    page.keyboard.type("manager")
    press(page, "Tab")
    page.keyboard.type("a long enough password")
    press(page, "Enter")
    page.wait_for_selector("#board")

    # The slash finds a study from anywhere.
    press(page, "/")
    page.keyboard.type("CT-1")
    press(page, "Enter")
    page.wait_for_selector("h1:has-text('Assignments')")
    page.wait_for_selector("tr:has-text('CT-1')")
    before = reader_of("CT-1")

    # Reassign: open the dialog, choose with the arrows, confirm with Enter.
    tab_to(page, "td.action a")
    press(page, "Enter")
    page.wait_for_selector("#dialog[open] .candidates")
    page.wait_for_function("() => document.activeElement?.id === 'narrow'")
    press(page, "ArrowDown", "Enter")
    page.wait_for_function("() => !document.getElementById('dialog').open")
    assert reader_of("CT-1") != before

    # The focus is back where the work was.
    assert page.evaluate("() => document.activeElement?.closest('td.action') !== null")

    # Take the reader off with a reason that the study keeps.
    press(page, "Enter")
    page.wait_for_selector("#dialog[open]")
    tab_to(page, "#dialog .act-tabs a[href*='unassign']")
    press(page, "Enter")
    page.wait_for_selector("#dialog [name=reason]")
    page.wait_for_function("() => document.activeElement?.name === 'reason'")
    page.keyboard.type("wrong side ordered")
    press(page, "Enter")
    page.wait_for_function("() => !document.getElementById('dialog').open")
    assert Unassigned.objects.get(order__accession="CT-1").reason == "by_hand"
    assert morning.errors == []


def test_two_managers_at_once_one_wins_and_the_other_sees_the_fresh_state(morning: Site) -> None:
    page = morning.page
    morning.let_in()
    order = Order.objects.get(accession="MR-2")
    morning.visit(f"/studies/{order.pk}/")
    page.get_by_role("link", name="Reassign", exact=False).first.click()
    page.wait_for_selector("#dialog[open] .candidates")

    # Somebody else is quicker.
    mine = Assignment.objects.get(order=order, is_current=True)
    other = Radiologist.objects.exclude(pk=mine.radiologist_id).first()
    Assignment.objects.filter(pk=mine.pk).update(
        is_current=False, state="ended", end_reason="reassigned", ended_at=mine.assigned_at
    )
    mine.pk, mine.radiologist = None, other
    mine.save()
    page.locator("#dialog label.candidate input").first.check()
    page.locator("#dialog button[type=submit]").click()

    page.wait_for_selector("#dialog [role=alert]")
    assert other.family_name in page.locator("#dialog").inner_text()
    assert reader_of("MR-2") == other.pk
