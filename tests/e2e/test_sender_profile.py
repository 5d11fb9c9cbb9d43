"""A sender profile in a real browser: pick a parked message, click a field, see, save, done."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps.assignment.models import Unassigned
from apps.intake.models import SenderProfile
from tests.e2e.conftest import Site
from tests.intake.sender_pages import lab_order
from tests.support.department import Department, readers, settle

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def department(transactional_db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    department = Department()
    department.add_reader("DR_A")
    lab_order()
    return department


@pytest.mark.usefixtures("department")
def test_a_parked_study_is_mapped_in_a_minute(site: Site) -> None:
    assert Unassigned.objects.get().reason == "unknown_site"
    site.let_in()
    site.visit("/senders/")
    page = site.page
    page.get_by_role("link", name="Set up LABRIS / Northgate").click()

    # The site is what it lacks first, so that fact is open: one click on the field is enough.
    expect(page.locator("#said-site")).to_contain_text("not found")
    page.get_by_role("button", name="ZAO-4").click()
    expect(page.locator("#said-site")).to_contain_text("Robina (ROBINA) from ZAO-4")
    expect(page.locator("#place-1")).to_have_value("ZAO-4")

    page.click("#fact-modality")
    page.get_by_role("button", name="ZAO-3").click()
    expect(page.locator("#fact-modality")).to_have_attribute("aria-expanded", "true")
    page.fill("#id_modality_words", "MRT3 = MRI")
    expect(page.locator("#verdict")).to_contain_text("NG-1: new, complete enough")
    expect(page.locator("#preview")).to_contain_text("1 would find what it lacks.")

    expect(page.locator("#bar-said")).to_contain_text("1 parked study of this sender is read")

    page.get_by_role("button", name="Save").click()
    expect(page.locator("#messages")).to_contain_text("1 parked study is read again")
    expect(page.locator("#waits")).to_contain_text("NG-1")
    assert SenderProfile.objects.get(facility="Northgate").places["site"][0] == "ZAO-4"

    settle()
    assert readers() == {"NG-1": "DR_A"}
    expect(page.locator("#waits")).not_to_contain_text("NG-1")
    site.visit("/unassigned/")
    expect(page.locator("main")).not_to_contain_text("NG-1")
    assert site.errors == []


@pytest.mark.usefixtures("department")
def test_places_are_typed_moved_and_removed_where_they_stand(site: Site) -> None:
    site.let_in()
    site.visit("/senders/new/")
    page = site.page
    page.locator("summary", has_text="Or paste one").click()
    page.locator("#id_pasted").fill(
        "MSH|^~\\&|A|B|||1||ORM^O01|1|P|2.3\nPID|1||M1||Doe^Jane\nOBR|1|P1||X9^CT or so"
    )
    expect(page.locator("#verdict")).to_contain_text("parked where it is not known yet")

    page.fill("#id_new_where", "OBR-4.2")
    page.select_option("#id_new_kind", "word")
    page.fill("#id_new_what", "1")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#place-1")).to_have_value("OBR-4.2[word 1]")
    expect(page.locator("#said-modality")).to_contain_text("CT, computed tomography")

    page.locator("#place-1").press_sequentially("]")
    expect(page.locator("#said-modality")).to_contain_text("is not a place such as")
    expect(page.locator("#place-1")).to_be_focused()
    page.locator("#place-1").fill("=US")
    expect(page.locator("#said-modality")).to_contain_text("US, ultrasound")

    page.click("#down-1")
    expect(page.locator("#place-2")).to_have_value("=US")
    page.click("#drop-2")
    expect(page.locator("#place-2")).not_to_have_value("=US")
    page.get_by_role("button", name="Back to the usual places").click()
    expect(page.locator("#place-1")).to_have_count(0)
    assert [error for error in site.errors if "422" not in error] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("department")
def test_pages_have_no_barriers_and_fit_the_screen(
    site: Site,
    width: int,  # noqa: ARG001 -- the fixture reads it
    scheme: str,
) -> None:
    profile = SenderProfile.objects.create(
        name="Lab", application="LABRIS", facility="Northgate", places={"site": ["ZAO-4", "MSH-4"]}
    )
    SenderProfile.objects.filter(pk=profile.pk).update(is_strict=True)
    message = Unassigned.objects.select_related("order").get().order.last_message_id
    site.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type] # one of its words
    site.let_in()

    for path in (
        "/senders/",
        f"/senders/{profile.pk}/",
        f"/senders/{profile.pk}/edit/?message={message}",
        f"/senders/{profile.pk}/versions/1/",
        "/senders/import/",
    ):
        site.visit(path)
        overflow = site.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert (path, overflow, site.barriers()) == (path, 0, [])
    assert site.errors == []
