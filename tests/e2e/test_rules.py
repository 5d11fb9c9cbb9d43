"""The rules in a real browser: order by mouse and by keys, the form that follows typing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.rules.models import AssignmentRule
from tests.e2e.conftest import Site
from tests.factories.people import RadiologistFactory
from tests.factories.rules import AssignmentRuleFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

MR = '{"all": [{"field": "modality", "op": "=", "value": "MR"}]}'


@pytest.fixture
def rules(site: Site) -> list[AssignmentRule]:
    found = [
        AssignmentRuleFactory(name=name, priority_order=priority)
        for name, priority in (("first", 10), ("second", 20), ("third", 30))
    ]
    site.let_in()
    site.visit("/rules/")
    site.page.wait_for_selector("[data-sortable=ready]")
    return found


def shown(site: Site) -> list[str]:
    return site.page.locator("table.rules .rule-name a").all_inner_texts()


def test_keys_move_a_rule_and_the_focus_stays_with_it(
    site: Site, rules: list[AssignmentRule]
) -> None:
    page, moved = site.page, rules[0].pk
    page.focus(f"#down-{moved}")

    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("first is number 2 now.")
    assert shown(site) == ["second", "first", "third"]
    expect(page.locator(f"#down-{moved}")).to_be_focused()

    page.keyboard.press("End")
    expect(page.locator("#messages")).to_contain_text("first is number 3 now.")
    assert shown(site) == ["second", "third", "first"]
    expect(page.locator(f"#bottom-{moved}")).to_be_focused()

    page.get_by_role("button", name="Undo").click()
    page.wait_for_selector("text=Taken back.")
    assert shown(site) == ["second", "first", "third"]
    assert site.errors == []


def test_mouse_drags_a_rule_and_the_focus_stays_with_it(
    site: Site, rules: list[AssignmentRule]
) -> None:
    page = site.page
    grips = [page.locator(".grip").nth(place).bounding_box() for place in (2, 0)]
    (start, end) = [box for box in grips if box]

    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(end["x"] + 5, end["y"] + 10, steps=10)
    page.mouse.move(end["x"] + 5, end["y"] - 8, steps=5)
    expect(page.locator("table.rules .rule-name a")).to_have_text(["third", "first", "second"])
    page.mouse.up()

    expect(page.locator("#messages")).to_contain_text("third is number 1 now.")
    assert shown(site) == ["third", "first", "second"]
    expect(page.locator(f"#up-{rules[2].pk}")).to_be_focused()
    assert site.errors == []


def test_who_saw_another_order_is_shown_the_fresh_one(
    site: Site, rules: list[AssignmentRule]
) -> None:
    AssignmentRule.objects.filter(pk=rules[2].pk).update(priority_order=1)

    site.page.click(f"#down-{rules[0].pk}")

    expect(site.page.locator("#messages")).to_contain_text("This is how it is now")
    assert shown(site) == ["third", "first", "second"]
    assert all("409" in error for error in site.errors)


def test_switch_is_one_click(site: Site, rules: list[AssignmentRule]) -> None:
    switch = site.page.locator(f"#switch-{rules[1].pk}")
    switch.focus()
    site.page.keyboard.press("Space")

    expect(switch).to_have_attribute("aria-checked", "false")
    expect(switch).to_be_focused()
    assert site.errors == []


def test_form_says_conditions_and_what_follows_while_they_are_typed(site: Site) -> None:
    RadiologistFactory(id="DR_A", given_name="Ann", family_name="Lee")
    RadiologistFactory(id="DR_B", given_name="Bea", family_name="Poe")
    site.let_in()
    site.visit("/rules/new/")
    page = site.page

    page.get_by_role("tab", name="JSON").click()
    page.fill("#id_condition_filters", '{"all": [}')
    expect(page.locator("#conditions-said")).to_contain_text("Line 1, column 10")
    page.fill("#id_condition_filters", MR)
    expect(page.locator("#conditions-said")).to_contain_text("modality is MR")

    page.fill("#id_name", "No Ann")
    page.select_option("#id_action_type", "EXCLUDE")
    expect(page.locator("#id_target_shift")).to_be_hidden()
    page.get_by_label("Narrow the list").locator("visible=true").fill("lee")
    listed = page.get_by_role("group", name="Radiologists")
    expect(listed.get_by_label("DR Bea Poe (DR_B)")).to_be_hidden()
    listed.get_by_label("DR Ann Lee (DR_A)").check()
    expect(page.locator("#preview")).to_contain_text("DR Ann Lee (DR_A)")

    page.click("[name=save]")
    page.wait_for_selector("text=No Ann added.")
    assert AssignmentRule.objects.get().action_target == "DR_A"
    assert site.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_have_no_barriers_and_fit_the_screen(
    site: Site,
    width: int,  # noqa: ARG001 -- the fixture reads it
    scheme: str,
) -> None:
    rule = AssignmentRuleFactory(name="A rule with quite a long name that has to be wrapped")
    AssignmentRuleFactory(enabled=False)
    site.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of its words
    site.let_in()

    for path in ("/rules/", f"/rules/{rule.pk}/", f"/rules/{rule.pk}/edit/", "/policies/new/"):
        site.visit(path)
        overflow = site.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (path, overflow, site.barriers()) == (path, 0, [])
    assert site.errors == []
