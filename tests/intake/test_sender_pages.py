"""Senders: the list, a profile and its versions; whose, how many queries, what is told to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.assignment.models import Unassigned
from apps.core import clock
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage, SenderContact, SenderProfile
from tests.factories import OrderFactory, SiteFactory, UnassignedFactory
from tests.factories.intake import InboundMessageFactory, SenderProfileFactory
from tests.intake.sender_pages import form_of, lab_order
from tests.support.department import Department
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def admin() -> Client:
    return signed_in(Role.ADMINISTRATOR, username="ada")


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    return Department()


def _quarantined(sender: str) -> InboundMessage:
    return InboundMessageFactory.create(
        sender=sender,
        state=InboundState.QUARANTINED,
        processed_at=clock.now(),
        received_at=clock.now(),
        error="no order with a number in it",
    )


# -- the list --------------------------------------------------------------------------------


def test_without_anything_the_list_says_what_would_stand_there(admin: Client) -> None:
    SenderProfile.objects.all().delete()
    words = words_of(admin, "/senders/")
    assert "There are no profiles yet." in words
    assert "Nobody was heard without one." in words


def test_each_sender_is_counted_to_the_profile_that_reads_it(admin: Client) -> None:
    SenderProfile.objects.all().delete()
    facility = SenderProfileFactory.create(name="North", facility="North")
    both = SenderProfileFactory.create(name="RIS North", application="RIS", facility="North")
    for sender in ("RIS^North", "PACS^North", "PACS^North", "OE^South"):
        UnassignedFactory.create(order__sender=sender, reason="unknown_modality")
    _quarantined("PACS|North")
    at = clock.now() - timedelta(minutes=3)
    SenderContact.objects.create(application="PACS", facility="North", last_at=at, silent_since=at)

    context = admin.get("/senders/").context
    assert {
        row.profile.pk: (row.heard.parked, row.heard.quarantined, row.heard.silent_since)
        for row in context["page"].rows
    } == {facility.pk: (2, 1, at), both.pk: (1, 0, None)}
    assert [(str(row.name), row.read_by, row.heard.parked) for row in context["without"]] == [
        ("PACS / North", facility, 2),
        ("OE / South", None, 1),
    ]


def test_a_manager_of_one_site_counts_its_own_studies_only() -> None:
    own, other = SiteFactory.create(), SiteFactory.create()
    for site in (own, other, other, None):
        UnassignedFactory.create(
            order__sender="RIS^X", order__site=site, reason="unknown_modality"
        )
    _quarantined("RIS|X")
    client = signed_in(Role.MANAGER, site=own)
    (row,) = client.get("/senders/").context["without"]
    assert (row.heard.parked, row.heard.quarantined) == (1, 0)


def test_the_list_costs_the_same_for_one_and_for_a_hundred(admin: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert admin.get("/senders/").status_code == 200
        return len(captured)

    SenderProfileFactory.create()
    UnassignedFactory.create(order__sender="A^1", reason="unknown_site")
    admin.get("/senders/")
    few = asked()
    for number in range(100):
        SenderProfileFactory.create(default_site=SiteFactory.create())
        SenderContact.objects.create(application=f"A{number}", last_at=clock.now())
        InboundMessageFactory.create(sender=f"B{number}|X", received_at=clock.now())
    assert (asked(), few <= 15) == (few, True)


def test_finding_a_sender_narrows_both_lists(admin: Client) -> None:
    SenderProfileFactory.create(name="Alpha", facility="AAA")
    SenderProfileFactory.create(name="Beta", facility="BBB")
    SenderContact.objects.create(application="ALPHA9", last_at=clock.now())
    SenderContact.objects.create(application="OMEGA", last_at=clock.now())
    context = admin.get("/senders/?q=alpha").context
    assert [row.profile.name for row in context["page"].rows] == ["Alpha"]
    assert [str(row.name) for row in context["without"]] == ["ALPHA9"]


def test_who_may_only_look_is_offered_nothing_to_change() -> None:
    profile = SenderProfileFactory.create()
    manager = signed_in(Role.MANAGER)
    for path in ("/senders/", f"/senders/{profile.pk}/"):
        page = manager.get(path).content.decode()
        assert [
            word for word in ("Set up", "New profile", "/edit/", "/delete/") if word in page
        ] == []
    assert manager.get(f"/senders/{profile.pk}/edit/").status_code == 403
    assert manager.post(f"/senders/{profile.pk}/preview/").status_code == 403


# -- one profile -----------------------------------------------------------------------------


@pytest.mark.usefixtures("department")
def test_a_profile_shows_what_waits_of_its_senders(admin: Client) -> None:
    message = lab_order()
    profile = SenderProfileFactory.create(name="Lab", application="LABRIS", facility="Northgate")
    assert Unassigned.objects.get().reason == "unknown_site"
    words = words_of(admin, f"/senders/{profile.pk}/")
    assert "NG-1 Unknown site" in words
    page = admin.get(f"/senders/{profile.pk}/").content.decode()
    assert f"/senders/{profile.pk}/edit/?message={message.pk}" in page
    assert "Novak" not in page


def test_why_a_message_is_set_aside_is_said_in_words(admin: Client) -> None:
    profile = SenderProfileFactory.create(name="Lab", application="LABRIS", facility="Northgate")
    message = _quarantined("LABRIS|Northgate")
    InboundMessage.objects.filter(pk=message.pk).update(
        error="DataError SQLSTATE 22003 at writing.py:12 in save"
    )
    words = words_of(admin, f"/senders/{profile.pk}/")
    assert ("A value in it cannot be stored" in words, "SQLSTATE" in words) == (True, False)


def test_a_poll_gets_nothing_until_something_changed(admin: Client) -> None:
    profile = SenderProfileFactory.create(application="A", facility="B")
    token = admin.get(f"/senders/{profile.pk}/").context["token"]
    poll = f"/senders/{profile.pk}/?seen={token}"
    assert admin.get(poll, headers={"HX-Request": "true"}).status_code == 204
    order = OrderFactory.create(sender="A^B")
    UnassignedFactory.create(order=order, reason="unknown_modality")
    assert admin.get(poll, headers={"HX-Request": "true"}).status_code == 200


def test_versions_say_who_changed_what_and_one_can_be_restored(admin: Client) -> None:
    profile = SenderProfileFactory.create(name="Lab", facility="NG")
    path = f"/senders/{profile.pk}/edit/"
    admin.post(path, form_of(admin, path, places_modality=["ZAO-3"], modality_words="MRT3=mri"))
    admin.post(path, form_of(admin, path, places_modality=["ZAO-9"], is_strict="on"))

    rows = admin.get(f"/senders/{profile.pk}/").context["versions"]
    told = [(row.version, [(d.label, d.old, d.new) for d in row.differences]) for row in rows]
    assert told[:2] == [
        (3, [("Modality: where", "ZAO-3", "ZAO-9"), ("Strict", "", "yes")]),
        (2, [("Modality: where", "", "ZAO-3"), ("Modality words", "", "MRT3 = MR")]),
    ]
    assert rows[0].actor == "ada"

    restore = f"/senders/{profile.pk}/versions/2/"
    shown = admin.get(restore)
    assert [(d.label, d.old, d.new) for d in shown.context["changes"]] == [
        ("Modality: where", "ZAO-9", "ZAO-3"),
        ("Strict", "yes", ""),
    ]
    seen = str(shown.context["seen"])
    answer = admin.post(restore, {"seen": seen}, follow=True)
    profile.refresh_from_db()
    assert (profile.places, profile.is_strict) == ({"modality": ["ZAO-3"]}, False)
    assert admin.post(restore, {"seen": seen}).status_code == 409

    (undo,) = [m.extra_tags for m in answer.context["messages"] if "undo:" in m.extra_tags]
    admin.post(f"/undo/{undo.split('undo:')[1].split()[0]}/")
    profile.refresh_from_db()
    assert (profile.places, profile.is_strict) == ({"modality": ["ZAO-9"]}, True)


def test_a_version_that_is_not_there_is_not_found(admin: Client) -> None:
    profile = SenderProfileFactory.create()
    assert admin.get(f"/senders/{profile.pk}/versions/7/").status_code == 404


def test_a_deleted_profile_comes_back_with_undo(admin: Client) -> None:
    profile = SenderProfileFactory.create(name="Lab", places={"modality": ["ZAO-3"]})
    answer = admin.post(f"/senders/{profile.pk}/delete/", follow=True)
    assert not SenderProfile.objects.filter(pk=profile.pk).exists()
    (said,) = answer.context["messages"]
    admin.post(f"/undo/{said.extra_tags.split('undo:')[1].split()[0]}/")
    assert SenderProfile.objects.get(pk=profile.pk).places == {"modality": ["ZAO-3"]}
