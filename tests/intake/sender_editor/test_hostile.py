"""The editor and what people paste, type and send twice."""

from __future__ import annotations

from time import process_time

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.intake.models import InboundMessage, SenderProfile
from apps.intake.queries.sender_labels import LABELS
from tests.factories.intake import SenderProfileFactory
from tests.intake.sender_pages import (
    HTMX,
    form_of,
    new_form,
)
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


def test_script_in_a_name_is_text(admin: Client) -> None:
    raw = "MSH|^~\\&|A|B|||1||ORM^O01|1|P|2.3\nPID|1||M1||<script>alert(1)</script>^X\nOBR|1|P1"
    page = admin.post(
        "/senders/new/preview/",
        {"pasted": raw, "name": "x", "sample": "1"},
        headers={**HTMX, "HX-Target": "panes"},
    ).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("hello", "This is no message: the message does not begin with MSH."),
        ("MSH", "This is no message"),
        ("MSH|^~\\&|A|B\n" + "OBX|1|TX|||" + "x" * 1024 * 1024, "longer than 256 KB"),
        ("\x00\x0b\x1c", "This is no message"),
    ],
)
def test_a_paste_that_cannot_be_read_says_why(admin: Client, pasted: str, said: str) -> None:
    answer = admin.post(
        "/senders/new/preview/", {"pasted": pasted}, headers={**HTMX, "HX-Target": "panes"}
    )
    assert answer.status_code == 200
    assert said in answer.content.decode()


@pytest.mark.parametrize(
    "bomb", ["OBR-4.2[match (a+)+$]", "OBR-4.2[match ((a|a)*)*b]", "OBR-4.2[match (.*)*x]"]
)
def test_a_pattern_bomb_is_read_in_time(admin: Client, bomb: str) -> None:
    raw = f"MSH|^~\\&|A|B|||1||ORM^O01|1|P|2.3\nPID|1||M1\nOBR|1|P1||X^{'a' * 5000}!"
    started = process_time()
    answer = admin.post(
        "/senders/new/preview/", {"pasted": raw, "places_modality": [bomb]}, headers=HTMX
    )
    assert answer.status_code == 200
    assert process_time() - started < 3


@pytest.mark.parametrize(
    ("fact", "place", "why"),
    [
        ("modality", "OBR", "is not a place"),
        ("modality", "OBR-4[word x]", "needs one number"),
        ("modality", "OBR-4[match (]", "OBR-4[match (]"),
        ("urgency", "@procedure", "is for body_part and modality only"),
        ("patient_id", "PID-3[word 1]", "is read from a whole field"),
        ("patient_name", "PID-5.9", "is read from a whole field"),
        ("modality", "OBR-4[code X]", "is for OBX only"),
        ("modality", "x" * 400, "is too long"),
    ],
)
def test_a_wrong_place_is_refused_with_fact_place_and_cause(
    admin: Client, fact: str, place: str, why: str
) -> None:
    form = form_of(admin, "/senders/new/", name="Lab", **{f"places_{fact}": [place]})
    answer = admin.post("/senders/new/", form)
    assert (answer.status_code, SenderProfile.objects.filter(name="Lab").count()) == (422, 0)
    errors = answer.context["form"].errors
    assert (list(errors), why in str(errors[f"places_{fact}"][0])) == ([f"places_{fact}"], True)
    assert f"{LABELS[fact]}: where" in words_of(admin, "/senders/new/", form)


def test_a_profile_for_a_sender_that_has_one_is_refused(admin: Client) -> None:
    SenderProfileFactory.create(application="A", facility="B")
    form = form_of(admin, "/senders/new/", name="Another", application="A", facility="B")
    answer = admin.post("/senders/new/", form)
    assert answer.status_code == 422
    assert "There is a profile for this sender already." in answer.content.decode()


def test_who_saves_a_form_that_somebody_overtook_is_told(admin: Client) -> None:
    profile = SenderProfileFactory.create(name="Lab")
    path = f"/senders/{profile.pk}/edit/"
    form = form_of(admin, path, places_modality=["ZAO-3"])
    other = signed_in(Role.ADMINISTRATOR, username="bob")
    other.post(path, form_of(other, path, issuer="ELSE"))
    answer = admin.post(path, form)
    profile.refresh_from_db()
    assert (answer.status_code, profile.places, profile.issuer) == (409, {}, "ELSE")
    assert "bob changed this" in answer.content.decode()


def test_a_mapping_that_makes_the_identity_vanish_is_said_loudly(
    admin: Client, lab: InboundMessage
) -> None:
    nowhere = {
        f"places_{fact}": ["ZZZ-9"] for fact in ("placer", "filler", "accession", "study_uid")
    }
    answer = admin.post("/senders/new/preview/", new_form(admin, lab, **nowhere), headers=HTMX)
    alarms = [line.words for line in answer.context["understood"].verdict if line.tone == "alarm"]
    assert "It would wait in quarantine: no order with a number in it." in alarms
    assert any("would be refused with AE" in words for words in alarms)
    said = [effect.words for effect in answer.context["effects"]]
    assert "1 of them would have no order number at all, and stay parked." in said


def test_a_message_out_of_sight_is_not_found(admin: Client, lab: InboundMessage) -> None:
    assert admin.get("/senders/new/?message=999999").status_code == 404
    assert admin.get("/senders/of/999999/").status_code == 404
    assert admin.get("/senders/new/?message=abc").status_code == 200
    assert lab.pk
