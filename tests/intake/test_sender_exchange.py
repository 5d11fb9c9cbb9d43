"""Sender profiles out of and into files: looked at first, whole or not at all, undoable."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.core import clock
from apps.intake.choices import InboundState
from apps.intake.models import SenderProfile
from apps.intake.services.profiles import exchange
from tests.factories import SiteFactory
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada")


def _file(*profiles: Any, **top: Any) -> str:
    return json.dumps({"format": exchange.FORMAT, "version": 1, "profiles": list(profiles), **top})


def _rows(text: str) -> list[tuple[str, str, list[str]]]:
    return [(row.name, row.what.value, list(row.wrong)) for row in exchange.plan(text).rows]


def _full(name: str = "Lab") -> SenderProfile:
    profile: SenderProfile = SenderProfileFactory.create(
        name=name,
        application="LAB",
        facility="NG",
        issuer="NGH",
        default_site=SiteFactory.create(code="ROBINA"),
        places={"modality": ["OBR-24", "OBR-4.2[match ^(CT|MR)]"], "site": ["=ROBINA"]},
        modality_words={"MRT3": "MR"},
        body_part_words={"KOPF": "HEAD"},
        urgency_words={"EILT": "STAT"},
        site_words={"NG2": "ROBINA"},
        time_zone="Europe/Berlin",
        character_set="8859/1",
        status_meaning="exam",
        is_strict=True,
        accepted_types=["ORM^O01"],
        accepted_versions=["2.5.1"],
        accepted_processing_ids=["P"],
        networks=["10.1.0.0/16"],
        certificates=["ab" * 32],
        usual_weekdays=[1, 2, 3],
        usual_from_local="07:00",
        usual_until_local="19:30",
        silent_after_minutes=30,
    )
    return profile


# -- hostile files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is no JSON. Line 1, column 2"),
        ("[" * 200_000, "nested too deeply"),
        ("1" * 6000, "A number in the file is too long."),
        ("[]", "“format” must be"),
        ('{"format": "other"}', "“format” must be"),
        ('{"format": "radassign.sender-profile", "version": 2}', "“version” must be 1"),
        ('{"format": "radassign.sender-profile", "version": true}', "“version” must be 1"),
        ('{"a": 1, "a": 2}', "“a” stands twice"),
        ('{"a": NaN}', "NaN is no number"),
        (_file(extra=1), "Unknown: extra."),
        (_file(), "a list of 1 to 400"),
        (_file(*[{}] * 401), "a list of 1 to 400"),
        ('"' + "x" * 1_100_000 + '"', "longer than 1024 KB"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_cause(text: str, said: str) -> None:
    plan = exchange.plan(text)
    assert (said in plan.problem, plan.can_apply) == (True, False)


@pytest.mark.parametrize(
    ("item", "wrong"),
    [
        (7, "profiles[0].is no object"),
        ({}, "profiles[0].name: is missing"),
        ({"name": "x", "pk": 1}, "profiles[0].pk: unknown"),
        ({"name": 5}, "profiles[0].name: must be a text"),
        ({"name": "x\u0000y"}, "profiles[0].name: holds characters that no database keeps"),
        ({"name": "x\ud800"}, "profiles[0].name: holds characters that no database keeps"),
        ({"name": "x", "default_site": "NOWHERE"}, "profiles[0].default_site: there is no site"),
        ({"name": "x", "places": ["a"]}, "profiles[0].places: must be an object of lists"),
        ({"name": "x", "places": {"modality": "OBR-4"}}, "must be an object of lists of texts"),
        (
            {"name": "x", "places": {"modality": ["OBR-4[word x]"]}},
            "profiles[0].places: modality: 'OBR-4[word x]': [word N] needs one number",
        ),
        ({"name": "x", "places": {"colour": ["OBR-4"]}}, "'colour' is not a fact that is read"),
        ({"name": "x", "modality_words": {"A": "ZZ"}}, "“ZZ” is not a DICOM modality"),
        ({"name": "x", "modality_words": {"A": 1}}, "must be an object of texts"),
        ({"name": "x", "networks": ["10.0.0.0/99"]}, "is neither an address nor a network"),
        ({"name": "x", "usual_from_local": "25:00"}, "write a time as 07:30"),
        ({"name": "x", "usual_weekdays": [0]}, "profiles[0].usual_weekdays: Weekdays are 1"),
        ({"name": "x", "usual_weekdays": [True]}, "must be a list of numbers from 1 to 7"),
        ({"name": "x", "silent_after_minutes": -1}, "must be a number of minutes"),
        ({"name": "x", "is_strict": "yes"}, "must be true or false"),
        ({"name": "x", "status_meaning": "else"}, "profiles[0].status_meaning:"),
        ({"name": "x", "time_zone": "Mars/Base"}, "is not an IANA time zone"),
        ({"name": "x" * 121}, "profiles[0].name:"),
    ],
)
def test_what_is_wrong_in_a_profile_is_named_with_its_place(item: object, wrong: str) -> None:
    text = _file(item)
    ((_name, what, said),) = _rows(text)
    assert (what, any(wrong in words for words in said)) == ("refused", True), said
    with pytest.raises(exchange.ImportRefusedError):
        exchange.apply(exchange.plan(text))


def test_two_profiles_of_one_sender_or_of_one_name_are_refused() -> None:
    first = {"name": "A", "application": "X"}
    rows = _rows(_file(first, {"name": "B", "application": "X"}, {"name": "A", "facility": "Y"}))
    assert rows == [
        ("A", "new", []),
        ("B", "refused", ["profiles[1].another profile of the file is for the same sender"]),
        ("A", "refused", ["profiles[2].name: another profile of the file has it"]),
    ]


def test_a_name_that_another_sender_has_is_refused() -> None:
    SenderProfileFactory.create(name="Lab", facility="ONE")
    ((_name, what, wrong),) = _rows(_file({"name": "Lab", "facility": "TWO"}))
    assert (what, len(wrong)) == ("refused", 1)


# -- there and back --------------------------------------------------------------------------


def test_what_is_exported_comes_back_the_same(admin: Client) -> None:
    profile = _full()
    kept = _columns(profile)
    answer = admin.get(f"/senders/{profile.pk}/export/")
    assert answer["Content-Disposition"] == (
        f'attachment; filename="sender-profile-{profile.pk}.json"'
    )
    text = answer.content.decode()
    assert [row.what.value for row in exchange.plan(text).rows] == ["unchanged"]

    SenderProfile.objects.filter(pk=profile.pk).delete()
    assert [row.what.value for row in exchange.plan(text).rows] == ["new"]
    exchange.apply(exchange.plan(text))
    again = SenderProfile.objects.get(name="Lab")
    assert admin.get(f"/senders/{again.pk}/export/").content.decode() == text
    assert _columns(again) == kept


def _columns(profile: SenderProfile) -> dict[str, Any]:
    row = SenderProfile.objects.filter(pk=profile.pk).values().get()
    return {name: value for name, value in row.items() if name != "id"}


def test_a_key_that_is_left_out_leaves_what_is_there() -> None:
    _full()
    changed = {"name": "Lab", "application": "LAB", "facility": "NG", "issuer": "ELSE"}
    plan = exchange.plan(_file(changed))
    assert [(d.label, d.old, d.new) for d in plan.rows[0].differences] == [
        ("Issuer of the numbers", "NGH", "ELSE")
    ]
    exchange.apply(plan)
    profile = SenderProfile.objects.get(name="Lab")
    assert (profile.issuer, profile.modality_words) == ("ELSE", {"MRT3": "MR"})


def test_a_file_is_looked_at_then_taken_over_and_taken_back_with_one_undo(admin: Client) -> None:
    old = SenderProfileFactory.create(name="Old", application="LAB", facility="NG")
    SenderProfileFactory.create(name="Same", application="S", facility="")
    text = _file(
        {"name": "Old", "application": "LAB", "facility": "NG", "places": {"site": ["ZAO-4"]}},
        {"name": "New", "application": "N"},
        {"name": "Same", "application": "S"},
    )
    upload = SimpleUploadedFile("profiles.json", text.encode(), "application/json")
    shown = admin.post("/senders/import/", {"file": upload})
    plan = shown.context["plan"]
    assert [row.what.value for row in plan.rows] == ["changed", "new", "unchanged"]
    assert not SenderProfile.objects.filter(name="New").exists()

    sure = {"text": text, "seen": plan.token, "apply": "1"}
    answer = admin.post("/senders/import/", sure, follow=True)
    old.refresh_from_db()
    assert (old.places, SenderProfile.objects.filter(name="New").count()) == (
        {"site": ["ZAO-4"]},
        1,
    )
    (said,) = answer.context["messages"]
    assert str(said) == "2 sender profiles taken over."

    admin.post(f"/undo/{said.extra_tags.split('undo:')[1].split()[0]}/")
    old.refresh_from_db()
    assert (old.places, SenderProfile.objects.filter(name="New").count()) == ({}, 0)


def test_what_runs_again_is_said_before_and_after_a_file_is_taken_over(admin: Client) -> None:
    stuck = [
        InboundMessageFactory.create(
            sender=sender, state=InboundState.QUARANTINED, processed_at=clock.now()
        )
        for sender in ("LAB|NG", "PACS|NG", "OTHER|NG")
    ]
    text = _file(
        {"name": "A", "application": "LAB", "facility": "NG"},
        {"name": "B", "application": "PACS", "facility": "NG"},
    )
    shown = admin.post("/senders/import/", {"text": text})
    assert "their messages in quarantine run again" in shown.content.decode()

    sure = {"text": text, "seen": shown.context["plan"].token, "apply": "1"}
    (said,) = admin.post("/senders/import/", sure, follow=True).context["messages"]
    assert str(said) == "2 sender profiles taken over; 2 messages leave quarantine."
    states = []
    for row in stuck:
        row.refresh_from_db()
        states.append(row.state == InboundState.QUARANTINED)
    assert states == [False, False, True]


@pytest.mark.parametrize("where", [{"x\ud800": 1}, {"name": "x\ud800"}, {"\ud800": {}, "name": 7}])
def test_half_a_surrogate_pair_is_refused_on_a_page(admin: Client, where: object) -> None:
    answer = admin.post("/senders/import/", {"text": _file(where)})
    assert (answer.status_code, "Refused" in answer.content.decode()) == (200, True)


def test_what_was_changed_after_the_look_is_shown_again_first(admin: Client) -> None:
    profile = SenderProfileFactory.create(name="Old", application="LAB", facility="NG")
    text = _file({"name": "Old", "application": "LAB", "facility": "NG", "issuer": "FILE"})
    token = admin.post("/senders/import/", {"text": text}).context["plan"].token
    SenderProfile.objects.filter(pk=profile.pk).update(issuer="MEANWHILE")
    answer = admin.post("/senders/import/", {"text": text, "seen": token, "apply": "1"})
    profile.refresh_from_db()
    assert (answer.status_code, profile.issuer) == (409, "MEANWHILE")
    assert "Profiles were changed after the file was looked at." in answer.content.decode()


def test_a_file_with_one_refused_profile_is_not_taken_over_at_all(admin: Client) -> None:
    text = _file({"name": "Good", "application": "G"}, {"name": "Bad", "colour": "red"})
    shown = admin.post("/senders/import/", {"text": text})
    sure = {"text": text, "seen": shown.context["plan"].token, "apply": "1"}
    assert admin.post("/senders/import/", sure).status_code == 200
    assert not SenderProfile.objects.filter(name__in=["Good", "Bad"]).exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"text": "  "},
        {"file": SimpleUploadedFile("x.json", b"\xff\xfe\x00")},
        {"text": "a\x00b"},
    ],
)
def test_a_form_without_a_file_says_so(admin: Client, sent: dict[str, Any]) -> None:
    assert admin.post("/senders/import/", sent).status_code == 422


def test_all_profiles_are_exported_in_a_fixed_number_of_queries(admin: Client) -> None:
    SenderProfileFactory.create(default_site=SiteFactory.create())
    with CaptureQueriesContext(connection) as few:
        admin.get("/senders/export/")
    for _ in range(20):
        SenderProfileFactory.create(default_site=SiteFactory.create())
    with CaptureQueriesContext(connection) as many:
        content = json.loads(admin.get("/senders/export/").content)
    assert len(content["profiles"]) == SenderProfile.objects.count()
    assert len(many) == len(few)
