"""The fields that a profile adds, in the editor: added, mapped, tried, removed, kept."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client

from apps.hl7v2.places import MAX_OWN
from apps.intake.forms.senders import SenderForm, applied
from apps.intake.models import InboundMessage, SenderProfile
from tests.factories.intake import SenderProfileFactory
from tests.intake.sender_pages import HTMX, facts_of, form_of, new_form
from tests.support.pages import words_of

pytestmark = pytest.mark.db


def pressed(data: dict[str, Any]) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in data.items():
        query.setlist(name, value if isinstance(value, list) else [value])
    return query


@pytest.fixture
def profile(db: None) -> SenderProfile:  # noqa: ARG001 -- a fixture for its effect
    return SenderProfileFactory.create(
        name="Lab", application="LABRIS", places={"own.region": ["OBX-5[code REGION]"]}
    )


def test_a_field_is_named_then_mapped_and_tried_on_the_sample(
    admin: Client, lab: InboundMessage
) -> None:
    named = admin.post(
        "/senders/new/preview/",
        new_form(admin, lab, own_name=" Scan Region", own_add="1"),
        headers=HTMX | {"HX-Target": "facts"},
    )
    assert named.context["active"] == "own.scan_region"
    assert "It has no place yet" in named.content.decode()

    form = new_form(admin, lab, own=["own.scan_region"], active="own.scan_region", add="OBX-5")
    answer = admin.post(
        "/senders/new/preview/", form, headers=HTMX | {"HX-Target": "facts"}
    ).content.decode()
    assert 'name="places_own.scan_region" id="place-1" value="OBX-5"' in answer

    form = new_form(
        admin,
        lab,
        **{"own": ["own.scan_region"], "places_own.scan_region": ["OBX-5"], "open": "1"},
    )
    assert facts_of(admin, form)["own.scan_region"] == ("KNEE", "OBX-5")


def test_it_is_saved_shown_and_undone_with_the_profile(
    admin: Client, profile: SenderProfile
) -> None:
    address = f"/senders/{profile.pk}/edit/"
    form = form_of(admin, address, save="1")
    form["own"] = [*form["own"], "own.room"]
    form["places_own.room"] = ["ZRD-6.1", "ZRD-7"]

    answer = admin.post(address, form)

    assert answer.status_code == 302
    profile.refresh_from_db()
    assert profile.places == {
        "own.region": ["OBX-5[code REGION]"],
        "own.room": ["ZRD-6.1", "ZRD-7"],
    }
    page = words_of(admin, f"/senders/{profile.pk}/")
    assert "Room: where" in page
    assert "ZRD-6.1, ZRD-7" in page


def test_it_is_removed_with_its_places(admin: Client, profile: SenderProfile) -> None:
    address = f"/senders/{profile.pk}/edit/"
    form = form_of(admin, address, active="own.region")
    gesture = applied(pressed({**form, "own_drop": "own.region"}))

    assert gesture.data.getlist("own") == []
    assert gesture.active == "modality"
    admin.post(address, {**form, "own": [], "save": "1"})
    profile.refresh_from_db()
    assert profile.places == {}


def test_a_field_without_a_place_is_not_kept(admin: Client, profile: SenderProfile) -> None:
    address = f"/senders/{profile.pk}/edit/"
    form = form_of(admin, address, save="1")

    admin.post(address, {**form, "own": [*form["own"], "own.room"]})

    profile.refresh_from_db()
    assert profile.places == {"own.region": ["OBX-5[code REGION]"]}


@pytest.mark.parametrize("name", ["1st", "ro-om", "<b>", "ü", "x" * 33, "a\x00b"])
def test_a_name_that_is_none_is_refused_where_it_is_typed(
    admin: Client, profile: SenderProfile, name: str
) -> None:
    form = form_of(admin, f"/senders/{profile.pk}/edit/", own_name=name, own_add="1")

    answer = admin.post(
        f"/senders/{profile.pk}/preview/", form, headers=HTMX | {"HX-Target": "facts"}
    )

    assert answer.status_code == 200
    assert answer.context["form"].own_facts == ["own.region"]
    assert answer.context["form"].errors["own_name"]


def test_the_place_of_a_name_is_refused_with_the_cause(profile: SenderProfile) -> None:
    form = SenderForm(
        pressed({"name": "Lab", "own": ["own.who"], "places_own.who": ["PID-5"]}), instance=profile
    )

    assert form.errors["places_own.who"] == [
        "'PID-5': what names the patient is no field of its own"
    ]


def test_there_is_an_end_to_how_many_there_may_be() -> None:
    full = [f"own.f{number}" for number in range(MAX_OWN)]

    gesture = applied(pressed({"own": full, "own_name": "more", "own_add": "1"}))
    form = SenderForm(gesture.data)

    assert gesture.data.getlist("own") == full
    assert form.errors["own_name"] == ["At most 20 fields of its own."]
    over = SenderForm(pressed({"own": [*full, "own.more"], "places_own.more": ["ZRD-6"]}))
    assert "own.more" not in over.own_facts


def test_names_that_are_none_are_not_believed() -> None:
    form = SenderForm(pressed({"own": ["own.A", "modality", "own.", "x", "own.ok", "own.ok"]}))

    assert form.own_facts == ["own.ok"]
