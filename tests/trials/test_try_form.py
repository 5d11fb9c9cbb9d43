"""The form of a try: every fact that a rule may ask for can be typed."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.choices import Role
from apps.rules.models import RuleDraft
from tests import factories
from tests.factories.times import NOON
from tests.support.department import Department
from tests.support.people import signed_in

pytestmark = pytest.mark.db
PATH = "/rules/try/"


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    found = Department()
    found.add_reader("DR_A", family_name="Able")
    return found


def held(client: Client, department: Department, **values: str) -> bool:
    """Return whether a rule that holds children's orders takes what was typed."""
    sent = {"by": "facts", "urgency": "ROUTINE", "modality": "CR", "site": department.site.pk}
    page = client.post(PATH, {**sent, **values}).content.decode()
    assert "Rules in force" in page
    return "a child" in page


@pytest.mark.parametrize(
    ("condition", "meets", "misses"),
    [
        ({"field": "patient_age", "op": "<", "value": 16}, {"age": "15"}, {"age": "16"}),
        (
            {"field": "patient_age", "op": "<", "value": 16},
            {"birth_on": "2020-05-01"},
            {"birth_on": "1970-05-01", "age": "3"},
        ),
        ({"field": "patient_sex", "op": "=", "value": "F"}, {"sex": "f"}, {"sex": "M"}),
        (
            {"field": "indication", "op": "contains", "value": "stroke"},
            {"indication": "Suspected stroke"},
            {"indication": "Headache"},
        ),
        ({"field": "visit", "op": "=", "value": "V1"}, {"visit_number": "V1"}, {}),
        (
            {"field": "own.ward", "op": "=", "value": "7B"},
            {"own_fields": "ward = 7B\n\nown.bed=2"},
            {"own_fields": "ward="},
        ),
    ],
)
def test_rules_meet_what_is_typed_of_patient_and_sender(
    department: Department,
    condition: dict[str, object],
    meets: dict[str, str],
    misses: dict[str, str],
) -> None:
    factories.AssignmentRuleFactory(
        condition_filters={"all": [condition]}, action_type="HOLD", action_target="a child"
    )
    client = signed_in(Role.MANAGER)

    assert (held(client, department, **meets), held(client, department, **misses)) == (True, False)


def test_own_fields_that_are_no_pairs_are_refused(department: Department) -> None:
    sent = {"by": "facts", "modality": "CR", "site": department.site.pk, "own_fields": "ward 7B"}
    page = signed_in(Role.MANAGER).post(PATH, sent).content.decode()

    assert "Write one field a line, as name=value." in page


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "0100-01-01T00:00", "9999-12-31T23:59"])
def test_a_moment_of_no_department_is_refused(department: Department, at: str) -> None:
    sent = {"by": "facts", "modality": "CR", "site": department.site.pk, "age": "130", "at": at}

    page = signed_in(Role.MANAGER).post(PATH, sent).content.decode()

    assert f"The year {at[:4]} is not between 1980 and 2100." in page


def test_a_link_chooses_its_draft(department: Department) -> None:  # noqa: ARG001 -- for its effect
    draft = RuleDraft.objects.create(name="Children", made_by="user:ann", made_at=NOON)
    page = signed_in(Role.MANAGER).get(PATH, {"draft": draft.pk}).content.decode()

    assert page.count(f'<option value="{draft.pk}" selected>') == 3
