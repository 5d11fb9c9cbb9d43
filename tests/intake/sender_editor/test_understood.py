"""The editor: what a mapping would understand, at once, and what saving it does."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.assignment.models import Unassigned
from apps.core import clock
from apps.hl7v2.places import DEFAULT_FACTS
from apps.intake.choices import InboundState
from apps.intake.forms.senders import applied
from apps.intake.models import InboundMessage, SenderProfile
from apps.intake.queries.sender_labels import LABELS
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory
from tests.intake.sender_pages import (
    HTMX,
    LAB,
    facts_of,
    form_of,
    lab_order,
    new_form,
)
from tests.support.department import reasons, settle

pytestmark = pytest.mark.db


def test_places_words_and_fixed_values_are_tried_at_once_and_nothing_is_written(
    admin: Client, lab: InboundMessage
) -> None:
    before = facts_of(admin, new_form(admin, lab))
    assert [before[fact] for fact in ("site", "modality")] == [("", ""), ("", "")]

    form = new_form(
        admin,
        lab,
        places_site=["ZAO-4", "MSH-4.1"],
        places_modality=["ZAO-3"],
        modality_words="MRT3 = MRI",
        places_body_part=["OBR-4.2[match (x)]", "=KNEE"],
        time_zone="Europe/Berlin",
        open="1",
    )
    after = facts_of(admin, form)
    assert {fact: after[fact] for fact in ("site", "modality", "body_part", "accession")} == {
        "site": ("Robina (ROBINA)", "ZAO-4"),
        "modality": ("MR, magnetic resonance", "ZAO-3"),
        "body_part": ("KNEE", "=KNEE"),
        "accession": ("NG-1", "OBR-2.1"),
    }
    assert after["exam_at"] == ("22 Nov 2026 10:00 (Europe/Berlin)", "OBR-7.1")
    assert after["patient_name"] == ("Novak, Evelina", "PID-5")
    assert not SenderProfile.objects.filter(facility="Northgate").exists()
    assert reasons() == {"NG-1": "unknown_site"}


def test_every_fact_has_a_name_and_a_place_on_the_page() -> None:
    assert set(LABELS) == set(DEFAULT_FACTS)


def test_the_preview_says_how_many_parked_studies_would_be_helped(
    admin: Client, lab: InboundMessage
) -> None:
    lab_order("NG-2")
    form = new_form(admin, lab, places_site=["ZAO-4"], places_modality=["=MR"])
    effects = admin.post("/senders/new/preview/", form, headers=HTMX).context["effects"]
    words = "2 parked studies of this sender are read again. 2 would find what they lack."
    assert words in [effect.words for effect in effects]


def test_a_message_of_several_groups_is_looked_at_group_by_group(admin: Client) -> None:
    raw = "\n".join(
        [
            "MSH|^~\\&|A|B|||1||ORM^O01|1|P|2.3",
            "PID|1||M1",
            *("ORC|NW|P1", "OBR|1|P1||CT HEAD", "ORC|NW|P2", "OBR|2|P2||US ABDOMEN"),
        ]
    )
    facts = [facts_of(admin, {"pasted": raw, "group": n})["placer"][0] for n in ("1", "2", "9")]
    assert facts == ["P1", "P2", "P1"]


def test_a_strict_profile_says_what_it_would_refuse(admin: Client, lab: InboundMessage) -> None:
    form = new_form(admin, lab, is_strict="on", accepted_versions="2.5.1")
    answer = admin.post("/senders/new/preview/", form, headers=HTMX)
    assert "It would be refused with AR: the version is not accepted." in [
        line.words for line in answer.context["understood"].verdict
    ]


@pytest.mark.parametrize(
    ("pressed", "listed"),
    [
        ("add=ZAO-3", ["ZAO-3", "A-1", "B-2"]),
        ("add=B-2", ["B-2", "A-1"]),
        ("move=modality:0:down", ["B-2", "A-1"]),
        ("move=modality:0:up", ["A-1", "B-2"]),
        ("move=modality:9:up", ["A-1", "B-2"]),
        ("move=modality:x:up", ["A-1", "B-2"]),
        ("drop=modality:0", ["B-2"]),
        ("drop=nonsense", ["A-1", "B-2"]),
        ("usual=modality", []),
        (
            "compose=1&new_kind=word&new_where=OBR-4.1&new_what=2",
            ["OBR-4.1[word 2]", "A-1", "B-2"],
        ),
        ("compose=1&new_kind=fixed&new_what=CT", ["=CT", "A-1", "B-2"]),
        ("compose=1&new_where=OBR-4", ["OBR-4", "A-1", "B-2"]),
        ("compose=1", ["A-1", "B-2"]),
    ],
)
def test_a_button_changes_the_places_of_the_open_fact(pressed: str, listed: list[str]) -> None:
    sent = f"active=modality&places_modality=A-1&places_modality=B-2&{pressed}"
    gesture = applied(QueryDict(sent))
    assert (gesture.data.getlist("places_modality"), gesture.is_one) == (listed, True)


def test_a_field_is_wanted_before_the_usual_places_and_whole_where_the_fact_is() -> None:
    usual = list(DEFAULT_FACTS["modality"])
    assert applied(QueryDict("active=modality&add=ZAO-3")).data.getlist("places_modality") == [
        "ZAO-3",
        *usual,
    ]
    whole = applied(QueryDict("active=patient_id&add=PID-4(2).1"))
    assert whole.data.getlist("places_patient_id")[0] == "PID-4"
    assert applied(QueryDict("fact=nonsense")).active == "modality"


def test_without_javascript_a_button_shows_the_form_again_and_saves_nothing(
    admin: Client, lab: InboundMessage
) -> None:
    form = new_form(admin, lab, active="site", add="ZAO-4")
    page = admin.post(f"/senders/new/?message={lab.pk}", form)
    assert page.status_code == 200
    assert page.context["form"]["places_site"].value()[0] == "ZAO-4"
    assert page.context["understood"].facts["site"].value == "Robina (ROBINA)"
    assert not SenderProfile.objects.filter(facility="Northgate").exists()


def test_a_look_never_saves_even_without_javascript(admin: Client) -> None:
    form = form_of(admin, "/senders/new/", name="Lab", facility="L", save="1")
    assert admin.post("/senders/new/preview/", form).status_code == 200
    assert admin.get("/senders/new/preview/").status_code == 405
    assert not SenderProfile.objects.filter(name="Lab").exists()


def test_the_editor_costs_the_same_however_much_waits(admin: Client, lab: InboundMessage) -> None:
    def asked(path: str, form: dict[str, Any] | None = None) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = admin.post(path, form, headers=HTMX) if form else admin.get(path)
            assert answer.status_code == 200
        return len(captured)

    profile = SenderProfileFactory.create(application="LABRIS", facility="Northgate")
    page, shown = f"/senders/{profile.pk}/edit/?message={lab.pk}", f"/senders/{profile.pk}/"
    form = form_of(admin, page, places_site=["ZAO-4"])
    look = f"/senders/{profile.pk}/preview/"
    paths = ((page, None), (shown, None), (look, form))
    few = [asked(*one) for one in paths]
    for number in range(60):
        lab_order(f"NG-{number + 2}")
    many = [asked(*one) for one in paths]
    assert (many, few[1] <= 15, max(few) <= 24) == (few, True, True), few


def test_saving_lets_what_waits_of_the_sender_run_again(
    admin: Client, lab: InboundMessage
) -> None:
    stuck = InboundMessageFactory.create(
        sender="LABRIS|Northgate",
        state=InboundState.QUARANTINED,
        processed_at=clock.now(),
        raw="\r".join(LAB).format(control="Q", number="NG-9").encode(),
    )
    foreign = InboundMessageFactory.create(
        sender="OTHER|Northgate", state=InboundState.QUARANTINED, processed_at=clock.now()
    )
    form = new_form(
        admin, lab, places_site=["ZAO-4"], places_modality=["ZAO-3"], modality_words="MRT3=MR"
    )
    answer = admin.post(f"/senders/new/?message={lab.pk}", form, follow=True)
    profile = SenderProfile.objects.get(facility="Northgate")
    assert answer.redirect_chain[-1][0] == f"/senders/{profile.pk}/"
    assert "1 parked study is read again and 1 message leaves quarantine; see below." in [
        str(message) for message in answer.context["messages"]
    ]

    settle()
    for row in (stuck, foreign):
        row.refresh_from_db()
    assert (stuck.state, foreign.state) == ("processed", "quarantined")
    assert not Unassigned.objects.filter(order__accession="NG-1").exists()


def test_saving_without_a_change_runs_nothing_again(admin: Client, lab: InboundMessage) -> None:
    stuck = InboundMessageFactory.create(
        sender="LABRIS|Northgate", state=InboundState.QUARANTINED, processed_at=clock.now()
    )
    profile = SenderProfileFactory.create(
        application="LABRIS", facility="Northgate", places={"site": ["ZAO-4"]}
    )
    path = f"/senders/{profile.pk}/edit/"
    answer = admin.post(path, form_of(admin, path), follow=True)
    stuck.refresh_from_db()
    assert (answer.redirect_chain[-1][0], stuck.state) == (
        f"/senders/{profile.pk}/",
        InboundState.QUARANTINED,
    )
    assert not [said for said in answer.context["messages"] if "again" in str(said)]
    assert lab.pk


def test_words_are_kept_in_our_spelling_and_unknown_ones_are_named(admin: Client) -> None:
    path = "/senders/new/"
    good = {"modality_words": "MRT3=mri\nX = x-ray", "urgency_words": "eilt = stat"}
    admin.post(path, form_of(admin, path, name="Lab", facility="L", **good))
    profile = SenderProfile.objects.get(name="Lab")
    assert (profile.modality_words, profile.urgency_words) == (
        {"MRT3": "MR", "X": "DX"},
        {"eilt": "STAT"},
    )
    bad = {
        "modality_words": "A = ZZ",
        "urgency_words": "B = SOON",
        "site_words": "C = NOWHERE",
        "body_part_words": "no mark",
        "networks": "10.0.0.0/99",
        "certificates": "abc",
        "character_set": "EBCDIC",
    }
    answer = admin.post(path, form_of(admin, path, name="Bad", facility="M", **bad))
    assert (answer.status_code, set(answer.context["form"].errors)) == (422, set(bad))
