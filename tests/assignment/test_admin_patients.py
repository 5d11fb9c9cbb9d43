"""The admin is opened by people who may not see patients: no page of decisions tells of them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.choices import Role
from apps.assignment.models import Assignment, DecisionBasis, Unassigned
from apps.roster.models import Shift
from apps.rules.choices import ActionChoices
from tests.factories import AssignmentRuleFactory
from tests.rules.pages import client_of
from tests.support.department import Department, order, receive, take_effect

pytestmark = pytest.mark.db
OF_THE_PATIENT = ("WARD", "1980", "patient_")


@pytest.fixture
def burst(department: Department) -> None:
    """Two orders were given out together and one is held, and a rule looked at their patients."""
    Shift.objects.update(strategy="OPTIMAL")
    department.add_reader("DR_A")
    department.add_reader("DR_B")
    AssignmentRuleFactory.create(
        action_type=ActionChoices.HOLD,
        action_target="wait",
        condition_filters={
            "any": [
                {"field": "accession", "op": "=", "value": "P2"},
                {"field": "patient_location", "op": "=", "value": "X"},
                {"field": "patient_age", "op": ">", "value": 120},
            ]
        },
    )
    for number in range(3):
        receive(*order(placer=f"P{number}", mrn=f"M{number}"))
    take_effect()


@pytest.mark.usefixtures("burst")
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMINISTRATOR])
def test_the_trace_of_a_decision_is_shown_without_its_patient(role: Role) -> None:
    client = client_of(role)
    for row in (Assignment.objects.first(), Unassigned.objects.get()):
        assert row is not None
        assert row.trace["order"]["patient_location"] == "WARD 1 2 Robina"
        name = f"admin:assignment_{row._meta.model_name}_change"
        page = client.get(reverse(name, args=[row.pk])).content.decode()
        assert "received_at" in page
        assert [word for word in OF_THE_PATIENT if word in page] == []


@pytest.mark.usefixtures("burst")
def test_what_a_burst_was_decided_from_has_no_page() -> None:
    client, kept = client_of(Role.AUDITOR), DecisionBasis.objects.get(area__startswith="burst:")
    others = DecisionBasis.objects.exclude(pk=kept.pk)

    answer = client.get(reverse("admin:assignment_decisionbasis_change", args=[kept.pk]))

    assert answer.status_code != 200
    listed = client.get(reverse("admin:assignment_decisionbasis_changelist")).content.decode()
    assert ("burst:" in listed, others.count()) == (False, 3)
