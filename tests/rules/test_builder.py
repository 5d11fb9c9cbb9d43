"""The builder of conditions: the codes it offers, what it says while one types, what is kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.choices import Role
from apps.assignment.queries import latest_orders
from apps.assignment.snapshot import cache
from apps.core import clock
from apps.engine.conditions import FIELDS
from apps.rules.insight import Example, Trial
from apps.rules.language import language
from apps.rules.models import AssignmentRule, RuleVersion
from apps.rules.queries.codes import SHOWN
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.orders import OrderFactory, PatientFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.rules.pages import HTMX, client_of, undo_of

pytestmark = pytest.mark.db

SCRIPT = "</script><script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.forget()
    latest_orders.forget()


@pytest.fixture
def client() -> Client:
    return client_of(Role.MANAGER)


def check(client: Client, conditions: object) -> HttpResponse:
    data = {"condition_filters": json.dumps(conditions)}
    return client.post(reverse("rule-check"), data, headers=HTMX)


def codes(client: Client, **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(reverse("rule-codes"), asked).json()
    return answer


def typed(**values: Any) -> dict[str, Any]:
    return {"name": "Rule", "priority_order": 10, "condition_filters": "{}", "enabled": "on"} | (
        values
    )


# --- what is offered


def test_every_field_of_the_language_is_offered_once() -> None:
    offered = [field["name"] for _, fields in language()["groups"] for field in fields]
    assert sorted(offered) == sorted(FIELDS)


def test_each_operator_of_a_type_is_said_in_words() -> None:
    said = dict(language()["operators"]["time"])
    assert (said["<"], said["between"], said["exists"]) == ("is before", "is between", "is known")
    assert language()["operators"]["word"][0] == ("in", "is one of")


def test_codes_are_found_by_a_part_of_code_or_name(client: Client) -> None:
    ProcedureFactory.create(code="MRK", description="MRI knee")
    ProcedureFactory.create(code="KNEE2", description="X-ray")
    ProcedureFactory.create(code="CTH", description="CT head")

    assert codes(client, field="procedure", q="kNeE") == {
        "codes": [["KNEE2", "X-ray"], ["MRK", "MRI knee"]],
        "whole": True,
        "closed": True,
    }


def test_codes_that_a_rule_names_are_looked_up_one_by_one_whatever_their_case(
    client: Client,
) -> None:
    SiteFactory.create(code="ROBINA", name="Robina")
    SiteFactory.create(code="BONDI", name="Bondi")

    found = codes(client, field="site", code=["robina", "NOWHERE", "\0"])

    assert found["codes"] == [["ROBINA", "Robina"]]


def test_long_lists_are_cut_and_say_so(client: Client) -> None:
    for number in range(SHOWN + 1):
        ProcedureFactory.create(code=f"P{number:03}")

    found = codes(client, field="procedure")

    assert (len(found["codes"]), found["whole"]) == (SHOWN, False)


@pytest.mark.parametrize(
    ("field", "code", "closed"),
    [
        ("modality", ["MR", "Magnetic resonance"], True),
        ("body_part", ["KNEE", ""], True),
        ("subspecialty", ["breast imaging", ""], True),
        ("urgency", ["STAT", "STAT"], True),
        ("patient_class", ["E", "Emergency"], False),
        ("patient_sex", ["F", "Female"], False),
        ("sender", ["RIS|HOSP", "2 of the last 3 orders"], False),
    ],
)
def test_codes_come_from_what_there_is(
    client: Client, field: str, code: list[str], *, closed: bool
) -> None:
    for sender in ("RIS|HOSP", "RIS|HOSP", "OTHER"):
        OrderFactory.create(sender=sender)

    found = codes(client, field=field)

    assert code in found["codes"]
    assert found["closed"] is closed


@pytest.mark.parametrize("field", ["rvu", "nonsense", ""])
def test_field_without_codes_is_refused(client: Client, field: str) -> None:
    assert client.get(reverse("rule-codes"), {"field": field}).status_code == 400


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RADIOLOGIST, Role.TECHNICIAN])
def test_who_may_not_change_rules_is_offered_nothing(role: Role) -> None:
    answers = [
        client_of(role, username=name).get(reverse("rule-codes"), {"field": "modality"})
        for name in ("one",)
    ]
    assert [answer.status_code for answer in answers] == [403]


# --- what is said while one types


def test_count_and_three_newest_examples_of_what_matches(client: Client) -> None:
    site = SiteFactory.create(code="ROBINA")
    patient = PatientFactory.create(family_name="Zebrowski")
    now = clock.now()
    orders = [
        OrderFactory.create(
            accession=f"A{number}",
            modality="MR",
            site=site,
            patient=patient,
            received_at=now - timedelta(hours=number),
        )
        for number in range(4)
    ]
    OrderFactory.create(accession="CT1", modality="CT", received_at=now)

    response = check(client, {"field": "modality", "op": "=", "value": "MR"})

    trial = response.context["said"].trial
    assert str(trial) == "4 of the last 5 orders"
    assert [example.accession for example in trial.examples] == ["A0", "A1", "A2"]
    page = response.content.decode()
    assert f'href="{reverse("study", args=[orders[0].pk])}">A0</a>' in page
    assert "ROBINA" in page
    assert "Zebrowski" not in page


def test_where_nothing_matches_the_nearest_are_shown_with_what_failed(client: Client) -> None:
    OrderFactory.create(accession="FAR", modality="CT", body_part="HEAD")
    OrderFactory.create(accession="NEAR", modality="MR", body_part="HEAD")

    response = check(
        client,
        {
            "all": [
                {"field": "modality", "op": "=", "value": "MR"},
                {"field": "body_part", "op": "=", "value": "KNEE"},
            ]
        },
    )

    trial = response.context["said"].trial
    assert str(trial) == "none of the last 2 orders"
    assert [(miss.example.accession, miss.failed) for miss in trial.nearest] == [
        ("NEAR", ("body part is KNEE",)),
        ("FAR", ("modality is MR", "body part is KNEE")),
    ]
    assert b"body part is KNEE" in response.content


def test_new_order_counts_at_once(client: Client) -> None:
    OrderFactory.create()
    check(client, {})
    OrderFactory.create()
    assert str(check(client, {}).context["said"].trial) == "2 of the last 2 orders"


def test_thousand_orders_are_read_once_and_cost_no_more_queries_than_one(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        OrderFactory.create(procedure=ProcedureFactory.create())
    check(client, {})
    with django_assert_max_num_queries(9):
        check(client, {"field": "modality", "op": "=", "value": "MR"})


def test_accession_is_hidden_from_who_may_not_see_every_study() -> None:
    example = Example(7, "SECRET", "ROBINA", "MR KNEE", clock.now())
    context = {"trial": Trial(1, 1, examples=(example,)), "may_look": False}
    page = render_to_string("rules/_tried.html", context)
    assert "SECRET" not in page
    assert "ROBINA" in page


def test_place_of_a_problem_is_told_for_the_condition_it_is_about(client: Client) -> None:
    page = check(client, {"all": [{"field": "rvu", "op": "=", "value": "x"}]}).content
    assert b'data-path="$.all[0].value"' in page


def test_nothing_that_is_typed_or_stored_becomes_a_script(client: Client) -> None:
    ShiftFactory.create(code="X", name=SCRIPT)
    OrderFactory.create(accession=SCRIPT, procedure_text=SCRIPT, modality="MR")
    conditions = {"field": "procedure_text", "op": "contains", "value": SCRIPT}
    rule = AssignmentRuleFactory.create(
        name=SCRIPT, condition_filters=conditions, action_type="OVERFLOW", action_target="X"
    )
    pages = [
        check(client, conditions),
        client.get(reverse("rules")),
        client.get(reverse("rule-edit", args=[rule.pk])),
        client.post(reverse("rule-edit", args=[rule.pk]), typed(name=SCRIPT, why=SCRIPT)),
    ]
    assert [SCRIPT.encode() in page.content for page in pages] == [False] * 4


def test_without_javascript_a_preview_shows_the_trial_too(client: Client) -> None:
    OrderFactory.create()
    page = client.post(reverse("rule-add"), typed(preview="1")).content
    assert b"Matches <b>1 of one order</b>" in page


@pytest.mark.parametrize("conditions", ['{"all": [}', '{"all": [{"field": "x", "op": "="}]}'])
def test_what_was_typed_comes_back_when_it_cannot_be_saved(
    client: Client, conditions: str
) -> None:
    response = client.post(
        reverse("rule-add"), typed(condition_filters=conditions, name="mine", why="because")
    )
    assert response.status_code == 422
    form = response.context["form"]
    assert [form[name].value() for name in ("condition_filters", "name", "why")] == [
        conditions,
        "mine",
        "because",
    ]


# --- what is kept


@pytest.mark.parametrize(
    ("action", "typed_target", "target"),
    [
        ("ASSIGN_TO_WORKLIST", {"target_sharing": ["DR_A", "NIGHT"]}, '["DR_A", "NIGHT"]'),
        ("ASSIGN_TO_WORKLIST", {"target_sharing": ["NIGHT"]}, "NIGHT"),
        ("OVERFLOW", {"target_shifts": ["NIGHT", "", "DAY", "NIGHT"]}, '["NIGHT", "DAY"]'),
        ("OVERFLOW", {"target_shifts": ["", ""]}, ""),
        ("PREFER", {"target_radiologists": ["DR_A"]}, "DR_A"),
        ("REQUIRE_CREDENTIAL", {"target_credentials": ["CARDIAC"]}, "CARDIAC"),
        ("USE_STRATEGY", {"target_strategy": "FAIR"}, "FAIR"),
        ("ESCALATE", {}, ""),
    ],
)
def test_target_of_each_action_is_kept_and_opens_as_it_was(
    client: Client, action: str, typed_target: dict[str, Any], target: str
) -> None:
    RadiologistFactory.create(id="DR_A")
    ProcedureFactory.create(required_credentials=["CARDIAC"])
    for code in ("DAY", "NIGHT"):
        ShiftFactory.create(code=code)

    client.post(reverse("rule-add"), typed(action_type=action, **typed_target))

    rule = AssignmentRule.objects.get()
    assert rule.action_target == target
    form = client.get(reverse("rule-edit", args=[rule.pk])).context["form"]
    named = [code for code in ("NIGHT", "DAY") if code in target]
    if action == "OVERFLOW":
        assert form["target_shifts"].value() == (named or [])


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("ASSIGN_TO_SHIFT", "target_shift"),
        ("ASSIGN_TO_WORKLIST", "target_sharing"),
        ("PREFER", "target_radiologists"),
        ("REQUIRE_CREDENTIAL", "target_credentials"),
    ],
)
def test_target_that_is_missing_is_asked_for_at_its_field(
    client: Client, action: str, field: str
) -> None:
    response = client.post(reverse("rule-add"), typed(action_type=action))
    assert list(response.context["form"].errors) == [field]


def test_who_is_gone_stays_in_the_list_marked_until_taken_out(client: Client) -> None:
    rule = AssignmentRuleFactory.create(
        action_type="REQUIRE_CREDENTIAL", action_target='["GONE"]', is_terminal=False
    )
    page = client.get(reverse("rule-edit", args=[rule.pk])).content
    assert b"GONE (unknown)" in page


def test_unknown_shift_is_named_and_what_was_typed_stays(client: Client) -> None:
    response = client.post(
        reverse("rule-add"), typed(action_type="OVERFLOW", target_shifts=["NOPE"])
    )
    assert dict(response.context["form"].errors) == {
        "target_shifts": ["There is no shift with the code “NOPE”."]
    }
    assert b'value="NOPE"' in response.content


def test_version_keeps_why_and_only_its_own(client: Client) -> None:
    hold = {"action_type": "HOLD", "target_reason": "wait"}
    client.post(reverse("rule-add"), typed(why="By the board", **hold), follow=True)
    rule = AssignmentRule.objects.get()
    client.post(reverse("rule-edit", args=[rule.pk]), typed(name="Other", **hold), follow=True)
    done = client.post(reverse("rule-delete", args=[rule.pk]), {"why": "No longer"}, follow=True)

    versions = RuleVersion.objects.order_by("version").values_list("reason", flat=True)
    assert list(versions) == ["By the board", "", "No longer"]
    client.post(undo_of(done))
    assert AssignmentRule.objects.filter(pk=rule.pk).exists()


def test_why_alone_changes_nothing(client: Client) -> None:
    rule = AssignmentRuleFactory.create(name="Rule", priority_order=10, action_target="wait")
    response = client.post(
        reverse("rule-edit", args=[rule.pk]),
        typed(action_type="HOLD", target_reason="wait", is_terminal="on", why="x", preview="1"),
        headers=HTMX,
    )
    assert response.context["changes"] == []
