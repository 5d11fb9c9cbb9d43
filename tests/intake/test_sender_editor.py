"""The editor: what a mapping would understand, at once, and nothing of it before it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.models import Unassigned
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.hl7v2.places import DEFAULT_FACTS
from apps.intake.choices import InboundState
from apps.intake.forms.senders import applied
from apps.intake.models import InboundMessage, SenderProfile
from apps.intake.queries.sender_labels import LABELS
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory
from tests.intake.sender_pages import LAB, form_of, lab_order
from tests.support.department import Department, reasons, send, settle
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

PERSONAL = ("Novak", "Evelina", "NG4711", "19700203")
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada")


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    department = Department()
    department.add_reader("DR_A")
    return department


@pytest.fixture
def lab(department: Department) -> InboundMessage:  # noqa: ARG001 -- the site of its orders
    return lab_order()


def _new(client: Client, message: InboundMessage, **changes: Any) -> dict[str, Any]:
    return form_of(client, f"/senders/new/?message={message.pk}", **changes)


def _facts(client: Client, form: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return value and source of each fact, as the preview has them."""
    answer = client.post("/senders/new/preview/", form, headers=HTMX)
    assert answer.status_code == 200
    facts = answer.context["understood"].facts
    return {fact: (said.value, said.source) for fact, said in facts.items()}


# -- hostile ---------------------------------------------------------------------------------


def test_nothing_of_the_patient_is_on_the_page_until_somebody_opens_it(
    admin: Client, lab: InboundMessage
) -> None:
    path = f"/senders/new/?message={lab.pk}"
    answer = admin.get(path)
    page = answer.content.decode()
    assert [word for word in PERSONAL if word in page] == []
    assert "no-store" in answer["Cache-Control"]
    assert not AuditEvent.objects.filter(action="open").exists()

    opened = admin.post("/senders/new/preview/", _new(admin, lab, open="1"), headers=HTMX)
    assert [word for word in PERSONAL[:3] if word not in opened.content.decode()] == []
    (event,) = AuditEvent.objects.filter(action="open")
    assert (event.entity, event.entity_id, event.actor) == (
        "intake_inboundmessage",
        str(lab.pk),
        "user:ada",
    )
    # Looking on needs no further line in the trail; the form alone is not believed.
    form = _new(admin, lab, opened=str(lab.pk))
    assert "Novak" in _panes(admin, form)
    assert AuditEvent.objects.filter(action="open").count() == 1
    assert "Novak" not in _panes(signed_in(Role.ADMINISTRATOR, username="bob"), form)
    assert "Novak" not in _panes(admin, _new(admin, lab))
    assert "Novak" not in admin.get(path).content.decode()


def _panes(client: Client, form: dict[str, Any]) -> str:
    headers = {**HTMX, "HX-Target": "panes"}
    return client.post("/senders/new/preview/", form, headers=headers).content.decode()


def test_a_place_on_a_hidden_field_does_not_tell_what_it_holds(
    admin: Client, lab: InboundMessage
) -> None:
    form = _new(
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
    page = _panes(admin, _new(admin, message, **changes))
    assert secret not in page
    assert secret.upper() not in page
    assert secret in _panes(admin, _new(admin, message, **changes, open="1"))


def test_a_study_is_named_only_where_its_numbers_are_shown(
    admin: Client, lab: InboundMessage
) -> None:
    def verdict(**changes: Any) -> str:
        answer = admin.post("/senders/new/preview/", _new(admin, lab, **changes), headers=HTMX)
        return " ".join(line.words for line in answer.context["understood"].verdict)

    assert "NG-1: new" in verdict()
    assert "A study: new" in verdict(places_accession=["PID-5.1"])
    assert "Novak: new" in verdict(places_accession=["PID-5.1"], open="1")


@pytest.mark.parametrize("asked", ["[match ^(N)]", "[match ^(X)]", "[word 1]", "[word 2]"])
def test_a_pattern_on_a_hidden_field_answers_nothing(
    admin: Client, lab: InboundMessage, asked: str
) -> None:
    places = ["OBR-44.2", f"PID-5.1{asked}", "OBR-4.2"]
    form = _new(admin, lab, places_procedure_text=places)
    answer = admin.post("/senders/new/preview/", form, headers=HTMX)
    said = answer.context["understood"].facts["procedure_text"]
    assert (said.value, said.source, said.tone) == ("hidden", "", "calm")
    assert [(one.value, one.state) for one in said.places] == [
        ("", "empty"),
        ("hidden", ""),
        ("Untersuchung", ""),
    ]


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
    started = clock.now()
    answer = admin.post(
        "/senders/new/preview/", {"pasted": raw, "places_modality": [bomb]}, headers=HTMX
    )
    assert answer.status_code == 200
    assert (clock.now() - started).total_seconds() < 3


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
    answer = admin.post("/senders/new/preview/", _new(admin, lab, **nowhere), headers=HTMX)
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


# -- what is understood ----------------------------------------------------------------------


def test_places_words_and_fixed_values_are_tried_at_once_and_nothing_is_written(
    admin: Client, lab: InboundMessage
) -> None:
    before = _facts(admin, _new(admin, lab))
    assert [before[fact] for fact in ("site", "modality")] == [("", ""), ("", "")]

    form = _new(
        admin,
        lab,
        places_site=["ZAO-4", "MSH-4.1"],
        places_modality=["ZAO-3"],
        modality_words="MRT3 = MRI",
        places_body_part=["OBR-4.2[match (x)]", "=KNEE"],
        time_zone="Europe/Berlin",
        open="1",
    )
    after = _facts(admin, form)
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
    form = _new(admin, lab, places_site=["ZAO-4"], places_modality=["=MR"])
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
    facts = [_facts(admin, {"pasted": raw, "group": n})["placer"][0] for n in ("1", "2", "9")]
    assert facts == ["P1", "P2", "P1"]


def test_a_strict_profile_says_what_it_would_refuse(admin: Client, lab: InboundMessage) -> None:
    form = _new(admin, lab, is_strict="on", accepted_versions="2.5.1")
    answer = admin.post("/senders/new/preview/", form, headers=HTMX)
    assert "It would be refused with AR: the version is not accepted." in [
        line.words for line in answer.context["understood"].verdict
    ]


# -- the buttons -----------------------------------------------------------------------------


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
    form = _new(admin, lab, active="site", add="ZAO-4")
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


# -- saving ----------------------------------------------------------------------------------


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
    form = _new(
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
