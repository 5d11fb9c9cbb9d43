"""Rules through the admin: what is refused when saved, and how a rule reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from apps.audit.models import AuditEvent
from apps.rules.models import AssignmentRule, RuleVersion, ScoringWeights
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory, UserFactory
from tests.factories.roster import ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.support.admin_forms import admin_url, errors_of, shown_form

pytestmark = pytest.mark.db

MR = {"all": [{"field": "modality", "op": "in", "value": ["MR"]}]}


@pytest.fixture
def client() -> Client:
    signed_in = Client()
    signed_in.force_login(UserFactory.create(username="ada", is_staff=True, is_superuser=True))
    return signed_in


def rule_form(**values: Any) -> dict[str, Any]:
    form = {
        "name": "Stroke",
        "priority_order": 10,
        "condition_filters": json.dumps(MR),
        "action_type": "SET_PRIORITY",
        "action_target": "STAT",
        "enabled": "on",
    }
    return form | values


def test_rule_is_saved_with_its_actor_and_its_first_version(client: Client) -> None:
    response = client.post(admin_url("rules.assignmentrule", "add"), rule_form())
    assert (errors_of(response), response.status_code) == ([], 302)
    rule = AssignmentRule.objects.get()
    assert rule.condition_filters == MR
    version = RuleVersion.objects.get()
    assert (version.rule_id, version.version, version.actor) == (rule.pk, 1, "user:ada")
    audited = AuditEvent.objects.get(entity="rules_assignmentrule")
    assert (audited.action, audited.actor, audited.entity_id) == (
        "insert",
        "user:ada",
        str(rule.pk),
    )
    assert audited.request_id != ""


@pytest.mark.parametrize(
    ("conditions", "place", "cause"),
    [
        ('{"all": [{"field": "modalty", "op": "=", "value": "MR"}]}', "Condition 1", "modalty"),
        (
            '{"all": [{"field": "patient_age", "op": "<", "value": "old"}]}',
            "Condition 1",
            "number",
        ),
        ('{"any": [{"all": [{"field": "rvu", "op": "~", "value": 1}]}]}', "Condition 1.1", "~"),
        (
            '{"all": [{"field": "modality", "op": "matches", "value": "(a+)+$"}]}',
            "Condition 1",
            "",
        ),
        ('{"every": []}', "Only all, any", "are groups"),
    ],
    ids=["field", "type", "operator", "pattern", "group"],
)
def test_broken_conditions_are_refused_with_place_and_cause(
    client: Client, conditions: str, place: str, cause: str
) -> None:
    data = rule_form(condition_filters=conditions)
    errors = errors_of(client.post(admin_url("rules.assignmentrule", "add"), data))
    assert len(errors) == 1
    assert place in errors[0]
    assert cause in errors[0]
    assert not AssignmentRule.objects.exists()


def test_conditions_that_are_no_json_come_back_as_they_were_typed(client: Client) -> None:
    typed = '{"all": [}'
    response = client.post(
        admin_url("rules.assignmentrule", "add"), rule_form(condition_filters=typed)
    )
    assert errors_of(response) == ["This is no JSON. Line 1, column 10: Expecting value."]
    assert response.context["adminform"].form["condition_filters"].value() == typed


def test_conditions_are_shown_one_a_line_and_saved_as_they_were(client: Client) -> None:
    conditions = {
        "all": [
            {"field": "modality", "op": "in", "value": ["CT", "MR"]},
            {"any": [{"field": "indication", "op": "contains", "value": "stroke"}], "none": []},
        ]
    }
    rule = AssignmentRuleFactory.create(
        condition_filters=conditions, action_type="ESCALATE", is_terminal=False
    )
    address = admin_url("rules.assignmentrule", "change", rule.pk)
    data = shown_form(client, address)
    assert data["condition_filters"].splitlines() == [
        "{",
        '  "all": [',
        '    {"field": "modality", "op": "in", "value": ["CT", "MR"]},',
        "    {",
        '      "any": [',
        '        {"field": "indication", "op": "contains", "value": "stroke"}',
        "      ],",
        '      "none": []',
        "    }",
        "  ]",
        "}",
    ]
    assert errors_of(client.post(address, data)) == []
    assert AssignmentRule.objects.get().condition_filters == conditions
    assert RuleVersion.objects.count() == 1


def test_empty_box_of_conditions_is_always_true(client: Client) -> None:
    client.post(admin_url("rules.assignmentrule", "add"), rule_form(condition_filters=""))
    assert AssignmentRule.objects.get().condition_filters == {}


@pytest.mark.parametrize(
    ("action", "target", "error"),
    [
        ("ASSIGN_TO_SHIFT", "NOWHERE", "There is no shift with the code “NOWHERE”."),
        ("ASSIGN_TO_RADIOLOGIST", "DR_X", "There is no radiologist with the id “DR_X”."),
        ("EXCLUDE", '["DR_A", "DR_X"]', "There is no radiologist with the id “DR_X”."),
        ("SET_PRIORITY", "SOON", "The urgency is STAT, URGENT or ROUTINE."),
        ("HOLD", "", "Say why the order is held."),
    ],
)
def test_target_that_cannot_be_carried_out_is_refused(
    client: Client, action: str, target: str, error: str
) -> None:
    RadiologistFactory.create(id="DR_A")
    data = rule_form(action_type=action, action_target=target)
    assert errors_of(client.post(admin_url("rules.assignmentrule", "add"), data)) == [error]


@pytest.mark.parametrize(
    ("action", "is_terminal"),
    [("SET_PRIORITY", False), ("ESCALATE", False), ("HOLD", True)],
)
def test_effects_never_end_the_run_whatever_the_box_says(
    client: Client, action: str, *, is_terminal: bool
) -> None:
    data = rule_form(action_type=action, action_target="STAT", is_terminal="on")
    assert errors_of(client.post(admin_url("rules.assignmentrule", "add"), data)) == []
    assert AssignmentRule.objects.get().is_terminal is is_terminal


def test_list_and_form_say_the_conditions_in_words(client: Client) -> None:
    ShiftFactory.create(code="MRI")
    rule = AssignmentRuleFactory.create(condition_filters=MR)
    listed = client.get(admin_url("rules.assignmentrule", "changelist")).content.decode()
    shown = client.get(admin_url("rules.assignmentrule", "change", rule.pk)).content.decode()
    assert "modality is MR" in listed
    assert "modality is MR" in shown
    assert "<code>age_minutes</code> minutes since received" in shown


def test_versions_of_one_rule_are_a_click_away_and_outlive_it(client: Client) -> None:
    rule, other = (
        AssignmentRuleFactory.create(name="Mine"),
        AssignmentRuleFactory.create(name="No"),
    )
    address = admin_url("rules.assignmentrule", "change", rule.pk)
    client.post(address, shown_form(client, address) | {"name": "Renamed"})
    assert f'/ruleversion/?rule_id={rule.pk}"' in client.get(address).content.decode()
    client.post(admin_url("rules.assignmentrule", "delete", rule.pk), {"post": "yes"})
    listed = client.get(admin_url("rules.ruleversion", "changelist"), {"rule_id": rule.pk})
    versions = [
        (version.version, version.content["name"], version.is_deleted)
        for version in listed.context["cl"].queryset.order_by("version")
    ]
    assert versions == [(1, "Mine", False), (2, "Renamed", False), (3, "Renamed", True)]
    assert RuleVersion.objects.filter(rule_id=other.pk).count() == 1


def test_second_policy_for_the_same_case_is_a_form_error(client: Client) -> None:
    address = admin_url("rules.slapolicy", "add")
    data = {
        "urgency": "STAT",
        "modality": "mri",
        "site": SiteFactory.create().pk,
        "clock_start": "received",
        "report_minutes": 60,
        "escalation_steps": "[]",
    }
    assert client.post(address, data).status_code == 302
    assert errors_of(client.post(address, data)) == [
        "There is a policy for this urgency, modality and site already."
    ]


def test_weights_open_as_the_one_row_there_is(client: Client) -> None:
    address = admin_url("rules.scoringweights", "changelist")
    ScoringWeights.objects.all().delete()
    add = admin_url("rules.scoringweights", "add")
    assert client.get(address)["Location"] == add
    assert client.post(add, shown_form(client, add) | {"open_share": "-60"}).status_code == 302
    assert list(ScoringWeights.objects.values_list("id", "open_share")) == [(1, -60)]
    assert client.get(address)["Location"] == admin_url("rules.scoringweights", "change", 1)
    assert client.get(add).status_code == 403
    assert client.post(admin_url("rules.scoringweights", "delete", 1)).status_code == 403
