from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from apps.audit.models import AuditEvent
from tests.factories import AssignmentFactory, OrderFactory, UnassignedFactory, UserFactory
from tests.factories.times import NOON

pytestmark = pytest.mark.db

HTMX = {"HX-Request": "true"}


def poll(client: Client, version: str = "") -> object:
    return client.get("/", {"version": version}, headers=HTMX)


def test_anonymous_visitor_is_sent_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")


def test_anonymous_poll_leaves_the_page_instead_of_filling_it(client: Client) -> None:
    answer = client.get("/", headers=HTMX | {"HX-Current-URL": "http://testserver/?version=1"})

    assert (answer["HX-Redirect"], answer.content) == ("/login/?next=%2F", b"")


def test_empty_board_says_what_to_do_next(signed_in: Client) -> None:
    page = signed_in.get("/").content.decode()

    assert "manage.py send_hl7" in page
    assert "Every order has a reader." in page
    assert "no report due so far" in page


@pytest.mark.usefixtures("at_noon")
def test_board_shows_an_assignment_with_its_explanation(signed_in: Client) -> None:
    assignment = AssignmentFactory(
        order__accession="ACC-7",
        order__status="in_progress",
        order__urgency="STAT",
        radiologist__id="DR_LEE",
        radiologist__family_name="Lee",
        shift__code="MRI_MSK",
    )

    page = signed_in.get("/").content.decode()

    row = page[page.index(f'id="assignment-{assignment.pk}"') :]
    shown = [
        word
        for word in (
            *("ACC-7", "STAT", "DR Rae Lee", "DR_LEE", "MRI_MSK", "12:00:00"),
            *("Load balanced", "In progress", f"/assignments/{assignment.pk}/why/"),
        )
        if word in row
    ]
    assert len(shown) == 9


def test_board_names_no_patient(signed_in: Client) -> None:
    AssignmentFactory(order__patient__family_name="SECRETNAME", order__patient__mrn="MRN-4711")
    UnassignedFactory(order__patient__family_name="SECRETNAME", order__patient__mrn="MRN-4712")

    page = signed_in.get("/").content.decode()

    assert "SECRETNAME" not in page
    assert "MRN-47" not in page


@pytest.mark.usefixtures("at_noon")
def test_unassigned_says_reason_wait_and_tries(signed_in: Client) -> None:
    UnassignedFactory(
        order__accession="LONELY",
        reason="at_capacity",
        since=NOON - timedelta(minutes=75),
        tried_at=NOON - timedelta(seconds=5),
        attempts=3,
    )

    page = signed_in.get("/").content.decode()

    row = page[page.index("LONELY") : page.index("Recent assignments")]
    shown = ("Everybody qualified is at capacity", "1 h 15 min", "11:59:55", "3 tries")
    assert [word for word in shown if word not in row] == []


@pytest.mark.usefixtures("at_noon")
def test_held_order_waits_for_release_instead_of_being_tried(signed_in: Client) -> None:
    UnassignedFactory(reason="held", reason_text="prior films missing", is_waiting=False)

    page = signed_in.get("/").content.decode()

    assert "Held: prior films missing" in page
    assert "waits for release" in page


def test_more_urgent_and_longer_waiting_orders_come_first(signed_in: Client) -> None:
    UnassignedFactory(order__accession="ROUTINE-OLD", since=NOON - timedelta(hours=9))
    UnassignedFactory(order__accession="STAT-NEW", urgency_rank=0, since=NOON)
    UnassignedFactory(order__accession="STAT-OLD", urgency_rank=0, since=NOON - timedelta(hours=1))

    page = signed_in.get("/").content.decode()

    places = [page.index(name) for name in ("STAT-OLD", "STAT-NEW", "ROUTINE-OLD")]
    assert places == sorted(places)


@pytest.mark.usefixtures("at_noon")
def test_unchanged_board_answers_204_and_a_changed_one_its_part(signed_in: Client) -> None:
    version = signed_in.get("/").context["version"]

    unchanged = poll(signed_in, version)
    AssignmentFactory(order__accession="FRESH")
    changed = poll(signed_in, version)

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert changed.status_code == 200
    assert changed.content.lstrip().startswith(b'<div class="board"')
    assert b"FRESH" in changed.content


@pytest.mark.parametrize("change", ["audit", "retry", "minute"])
def test_every_kind_of_change_makes_a_new_version(
    signed_in: Client, at_noon: object, change: str
) -> None:
    waiting = UnassignedFactory()
    version = signed_in.get("/").context["version"]

    if change == "audit":
        AuditEvent.objects.create(at=NOON, entity="orders_order", action="status", actor="x")
    elif change == "retry":
        waiting.tried_at = NOON + timedelta(seconds=1)
        waiting.save()
    else:
        at_noon.shift(timedelta(seconds=60))

    assert poll(signed_in, version).status_code == 200


def test_page_restored_from_history_gets_the_whole_page(signed_in: Client) -> None:
    answer = signed_in.get("/", headers=HTMX | {"HX-History-Restore-Request": "true"})

    assert b"<!doctype html>" in answer.content


def test_answers_are_kept_apart_by_what_htmx_asks(signed_in: Client) -> None:
    vary = signed_in.get("/")["Vary"]

    assert "HX-Request" in vary


def test_query_count_is_the_same_at_one_row_and_at_three(
    signed_in: Client, django_assert_max_num_queries: object
) -> None:
    AssignmentFactory()
    UnassignedFactory()
    with django_assert_max_num_queries(15) as at_one:
        signed_in.get("/")
    for _ in range(2):
        AssignmentFactory()
        UnassignedFactory(reason="no_roster")

    with django_assert_max_num_queries(15) as at_three:
        signed_in.get("/")

    assert len(at_three) == len(at_one)


@pytest.mark.usefixtures("at_noon")
def test_unchanged_poll_costs_no_more_than_the_sign_in_and_one_query(
    signed_in: Client, django_assert_num_queries: object
) -> None:
    version = signed_in.get("/").context["version"]

    with django_assert_num_queries(3):
        poll(signed_in, version)


def test_unassigned_queue_says_how_many_are_not_shown(signed_in: Client) -> None:
    for _ in range(52):
        UnassignedFactory(order__site=None, order__patient=None)

    page = signed_in.get("/").content.decode()

    assert "2 more, less urgent or waiting less long." in page
    assert page.count('id="unassigned-') == 50


def test_text_of_an_order_is_escaped(signed_in: Client) -> None:
    AssignmentFactory(order__accession="<script>alert(1)</script>")

    page = signed_in.get("/").content.decode()

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_administration_is_shown_to_staff_only(client: Client) -> None:
    seen = {}
    for is_staff in (False, True):
        client.force_login(UserFactory(is_staff=is_staff))
        seen[is_staff] = b"Administration" in client.get("/").content

    assert seen == {False: False, True: True}


@pytest.mark.usefixtures("at_noon")
def test_cancelled_and_late_studies_say_so(signed_in: Client) -> None:
    AssignmentFactory(
        order=OrderFactory(status="assigned", report_due_at=NOON - timedelta(minutes=90))
    )
    AssignmentFactory(order=OrderFactory(status="cancelled", report_due_at=NOON))

    page = signed_in.get("/").content.decode()

    assert "1 h 30 min overdue" in page
    assert "Cancelled" in page
