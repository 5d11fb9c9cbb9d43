from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from tests.dashboard.traces import real_trace
from tests.factories import (
    AssignmentFactory,
    EndedAssignmentFactory,
    OrderFactory,
    OutboundMessageFactory,
    RadiologistFactory,
    SiteFactory,
    UnassignedFactory,
)
from tests.factories.times import NOON
from tests.support.people import signed_in

pytestmark = pytest.mark.db


@pytest.fixture
def manager(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


def test_why_page_tells_decision_candidates_history_and_who_was_told(manager: Client) -> None:
    RadiologistFactory(id="DR_FULL", family_name="Busy")
    earlier = EndedAssignmentFactory(radiologist__id="DR_GONE", end_reason="unfit")
    now = AssignmentFactory(
        order=earlier.order,
        radiologist__id="DR_FREE",
        trace=real_trace(),
        rule_id=7,
        rule_version=3,
    )
    OutboundMessageFactory(
        order=earlier.order,
        destination__name="Hospital RIS",
        control_id="OUT-1",
        state="delivered",
        answered_at=NOON,
        answer_code="AA",
    )

    page = manager.get(f"/assignments/{now.pk}/why/").content.decode()

    expected = (
        "DR Rae Busy: full, 20 of 20 studies open.",
        "Assigned to DR Rae Reader on MRI_MSK by load balancing",
        "DR Rae Busy",
        "7, version 3",
        "DR_GONE",
        "Reader no longer fit",
        f"/assignments/{earlier.pk}/why/",
        "Hospital RIS",
        "OUT-1",
    )
    assert [words for words in expected if words not in page] == []


def test_why_page_names_no_patient(manager: Client) -> None:
    assignment = AssignmentFactory(
        order__patient__family_name="SECRETNAME", order__indication="SECRETREASON"
    )

    page = manager.get(f"/assignments/{assignment.pk}/why/").content.decode()

    assert "SECRET" not in page


def test_unassigned_order_has_its_own_why(manager: Client) -> None:
    trace = real_trace()
    row = UnassignedFactory(reason="at_capacity", trace=trace, order__accession="LONELY")

    page = manager.get(f"/unassigned/{row.pk}/why/").content.decode()

    assert "Unassigned: Everybody qualified is at capacity" in page
    assert "It has had no reader so far." in page
    assert "No destination has been told." in page


def test_why_of_an_order_that_has_a_reader_by_now_leads_to_the_assignment(
    manager: Client,
) -> None:
    assignment = AssignmentFactory()

    answer = manager.get(f"/unassigned/{assignment.order_id}/why/")

    assert (answer.status_code, answer["Location"]) == (302, f"/assignments/{assignment.pk}/why/")


def test_parked_order_without_a_trace_says_so(manager: Client) -> None:
    row = UnassignedFactory(
        reason="unknown_site", order__site=None, order__procedure=None, order__patient=None
    )

    page = manager.get(f"/unassigned/{row.pk}/why/").content.decode()

    assert "No decision was made by the engine here" in page


@pytest.mark.parametrize("path", ["/assignments/999999/why/", "/unassigned/999999/why/"])
def test_why_of_nothing_is_404(manager: Client, path: str) -> None:
    answer = manager.get(path)

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


def test_order_without_a_queue_row_and_without_a_reader_is_404(manager: Client) -> None:
    order = OrderFactory(status="cancelled")

    assert manager.get(f"/unassigned/{order.pk}/why/").status_code == 404


@pytest.mark.parametrize("path", ["/assignments/1/why/", "/unassigned/1/why/"])
def test_why_is_for_those_signed_in(client: Client, path: str) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer["Location"]) == (302, f"/login/?next={path}")


def test_query_count_is_the_same_at_one_row_and_at_three(
    manager: Client, django_assert_max_num_queries: object
) -> None:
    now = AssignmentFactory(trace=real_trace())
    OutboundMessageFactory(order=now.order)
    with django_assert_max_num_queries(15) as at_one:
        manager.get(f"/assignments/{now.pk}/why/")
    for _ in range(2):
        EndedAssignmentFactory(order=now.order)
        OutboundMessageFactory(order=now.order)

    with django_assert_max_num_queries(15) as at_three:
        manager.get(f"/assignments/{now.pk}/why/")

    assert len(at_three) == len(at_one)


@pytest.mark.parametrize("held_at", ["another site", "no site"])
def test_why_of_another_sites_studies_does_not_exist(held_at: str) -> None:
    site = {"order__site": None} if held_at == "no site" else {}
    assignment = AssignmentFactory(**site)
    queued = UnassignedFactory(**site)
    client = signed_in(Role.MANAGER, site=SiteFactory())

    found = [
        client.get(path).status_code
        for path in (
            f"/assignments/{assignment.pk}/why/",
            f"/unassigned/{queued.pk}/why/",
            f"/unassigned/{assignment.order_id}/why/",
        )
    ]

    assert found == [404, 404, 404]


def test_why_of_ones_own_site_is_shown() -> None:
    assignment = AssignmentFactory()
    client = signed_in(Role.TECHNICIAN, site=assignment.order.site)

    assert client.get(f"/assignments/{assignment.pk}/why/").status_code == 200


@pytest.mark.parametrize("role", [Role.RADIOLOGIST, Role.REFERRING_PROVIDER])
def test_why_is_for_those_who_look_at_studies(role: Role) -> None:
    assignment = AssignmentFactory()

    assert signed_in(role).get(f"/assignments/{assignment.pk}/why/").status_code == 403
