"""A manager has the next weeks worked out, mends the draft and publishes it: mouse and keys."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.core import clock
from apps.roster import planning_tasks
from apps.roster.models import DraftTurn, RosterAssignment, RosterDraft, Shift
from tests.e2e.conftest import Site
from tests.factories import RadiologistFactory, ShiftFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def department() -> list[Shift]:
    for place in range(4):
        RadiologistFactory.create(id=f"DR_{place}", family_name=f"Reader{place}", given_name="")
    return [
        ShiftFactory.create(code="DAY", start_local=time(8), end_local=time(16)),
        ShiftFactory.create(code="NIGHT", start_local=time(22), end_local=time(6)),
    ]


def days() -> tuple[str, str]:
    today = timezone.localdate(clock.now())
    return str(today + timedelta(days=1)), str(today + timedelta(days=4))


def rows() -> set[tuple[str, str]]:
    return set(RosterAssignment.objects.values_list("shift__code", "radiologist_id"))


@pytest.mark.usefixtures("department")
def test_by_mouse_a_draft_is_asked_for_mended_published_and_taken_back(site: Site) -> None:
    site.let_in()
    page = site.page
    site.visit("/roster/drafts/")
    page.click("text=New draft")
    page.fill("#id_name", "By mouse")
    first, last = days()
    page.fill("#id_start_date", first)
    page.fill("#id_end_date", last)
    page.check("text=DAY")
    page.check("text=NIGHT")
    page.click("text=Work it out")
    expect(page.locator("#draft-progress")).to_have_text("Waiting for the worker")
    assert planning_tasks.plan_once() == 1
    expect(page.locator("#draft-turns")).to_contain_text("8 of 8 places are filled")
    assert site.barriers() == []

    given = DraftTurn.objects.filter(shift__code="DAY").order_by("on").first()
    assert given is not None
    page.click(f'[aria-label^="{given.radiologist.full_name}, "]:has-text("D") >> nth=0')
    expect(page.locator("#dialog")).to_be_visible()
    for box in page.locator("#dialog input[name=shift]:checked").all():
        box.uncheck()
    page.click("#dialog button[type=submit]")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("#draft-turns")).to_contain_text("7 of 8 places are filled, 1 is empty")
    assert DraftTurn.objects.count() == 7

    page.click("text=Publish…")
    expect(page.locator(".effects")).to_contain_text("1 place stays empty.")
    page.click("button:has-text('Publish')")
    expect(page.locator(".notice")).to_contain_text("By mouse is published")
    assert RosterAssignment.objects.exists()
    page.click(".notice button:has-text('Undo')")
    expect(page.locator("text=Publish…")).to_be_visible()
    assert not RosterAssignment.objects.exists()
    assert RosterDraft.objects.get().state == "ready"
    assert site.errors == []


@pytest.mark.usefixtures("department")
def test_by_keyboard_alone_a_draft_is_mended_run_again_and_published(site: Site) -> None:
    site.let_in()
    page = site.page
    site.visit("/roster/drafts/")
    keys = page.keyboard
    keys.press("n")
    expect(page.locator("#id_name")).to_be_visible()
    page.focus("#id_name")
    keys.type("By keys")
    first, last = days()
    page.fill("#id_start_date", first)
    page.fill("#id_end_date", last)
    page.focus('.draft-shifts label:has-text("DAY") input')
    keys.press("Space")
    page.focus("main")
    keys.press("s")
    expect(page.locator("#draft-progress")).to_be_visible()
    assert planning_tasks.plan_once() == 1
    expect(page.locator("#draft-turns")).to_contain_text("4 of 4 places are filled")

    # Down past the shift's own row to the first person, who gets the first day for sure.
    page.focus('[data-draft-grid] a[tabindex="0"]')
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    keys.press("ArrowLeft")
    before = page.locator(":focus").get_attribute("aria-label") or ""
    keys.press("Enter")
    expect(page.locator("#dialog")).to_be_visible()
    if "free" in before:
        keys.press("1")
    if not page.locator("#dialog input[name=keep]").is_checked():
        keys.press("f")
    keys.press("s")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator(":focus")).to_have_attribute("aria-label", as_fixed(before))
    assert [turn.is_fixed for turn in DraftTurn.objects.order_by("on", "pk")].count(True) == 1

    keys.press("r")
    expect(page.locator("#draft-progress")).to_be_visible()
    assert planning_tasks.plan_once() == 1
    expect(page.locator("[data-kind=fixed] >> nth=1")).to_be_visible()
    keys.press("p")
    expect(page.locator("main h2")).to_contain_text("What will change")
    keys.press("s")
    expect(page.locator(".notice")).to_contain_text("By keys is published")
    assert len(rows()) >= 2
    assert site.errors == []


def as_fixed(before: str) -> str:
    """Return what the cell says once its turn is fixed."""
    return before.split(":", maxsplit=1)[0] + ": Day fixed by hand"
