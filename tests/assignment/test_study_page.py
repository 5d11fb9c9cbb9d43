from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.assignment.models import Assignment
from apps.assignment.services import by_hand
from apps.audit.models import AuditEvent
from tests import factories
from tests.assignment.hand import act, state
from tests.assignment.pages import text
from tests.factories.times import NOON
from tests.support.department import Department, order, send
from tests.support.people import client_of, person, signed_in

pytestmark = pytest.mark.db

HOUR = timedelta(hours=1)


@pytest.fixture
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def page_of(client: Client, assignment: Assignment) -> HttpResponse:
    return client.get(f"/studies/{assignment.order_id}/")


@pytest.mark.usefixtures("at_noon")
class TestStudy:
    def test_what_it_is_who_has_it_and_when_it_is_due(self) -> None:
        one = factories.AssignmentFactory(
            radiologist__family_name="Haddad",
            shift__code="NEURO",
            order__accession="ACC7",
            order__status="assigned",
            order__received_at=NOON - HOUR,
            order__clock_start="received",
            order__clock_started_at=NOON - HOUR,
            order__report_minutes=90,
            order__report_due_at=NOON + HOUR / 2,
            order__flags=["sla_alert", "some_new_flag"],
        )
        factories.OrderIdentifierFactory(order=one.order, kind="placer", value="PLACER7")

        page = text(page_of(signed_in(Role.MANAGER), one))

        expected = (
            "With DR Rae Haddad",
            "on Neuro",
            "due in 30 min",
            "received 11:00 + 90 min (ROUTINE) = due 12:30",
            "PLACER7",
            "Overdue: a soft alert went out.",
            "Some new flag.",
        )
        assert [words for words in expected if words not in page] == []

    @pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR, Role.ADMINISTRATOR])
    def test_the_patient_is_not_shown_to_who_need_not_know(self, role: Role) -> None:
        one = factories.AssignmentFactory(
            order__patient__mrn="SECRETMRN",
            order__patient__family_name="SECRETNAME",
            order__indication="SECRETREASON",
        )

        page = page_of(signed_in(role), one)

        assert "SECRET" not in page.content.decode()
        assert "managers of this site may see" in text(page)

    def test_a_manager_sees_the_patient_but_never_in_title_or_address(self) -> None:
        one = factories.AssignmentFactory(
            order__patient__mrn="SECRETMRN",
            order__patient__family_name="SECRETNAME",
            order__indication="SECRETREASON",
        )

        page = page_of(signed_in(Role.MANAGER, site=one.order.site), one).content.decode()

        assert [word for word in ("NAME", "MRN", "REASON") if f"SECRET{word}" not in page] == []
        assert "SECRET" not in page[: page.find("<main")]
        assert 'href="/assignments/?patient=' in page

    def test_a_manager_elsewhere_who_is_a_technician_here_does_not_see_the_patient(self) -> None:
        one = factories.AssignmentFactory(order__patient__family_name="SECRETNAME")
        viewer = person(Role.MANAGER, site=factories.SiteFactory())
        RoleGrant.objects.create(user=viewer, role=Role.TECHNICIAN, site=one.order.site)

        page = page_of(client_of(viewer), one).content.decode()

        assert ("SECRETNAME" in page, "/assign/" in page) == (False, False)

    @pytest.mark.parametrize(
        ("role", "status"),
        [
            (Role.MANAGER, 200),
            (Role.TECHNICIAN, 200),
            (Role.RADIOLOGIST, 403),
            (Role.REFERRING_PROVIDER, 403),
        ],
    )
    def test_who_may_look(self, role: Role, status: int) -> None:
        assert page_of(signed_in(role), factories.AssignmentFactory()).status_code == status

    def test_a_study_of_another_site_does_not_exist(self) -> None:
        one = factories.AssignmentFactory()
        no_site = factories.AssignmentFactory(order__site=None)
        client = signed_in(Role.MANAGER, site=factories.SiteFactory())

        found = [page_of(client, row).status_code for row in (one, no_site)]

        assert found == [404, 404]
        assert client.get("/studies/999999/").status_code == 404

    def test_it_is_only_read(self) -> None:
        one = factories.AssignmentFactory()

        assert signed_in(Role.MANAGER).post(f"/studies/{one.order_id}/").status_code == 405

    def test_actions_are_those_that_its_state_allows(self) -> None:
        one = factories.AssignmentFactory(order__status="held", state="held")
        client = signed_in(Role.MANAGER)

        page = page_of(client, one).content.decode()

        offered = [
            action
            for action in ("assign", "unassign", "hold", "release", "decide_again")
            if f'id="deed-{action}"' in page
        ]
        assert offered == ["release"]

    def test_queries_do_not_grow_with_the_history(self) -> None:
        one = factories.AssignmentFactory()
        client = signed_in(Role.MANAGER, site=one.order.site)
        _told(one)
        page_of(client, one)

        with CaptureQueriesContext(connection) as at_one:
            page_of(client, one)
        for _ in range(20):
            row = factories.EndedAssignmentFactory(order=one.order)
            _told(row)
        with CaptureQueriesContext(connection) as at_many:
            page_of(client, one)

        assert (len(at_one) <= 15, len(at_many) - len(at_one)) == (True, 0)


class TestStory:
    def test_who_had_it_from_when_to_when_who_decided_and_why_it_ended(
        self, department: Department
    ) -> None:
        department.add_reader("DR_A", family_name="Able")
        send(*order(placer="P1"))
        department.add_reader("DR_B", family_name="Baker")
        act(by_hand.assign, radiologist_id="DR_B", reason="asked by the ward")
        act(by_hand.hold, reason="scanner is down")
        act(by_hand.release)
        first, second = Assignment.objects.order_by("pk")

        page = signed_in(Role.MANAGER).get(f"/studies/{first.order_id}/")
        story = text(page)[text(page).find("What happened") :]

        expected = (
            "Given to DR Rae Able on Mri_Msk Load balanced Why",
            "Given to DR Rae Baker on Mri_Msk manager Why",
            "“asked by the ward”",
            ": reassigned",
            "Held manager “scanner is down”",
            "Released manager",
        )
        assert [words for words in expected if words not in story] == []
        assert story.find("Released") < story.find("Held") < story.find("Able")
        content = page.content.decode()
        assert [row.pk for row in (first, second) if f"/assignments/{row.pk}/why/" in content] == [
            first.pk,
            second.pk,
        ]

    def test_trail_of_other_studies_is_not_told(self, department: Department) -> None:
        department.add_reader("DR_A")
        send(*order(placer="P1"))
        AuditEvent.objects.create(
            at=NOON,
            entity="orders_order",
            entity_id=f"{state().order_id}9",
            action="hold_by_hand",
            new_values={"reason": "OTHERS"},
            actor="user:manager",
        )

        page = signed_in(Role.MANAGER).get(f"/studies/{state().order_id}/")

        assert "OTHERS" not in page.content.decode()


def _told(assignment: Assignment) -> None:
    factories.OutboundMessageFactory(order=assignment.order)
    AuditEvent.objects.create(
        at=NOON,
        entity="assignment_assignment",
        entity_id=str(assignment.pk),
        action="acknowledge",
        actor="system:hl7",
    )
