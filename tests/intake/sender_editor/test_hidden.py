"""The editor shows nothing of a patient, and answers no question about what it hides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.intake.models import InboundMessage
from tests.factories.intake import SenderProfileFactory
from tests.intake.sender_pages import (
    HTMX,
    LAB,
    PERSONAL,
    form_of,
    new_form,
    panes,
)
from tests.support.department import send
from tests.support.people import signed_in

pytestmark = pytest.mark.db


def test_nothing_of_the_patient_is_on_the_page_until_somebody_opens_it(
    admin: Client, lab: InboundMessage
) -> None:
    path = f"/senders/new/?message={lab.pk}"
    answer = admin.get(path)
    page = answer.content.decode()
    assert [word for word in PERSONAL if word in page] == []
    assert "no-store" in answer["Cache-Control"]
    assert not AuditEvent.objects.filter(action="open").exists()

    opened = admin.post("/senders/new/preview/", new_form(admin, lab, open="1"), headers=HTMX)
    assert [word for word in PERSONAL[:3] if word not in opened.content.decode()] == []
    (event,) = AuditEvent.objects.filter(action="open")
    assert (event.entity, event.entity_id, event.actor) == (
        "intake_inboundmessage",
        str(lab.pk),
        "user:ada",
    )
    # Looking on needs no further line in the trail; the form alone is not believed.
    form = new_form(admin, lab, opened=str(lab.pk))
    assert "Novak" in panes(admin, form)
    assert AuditEvent.objects.filter(action="open").count() == 1
    assert "Novak" not in panes(signed_in(Role.ADMINISTRATOR, username="bob"), form)
    assert "Novak" not in panes(admin, new_form(admin, lab))
    assert "Novak" not in admin.get(path).content.decode()


def test_a_place_on_a_hidden_field_does_not_tell_what_it_holds(
    admin: Client, lab: InboundMessage
) -> None:
    form = new_form(
        admin,
        lab,
        places_procedure_text=["PID-5.1"],
        places_modality=["PID-5.1[match ^(N)]"],
        modality_words="N = CT",
        places_visit_number=["OBX-5[code REGION]"],
    )
    answer = admin.post("/senders/new/preview/", form, headers=HTMX)
    facts = answer.context["understood"].facts
    assert [facts[name].value for name in ("procedure_text", "modality", "visit_number")] == [
        "hidden",
        "hidden",
        "hidden",
    ]
    assert "Novak" not in answer.content.decode()


@pytest.mark.usefixtures("department")
@pytest.mark.parametrize(
    ("lines", "changes", "secret"),
    [
        (("OBX|1|TX|I||", "OBX|2|TX|I||Mrs Marple fell"), {}, "Marple"),
        # A shown place that is filled, while the reading takes a hidden one.
        (
            ("OBX|1|TX|I||", "OBX|2|TX|I||Mrs Marple fell"),
            {"places_indication": ["OBX-5[type TX]", "OBR-4.2"]},
            "Marple",
        ),
        ((), {"places_accession": ["PID-5.1"]}, "Novak"),
        ((), {"places_filler": ["PID-5"], "places_accession": ["OBR-3.1"]}, "Novak"),
        ((), {"places_control_code": ["PID-5.1"]}, "Novak"),
    ],
)
def test_what_no_place_alone_says_stays_hidden(
    admin: Client,
    lines: tuple[str, ...],
    changes: dict[str, list[str]],
    secret: str,
) -> None:
    sent = [line.format(control="H", number="NG-7") for line in LAB]
    message = send(*sent[:5], *lines, *sent[6:])
    page = panes(admin, new_form(admin, message, **changes))
    assert secret not in page
    assert secret.upper() not in page
    assert secret in panes(admin, new_form(admin, message, **changes, open="1"))


def test_a_study_is_named_only_where_its_numbers_are_shown(
    admin: Client, lab: InboundMessage
) -> None:
    def verdict(**changes: Any) -> str:
        answer = admin.post("/senders/new/preview/", new_form(admin, lab, **changes), headers=HTMX)
        return " ".join(line.words for line in answer.context["understood"].verdict)

    assert "NG-1: new" in verdict()
    assert "A study: new" in verdict(places_accession=["PID-5.1"])
    assert "Novak: new" in verdict(places_accession=["PID-5.1"], open="1")


@pytest.mark.parametrize("asked", ["[match ^(N)]", "[match ^(X)]", "[word 1]", "[word 2]"])
def test_a_pattern_on_a_hidden_field_answers_nothing(
    admin: Client, lab: InboundMessage, asked: str
) -> None:
    places = ["OBR-44.2", f"PID-5.1{asked}", "OBR-4.2"]
    form = new_form(admin, lab, places_procedure_text=places)
    answer = admin.post("/senders/new/preview/", form, headers=HTMX)
    said = answer.context["understood"].facts["procedure_text"]
    assert (said.value, said.source, said.tone) == ("hidden", "", "calm")
    assert [(one.value, one.state) for one in said.places] == [
        ("", "empty"),
        ("hidden", ""),
        ("Untersuchung", ""),
    ]


UNTOLD = (
    "What would come of it is said once the patient data is shown: a place looks into a hidden "
    "field."
)
COMPLETE: dict[str, Any] = {
    "places_site": ["ZAO-4"],
    "places_modality": ["ZAO-3"],
    "modality_words": "MRT3 = MR",
}
"""With these the study lacks nothing, so that a verdict has something good to say."""
ASKS: Mapping[str, dict[str, Any]] = {
    "pattern": {"places_modality": ["PID-5.1[match ^(N)]", "ZAO-3"]},
    "pattern that finds nothing": {"places_modality": ["PID-5.1[match ^(X)]", "ZAO-3"]},
    "word": {"places_site": ["PID-5.1[word 1]", "ZAO-4"]},
    "own words": {
        "places_modality": ["PID-5.1"],
        "modality_words": "NOVAK = MR\nMRT3 = MR",
    },
    "own words of a note": {"places_modality": ["NTE-3"], "modality_words": "FELL = MR"},
    "pattern for a number": {"places_accession": ["PID-3[match ^NG(.*)]"]},
}


def _verdict(client: Client, form: dict[str, Any]) -> tuple[list[str], str]:
    understood = client.post("/senders/new/preview/", form, headers=HTMX).context["understood"]
    return [line.words for line in understood.verdict], understood.parked


@pytest.mark.parametrize("asks", ASKS.values(), ids=ASKS)
def test_a_mapping_that_asks_a_hidden_field_is_told_no_verdict(
    admin: Client, lab: InboundMessage, asks: dict[str, Any]
) -> None:
    form = new_form(admin, lab, **(COMPLETE | asks))

    assert _verdict(admin, form) == ([UNTOLD], "")

    words, _parked = _verdict(admin, {**form, "open": "1"})
    assert words
    assert UNTOLD not in words


def test_whether_a_hidden_word_is_there_changes_nothing_that_is_told(
    admin: Client, lab: InboundMessage
) -> None:
    told = [
        panes(admin, new_form(admin, lab, places_modality=[f"PID-5.1[match ^({letter})]"]))
        for letter in ("N", "X")
    ]
    same = [page.replace("^(X)", "^(N)") for page in told]

    assert same[0] == same[1]


def test_a_mapping_that_asks_nothing_is_told_what_comes_of_it(
    admin: Client, lab: InboundMessage
) -> None:
    words, parked = _verdict(admin, new_form(admin, lab, **COMPLETE))

    assert UNTOLD not in words
    assert parked == ""
    lacking = {**COMPLETE, "places_modality": ["OBR-44.2"]}
    assert _verdict(admin, new_form(admin, lab, **lacking))[1] == "unknown_procedure"


@pytest.mark.parametrize("asks", ASKS.values(), ids=ASKS)
def test_parked_studies_are_counted_and_not_tried(
    admin: Client, lab: InboundMessage, asks: dict[str, Any]
) -> None:
    profile = SenderProfileFactory.create(application="LABRIS", facility="Northgate")
    page, look = f"/senders/{profile.pk}/edit/?message={lab.pk}", f"/senders/{profile.pk}/preview/"

    def effects(**changes: Any) -> str:
        answer = admin.post(look, form_of(admin, page, **changes), headers=HTMX)
        return " ".join(effect.words for effect in answer.context["effects"])

    assert "1 parked study of this sender is read again. 1 would find" in effects(**COMPLETE)
    asking = effects(**(COMPLETE | asks))
    assert "1 parked study of this sender is read again." in asking
    assert "would" not in asking
