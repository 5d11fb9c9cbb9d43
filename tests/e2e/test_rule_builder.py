"""The builder of conditions in a real browser: by keys alone, by mouse, beside its JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from apps.rules.models import AssignmentRule
from tests.e2e.conftest import Site
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.orders import OrderFactory
from tests.factories.rules import AssignmentRuleFactory

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]

DEEP: dict[str, Any] = {
    "all": [
        {"field": "modality", "op": "in", "value": ["MR", "NOPE"]},
        {
            "any": [
                {"field": "indication", "op": "contains", "value": "stroke"},
                {
                    "all": [
                        {"field": "time_of_day", "op": "between", "value": ["22:00", "06:00"]},
                        {"none": [{"field": "weekday", "op": "in", "value": ["SAT", "SUN"]}]},
                    ]
                },
            ]
        },
    ]
}


def open_form(site: Site, path: str = "/rules/new/") -> None:
    site.let_in()
    site.visit(path)
    expect(site.page.get_by_role("tab", name="Sentence")).to_have_attribute(
        "aria-selected", "true"
    )


def conditions(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.page.input_value("#id_condition_filters"))
    return found


def row(site: Site, name: str) -> Locator:
    return site.page.get_by_role("group", name=name, exact=True)


def write_json(site: Site, text: str) -> None:
    site.page.get_by_role("tab", name="JSON").click()
    site.page.fill("#id_condition_filters", text)
    site.page.get_by_role("tab", name="Sentence").click()


def test_rule_is_built_by_keys_alone(site: Site) -> None:
    OrderFactory(modality="MR", accession="ACC1")
    SiteFactory(code="ROBINA", name="Robina")
    open_form(site)
    page, keys = site.page, site.page.keyboard

    page.focus("#id_name")
    keys.type("MR at night")
    page.get_by_role("button", name="Add a condition to the rule").focus()
    keys.press("Enter")
    expect(row(site, "Condition 1").get_by_label("field")).to_be_focused()
    keys.press("Tab")
    keys.press("Tab")
    keys.type("magnet")
    expect(page.get_by_role("option", name="MR Magnetic resonance")).to_be_visible()
    keys.press("Enter")
    keys.type("ct")
    keys.press("Enter")
    assert conditions(site) == {"all": [{"field": "modality", "op": "in", "value": ["MR", "CT"]}]}
    expect(page.locator("#conditions-said")).to_contain_text("Matches 1 of one order")

    keys.press("Alt+Shift+Enter")
    expect(row(site, "Condition 2").get_by_label("field")).to_be_focused()
    keys.type("time of day")
    keys.press("Tab")
    keys.type("is before")
    keys.press("Tab")
    keys.type("0600AM")
    keys.press("Alt+Shift+ArrowUp")
    assert [one["field"] for one in conditions(site)["all"]] == ["time_of_day", "modality"]
    keys.press("Control+z")
    assert [one["field"] for one in conditions(site)["all"]] == ["modality", "time_of_day"]
    assert page.evaluate("document.activeElement.closest('[data-node]') !== null")

    page.focus("#id_action_type")
    keys.type("Hold")
    page.focus("#id_target_reason")
    keys.type("wait")
    page.focus("[name=save]")
    keys.press("Enter")
    page.wait_for_selector("text=MR at night added.")
    assert AssignmentRule.objects.get().condition_filters == {
        "all": [
            {"field": "modality", "op": "in", "value": ["MR", "CT"]},
            {"field": "time_of_day", "op": "<", "value": "06:00"},
        ]
    }
    assert site.errors == []


def test_conditions_move_into_groups_and_out_again(site: Site) -> None:
    open_form(site)
    page, keys = site.page, site.page.keyboard
    for _ in range(2):
        page.get_by_role("button", name="Add a condition to the rule").click()
    page.get_by_role("button", name="Add a group to the rule").click()
    row(site, "Condition 1").get_by_label("field").select_option("rvu")

    row(site, "Condition 2").get_by_label("field").focus()
    keys.press("Alt+Shift+ArrowRight")
    assert [len(one.get("any", [])) for one in conditions(site)["all"]] == [0, 2]
    keys.press("Alt+Shift+ArrowLeft")
    assert [len(one.get("any", [])) for one in conditions(site)["all"]] == [0, 1, 0]
    keys.press("Alt+Shift+Delete")
    assert [len(one.get("any", [])) for one in conditions(site)["all"]] == [0, 1]
    page.get_by_role("button", name="Undo").click()
    assert len(conditions(site)["all"]) == 3

    row(site, "Condition 1").locator("summary").click()
    page.get_by_role("button", name="Put into a group of its own").click()
    assert list(conditions(site)["all"][0]) == ["any"]
    assert site.errors == []


def test_json_and_sentence_are_two_views_of_the_same(site: Site) -> None:
    open_form(site)
    page = site.page

    write_json(site, json.dumps(DEEP))
    expect(row(site, "Condition 2.2.1")).to_be_visible()
    expect(row(site, "Condition 1").locator(".chip[data-unknown]")).to_contain_text("NOPE")
    expect(row(site, "Condition 2.2.2.1").get_by_label("Sat", exact=True)).to_be_checked()
    row(site, "Condition 2.1").get_by_label("value").fill("bleeding")
    page.get_by_role("tab", name="JSON").click()
    wanted = json.loads(json.dumps(DEEP).replace("stroke", "bleeding"))
    assert conditions(site) == wanted
    expect(page.locator("#conditions-said")).to_contain_text('indication contains "bleeding"')
    assert site.errors == []


def test_json_that_cannot_be_read_stays_open_with_place_and_cause(site: Site) -> None:
    open_form(site)

    write_json(site, '{"all": [}')

    expect(site.page.get_by_role("tab", name="JSON")).to_have_attribute("aria-selected", "true")
    expect(site.page.locator("#id_condition_filters")).to_be_focused()
    expect(site.page.locator("#conditions-said")).to_contain_text("Line 1, column 10")
    assert site.page.input_value("#id_condition_filters") == '{"all": [}'


def test_nothing_typed_is_lost_when_the_server_refuses(site: Site) -> None:
    open_form(site)
    page = site.page
    page.get_by_role("button", name="Add a condition to the rule").click()
    row(site, "Condition 1").get_by_label("field").select_option("rvu")
    row(site, "Condition 1").get_by_label("how it is compared").select_option("<")
    row(site, "Condition 1").get_by_label("value").fill("many")
    expect(row(site, "Condition 1")).to_contain_text("number")

    page.click("[name=save]")

    expect(row(site, "Condition 1").get_by_label("value")).to_have_value("many")
    expect(page.locator("#conditions-said")).to_contain_text("number")
    assert all("422" in error for error in site.errors)


def test_long_lists_are_searched_while_one_types(site: Site) -> None:
    for number in range(220):
        ProcedureFactory(code=f"P{number:03}", description=f"Exam {number}")
    ProcedureFactory(code="ZZKNEE", description="The last of them")
    AssignmentRuleFactory(
        name="old",
        condition_filters={"field": "procedure", "op": "in", "value": ["zzknee", "GONE"]},
    )
    open_form(site, f"/rules/{AssignmentRule.objects.get().pk}/edit/")
    page = site.page

    expect(page.locator(".chip")).to_contain_text(["The last of them", "unknown"])
    page.get_by_role("combobox", name="Condition 1: value").click()
    page.keyboard.type("exam 21")
    page.get_by_role("option", name="P219").click()
    assert conditions(site)["all"][0]["value"] == ["zzknee", "GONE", "P219"]
    assert site.errors == []


def test_nothing_that_was_stored_becomes_markup(site: Site) -> None:
    evil = '"><img src=x onerror=alert(1)>'
    ProcedureFactory(code=evil, description=evil)
    AssignmentRuleFactory(
        condition_filters={"all": [{"field": "procedure", "op": "in", "value": [evil]}]}
    )
    open_form(site, f"/rules/{AssignmentRule.objects.get().pk}/edit/")

    expect(site.page.locator(".chip-code")).to_have_text(evil)
    assert site.page.locator("img[src=x]").count() == 0
    assert site.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_builder_has_no_barriers_and_fits_the_screen(
    site: Site,
    width: int,  # noqa: ARG001 -- the fixture reads it
    scheme: str,
) -> None:
    site.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of its words
    open_form(site)
    write_json(site, json.dumps(DEEP))
    expect(row(site, "Condition 2.2.2.1")).to_be_visible()
    for action in ("OVERFLOW", "ASSIGN_TO_WORKLIST"):
        site.page.select_option("#id_action_type", action)
    site.page.get_by_role("combobox", name="Condition 1: value").click()

    overflow = site.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )

    assert (overflow, site.barriers()) == (0, [])
    assert site.errors == []
