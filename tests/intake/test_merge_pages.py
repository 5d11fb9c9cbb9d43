"""The pages of merged patients: for who may see every patient, masked, and undone with a look."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.orders.models import Order, OrderSegments, Patient, PatientMerge
from tests.factories import OrderFactory, PatientFactory, SiteFactory
from tests.factories.intake import InboundMessageFactory
from tests.factories.orders import PatientMergeFactory
from tests.support.pages import words_of
from tests.support.people import signed_in

pytestmark = pytest.mark.db

PERSONAL = {"mrn": "7700999", "family_name": "Novak", "given_name": "Evelina"}
SHOWN = ["7700999", "Novak", "Evelina"]


@pytest.fixture
def manager() -> Client:
    return signed_in(Role.MANAGER, username="mara")


def merge(*, orders: int = 1) -> PatientMerge:
    """Return a merge of which some studies name the dead number."""
    dead = PatientFactory.create(**PERSONAL)
    made: PatientMerge = PatientMergeFactory.create(dead=dead, survivor__mrn="7700123")
    Patient.objects.filter(pk=dead.pk).update(merged_into=made.survivor)
    for number in range(orders):
        order = OrderFactory.create(patient=made.survivor, accession=f"A{number}")
        header = f"MSH|^~\\&|HIS|HOSPITAL\rPID|1||{dead.mrn}^^^HOSPITAL\r"
        OrderSegments.objects.create(order=order, header=header.encode(), group=b"OBR|1\r")
    return made


def token_of(client: Client, address: str) -> str:
    found = re.search(r'name="token" value="(\w+)"', client.get(address).content.decode())
    assert found is not None
    return found[1]


def test_without_merges_the_page_says_what_would_be_here(manager: Client) -> None:
    assert "No patients were merged." in words_of(manager, "/messages/merges/")
    assert "Merged patients" in words_of(manager, "/messages/")


def test_a_manager_of_one_site_neither_sees_them_nor_the_way_there() -> None:
    client = signed_in(Role.MANAGER, site=SiteFactory.create())
    assert client.get("/messages/merges/").status_code == 403
    assert "Merged patients" not in words_of(client, "/messages/")


@pytest.mark.parametrize("count", [1, 40])
def test_a_list_of_any_length_costs_the_same(manager: Client, count: int) -> None:
    for number in range(count):
        PatientMergeFactory.create(dead__mrn=f"D{number}", survivor__mrn=f"K{number}")

    with CaptureQueriesContext(connection) as queries:
        answer = manager.get("/messages/merges/")

    assert len(answer.context["page"].rows) == count
    assert len(queries) <= 9


@pytest.mark.parametrize("page", ["", "{}/", "{}/undo/"], ids=["list", "merge", "undo"])
def test_nothing_of_the_patients_is_on_a_page(manager: Client, page: str) -> None:
    made = merge()
    answer = manager.get(f"/messages/merges/{page.format(made.pk)}")
    text = answer.content.decode()
    assert [word for word in SHOWN if word in text] == []
    assert str(made.dead_id) in text


def test_opening_shows_the_patients_once_and_is_kept_in_the_trail(manager: Client) -> None:
    made = merge()
    answer = manager.post(f"/messages/merges/{made.pk}/open/")

    text = answer.content.decode()
    assert [word for word in SHOWN if word not in text] == []
    assert "no-store" in answer["Cache-Control"]
    event = AuditEvent.objects.get(action="open")
    assert (event.entity, event.entity_id, event.actor) == (
        *("orders_patientmerge", str(made.pk)),
        "user:mara",
    )
    assert "mara Patient data was looked at" in words_of(manager, f"/messages/merges/{made.pk}/")
    assert manager.get(f"/messages/merges/{made.pk}/open/").status_code == 405


def test_undo_says_what_goes_back_and_does_it(manager: Client) -> None:
    made = merge(orders=2)
    OrderFactory.create(patient=made.survivor, accession="STAYS")
    address = f"/messages/merges/{made.pk}/undo/"

    words = words_of(manager, address)
    assert f"2 studies go back to patient {made.dead_id}" in words
    assert "STAYS" not in words
    answer = manager.post(address, {"token": token_of(manager, address)}, follow=True)

    assert "The merge is undone." in answer.content.decode()
    assert dict(Order.objects.values_list("accession", "patient")) == {
        "A0": made.dead_id,
        "A1": made.dead_id,
        "STAYS": made.survivor_id,
    }
    made.refresh_from_db()
    assert (made.undone_by, made.dead.merged_into_id) == ("user:mara", None)
    assert "Undone" in words_of(manager, "/messages/merges/")


def test_an_undo_that_was_agreed_to_before_something_changed_does_nothing(manager: Client) -> None:
    made = merge()
    address = f"/messages/merges/{made.pk}/undo/"
    token = token_of(manager, address)
    Order.objects.filter(accession="A0").update(patient=PatientFactory.create())

    answer = manager.post(address, {"token": token})

    assert answer.status_code == 409
    assert "nothing was done" in answer.content.decode()
    made.refresh_from_db()
    assert made.undone_at is None


def test_of_two_people_who_undo_at_once_one_is_told(manager: Client) -> None:
    made = merge()
    address = f"/messages/merges/{made.pk}/undo/"
    token = token_of(manager, address)
    assert manager.post(address, {"token": token}).status_code == 302

    answer = manager.post(address, {"token": token})

    assert (answer.status_code, "It was undone already." in answer.content.decode()) == (409, True)


def test_a_merge_on_top_has_to_be_undone_first_and_is_a_link(manager: Client) -> None:
    made = merge()
    top = PatientMergeFactory.create(dead=made.survivor)
    Patient.objects.filter(pk=made.survivor_id).update(merged_into=top.survivor)

    page = manager.get(f"/messages/merges/{made.pk}/").content.decode()

    assert f'href="/messages/merges/{top.pk}/">Undo that merge first.' in page
    assert "/undo/" not in page


def test_an_undone_merge_can_be_made_again(manager: Client) -> None:
    made = merge()
    undo = f"/messages/merges/{made.pk}/undo/"
    manager.post(undo, {"token": token_of(manager, undo)})
    again = f"/messages/merges/{made.pk}/again/"

    assert f"1 study goes to patient {made.survivor_id}" in words_of(manager, again)
    answer = manager.post(again, {"token": token_of(manager, again)})

    newest = PatientMerge.objects.latest("pk")
    assert answer["Location"] == f"/messages/merges/{newest.pk}/"
    assert (newest.pk != made.pk, newest.orders_moved, newest.made_by) == (True, 1, "user:mara")
    assert "made again by mara" in words_of(manager, "/messages/merges/")


def test_the_message_that_asked_is_a_link_while_it_is_kept(manager: Client) -> None:
    message = InboundMessageFactory.create()
    kept, gone = (PatientMergeFactory.create(message_id=key) for key in (message.pk, 999_999))

    assert (
        f"/messages/in/{message.pk}/"
        in manager.get(f"/messages/merges/{kept.pk}/").content.decode()
    )
    assert "/messages/in/" not in manager.get(f"/messages/merges/{gone.pk}/").content.decode()
