"""The form of a rule: what is refused and where, what would follow, what is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.accounts.choices import Role
from apps.assignment.snapshot import cache
from apps.core import clock
from apps.rules.models import AssignmentRule, RuleVersion
from tests.factories.assignment import AssignmentFactory
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.orders import OrderFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import RosterAssignmentFactory, ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.rules.pages import HTMX, client_of, said, undo_of

pytestmark = pytest.mark.db

MR = {"all": [{"field": "modality", "op": "in", "value": ["MR"]}]}
CT = {"all": [{"field": "modality", "op": "in", "value": ["CT"]}]}
NEXT_DECISION = "Counts from the very next decision on; studies keep their readers."


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    cache.forget()


@pytest.fixture
def client() -> Client:
    return client_of(Role.MANAGER)


def typed(**values: Any) -> dict[str, Any]:
    return {
        "name": "Stroke",
        "priority_order": 10,
        "condition_filters": json.dumps(MR),
        "action_type": "SET_PRIORITY",
        "target_urgency": "STAT",
        "enabled": "on",
        "is_terminal": "on",
    } | values


def add(client: Client, **values: Any) -> HttpResponse:
    return client.post(reverse("rule-add"), typed(**values))


def errors(response: HttpResponse) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def effects(client: Client, **values: Any) -> list[str]:
    data = typed(**values) | {"preview": "1"}
    response = client.post(reverse("rule-add"), data, headers=HTMX)
    assert dict(response.context["form"].errors) == {}
    return [effect.words for effect in response.context["effects"]]


def test_second_of_two_editors_gets_409_and_the_name_of_the_first(client: Client) -> None:
    rule = AssignmentRuleFactory.create(name="old")
    address = reverse("rule-edit", args=[rule.pk])
    seen = client.get(address).context["seen"]
    client_of(Role.MANAGER, username="bob").post(address, typed(name="bob's"))

    response = client.post(address, typed(name="mine", seen=seen))

    assert response.status_code == 409
    assert b"bob changed this after you opened it" in response.content
    assert AssignmentRule.objects.get().name == "bob's"


def test_rule_is_saved_and_taken_back(client: Client) -> None:
    response = client.post(reverse("rule-add"), typed(), follow=True)

    rule = AssignmentRule.objects.get()
    assert said(response) == ["Rule 10 Stroke added."]
    assert (rule.condition_filters, rule.action_type, rule.action_target, rule.is_terminal) == (
        MR,
        "SET_PRIORITY",
        "STAT",
        False,
    )
    client.post(undo_of(response))
    assert not AssignmentRule.objects.exists()


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ('{"all": [}', "This is no JSON. Line 1, column 10: Expecting value."),
        ('{\n"all": 1 2}', "This is no JSON. Line 2, column 10: Expecting ',' delimiter."),
        ('{"all": NaN}', "The conditions hold a number or text that is none."),
        ('"\\ud800"', "The conditions hold a number or text that is none."),
        ("9" * 5000, "The conditions hold a number or text that is none."),
        ('{"all": ["\\u0000"]}', "The conditions hold a NUL character."),
        ("[" * 60_000, "The conditions are nested too deep."),
        (" " * 70_000 + "1", "The conditions are too long: 64 KB are the most."),
        ("[]", "[] is not of type 'object'."),
        ("0", "0 is not of type 'object'."),
        ('{"field": "rvu", "op": "=", "value": 1e400}', "RVU needs a number."),
        (
            '{"any": [], "any": [{"field": "rvu", "op": "=", "value": 1}]}',
            "“any” stands twice in one group; only one of them would count.",
        ),
    ],
    ids=range(12),
)
def test_conditions_that_cannot_be_kept_are_refused_with_place_and_cause(
    client: Client, text: str, cause: str
) -> None:
    response = add(client, condition_filters=text)

    assert response.status_code == 422
    assert errors(response) == {"condition_filters": [cause]}
    assert not AssignmentRule.objects.exists()


def test_every_fault_of_the_conditions_is_named_while_they_are_typed(client: Client) -> None:
    text = json.dumps({"all": [{"field": "modalty", "op": "="}, {"field": "rvu", "op": "~"}]})

    response = client.post(reverse("rule-check"), {"condition_filters": text}, headers=HTMX)

    assert response.context["said"].problems == (
        ("$.all[0].field", "unknown field 'modalty'"),
        ("$.all[1].op", "unknown operator '~'"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "always"), ("{}", "always"), (json.dumps(MR), "modality is MR")],
)
def test_good_conditions_are_said_in_words_while_they_are_typed(
    client: Client, text: str, words: str
) -> None:
    response = client.post(reverse("rule-check"), {"condition_filters": text}, headers=HTMX)
    assert response.context["said"].words == words


@pytest.mark.parametrize(
    ("values", "field", "error"),
    [
        (
            {"action_type": "ASSIGN_TO_SHIFT", "target_shift": "NOWHERE"},
            "target_shift",
            "There is no shift with the code “NOWHERE”.",
        ),
        (
            {"action_type": "ASSIGN_TO_RADIOLOGIST", "target_radiologist": "DR_X"},
            "target_radiologist",
            "There is no radiologist with the id “DR_X”.",
        ),
        (
            {"action_type": "EXCLUDE"},
            "target_radiologists",
            "Tick at least one radiologist.",
        ),
        ({"action_type": "HOLD"}, "target_reason", "Say why the order is held."),
    ],
)
def test_what_is_wrong_with_the_target_stands_at_its_own_field(
    client: Client, values: dict[str, Any], field: str, error: str
) -> None:
    response = add(client, **values)

    assert (response.status_code, errors(response)) == (422, {field: [error]})


def test_only_the_field_that_fits_the_action_counts(client: Client) -> None:
    for name in ("DR_A", "DR_B"):
        RadiologistFactory.create(id=name)

    add(
        client,
        action_type="EXCLUDE",
        target_shift="NOWHERE",
        target_reason="no",
        target_radiologists=["DR_A", "DR_B"],
    )

    rule = AssignmentRule.objects.get()
    assert (rule.action_type, rule.action_target) == ("EXCLUDE", '["DR_A", "DR_B"]')


def test_rule_opens_with_its_target_and_saving_it_as_it_is_changes_nothing(
    client: Client,
) -> None:
    RadiologistFactory.create(id="DR_A")
    rule = AssignmentRuleFactory.create(
        name="no A", action_type="EXCLUDE", action_target="DR_A", condition_filters=MR
    )
    address = reverse("rule-edit", args=[rule.pk])
    form = client.get(address).context["form"]

    assert (form.target_field, form["target_radiologists"].value()) == (
        "target_radiologists",
        ["DR_A"],
    )
    client.post(
        address,
        typed(
            name="no A",
            priority_order=rule.priority_order,
            action_type="EXCLUDE",
            target_radiologists=["DR_A"],
        ),
    )
    rule.refresh_from_db()
    assert rule.action_target == "DR_A"
    assert list(RuleVersion.objects.values_list("version", "content__is_terminal")) == [
        (2, False),
        (1, True),
    ]


def test_active_window_is_typed_on_the_viewers_clock(client: Client) -> None:
    add(client, active_from="2026-02-04T12:00", active_until="2026-02-05T12:00")

    rule = AssignmentRule.objects.get()
    assert rule.active_from == datetime(2026, 2, 4, 2, 0, tzinfo=UTC)
    page = client.get(reverse("rule-edit", args=[rule.pk])).content
    assert b'value="2026-02-04T12:00"' in page
    assert b"On your clock, Australia/Brisbane." in page


def test_window_that_ends_before_it_starts_is_refused(client: Client) -> None:
    response = add(client, active_from="2026-02-05T12:00", active_until="2026-02-04T12:00")
    assert errors(response) == {"__all__": ["The active window ends before it starts."]}


def test_preview_says_the_change_in_words_and_nothing_of_other_actions(client: Client) -> None:
    rule = AssignmentRuleFactory.create(
        name="Stroke", priority_order=10, condition_filters=CT, action_target="why"
    )

    response = client.post(
        reverse("rule-edit", args=[rule.pk]),
        typed(action_type="HOLD", target_reason="because", preview="1"),
        headers=HTMX,
    )

    changes = [(one.label, one.old, one.new) for one in response.context["changes"]]
    assert changes == [
        ("Conditions", "modality is CT", "modality is MR"),
        ("Reason", "why", "because"),
    ]
    assert b"<html" not in response.content


def test_preview_says_whether_anybody_is_on_the_shift(client: Client) -> None:
    crowded, empty = ShiftFactory.create(code="FULL"), ShiftFactory.create(code="EMPTY")
    RosterAssignmentFactory.create(shift=crowded)
    ShiftFactory.create(code="NEVER", weekdays=[])
    ShiftFactory.create(code="OFF", is_active=False)
    onward = "Until then what it meets goes on to the next rule."
    strict = "Until then what it meets stays unassigned: the rule is strict."

    found = {
        code: effects(client, action_type="ASSIGN_TO_SHIFT", target_shift=code, **more)[0]
        for code, more in {
            "FULL": {},
            empty.code: {"is_strict": "on"},
            "NEVER": {},
            "OFF": {},
        }.items()
    }

    assert found == {
        "FULL": "1 reader on FULL now.",
        "EMPTY": f"Nobody is on EMPTY now. {strict}",
        "NEVER": f"NEVER does not run at this moment. {onward}",
        "OFF": f"The shift OFF is switched off. {onward}",
    }


def test_preview_says_what_the_radiologist_lacks_for_recent_orders(client: Client) -> None:
    RadiologistFactory.create(id="DR_A")
    heart = ProcedureFactory.create(required_credentials=["CARDIAC"])
    OrderFactory.create(procedure=heart)
    OrderFactory.create()

    found = effects(client, action_type="ASSIGN_TO_RADIOLOGIST", target_radiologist="DR_A")

    assert found[0] == (
        "For 1 of the 2 orders that it meets DR_A would be refused: lacks the credential CARDIAC."
    )
    assert not any("may read nothing" in words for words in found)
    assert found[-1] == NEXT_DECISION


@pytest.mark.parametrize(
    ("earlier", "words"),
    [
        (
            {"action_type": "HOLD", "action_target": "all"},
            "Never reached: rule 5 “taker” before it ends the run for all that it meets.",
        ),
        (
            {"action_type": "ASSIGN_TO_SHIFT", "action_target": "X", "is_strict": True},
            "Never reached: rule 5 “taker” before it ends the run for all that it meets.",
        ),
        (
            {"action_type": "ASSIGN_TO_SHIFT", "action_target": "X"},
            "Reached only by what rule 5 “taker” before it finds no reader for.",
        ),
        ({"condition_filters": {"all": []}}, "Never reached: rule 5 “taker”"),
        ({"condition_filters": MR}, "Never reached: rule 5 “taker”"),
        ({"condition_filters": CT}, ""),
        ({"is_terminal": False}, ""),
        ({"enabled": False}, ""),
        ({"priority_order": 11}, ""),
        ({"active_until": datetime(2026, 1, 1, tzinfo=UTC)}, ""),
    ],
    ids=["hold", "strict", "falls through", "all of nothing", "alike", "other", "effect", "off",
         "behind", "over"],
)  # fmt: skip
def test_preview_says_which_rule_stands_before_it(
    client: Client, earlier: dict[str, Any], words: str
) -> None:
    AssignmentRuleFactory.create(**{"name": "taker", "priority_order": 5} | earlier)

    found = [one for one in effects(client) if one != NEXT_DECISION]

    assert len(found) == bool(words)
    assert all(one.startswith(words) for one in found)


def test_preview_says_how_many_rules_it_would_hide(client: Client) -> None:
    for priority in (1, 10, 20, 30):
        AssignmentRuleFactory.create(priority_order=priority, condition_filters=CT)
    AssignmentRuleFactory.create(priority_order=40, enabled=False)

    found = effects(
        client, action_type="HOLD", target_reason="all", condition_filters="{}", priority_order=10
    )

    (hidden,) = [one for one in found if one.startswith("Because of it")]
    assert [f"rule {number} " in hidden for number in (1, 20, 30)] == [False, True, True]


def test_rule_that_is_off_says_so(client: Client) -> None:
    data = {"enabled": ""}
    assert effects(client, **data)[-1] == (
        "It is switched off: it does nothing until it is enabled."
    )


def test_delete_says_what_it_decided_and_can_be_taken_back(client: Client) -> None:
    rule = AssignmentRuleFactory.create(
        name="gone", action_type="ASSIGN_TO_SHIFT", action_target="X"
    )
    for days in (1, 2, 9):
        AssignmentFactory.create(
            rule_id=rule.pk, rule_version=1, assigned_at=clock.now() - timedelta(days=days)
        )
    address = reverse("rule-delete", args=[rule.pk])

    page = client.get(address)
    assert [effect.words for effect in page.context["effects"]] == [
        "It decided 2 assignments in the last 7 days.",
        "What it would have met goes on to the next rule that holds, at last to the shifts.",
        "Studies that have a reader keep them; its versions are kept for the records.",
    ]
    assert AssignmentRule.objects.exists()

    done = client.post(address, follow=True)
    assert not AssignmentRule.objects.exists()
    client.post(undo_of(done))
    assert AssignmentRule.objects.get().name == "gone"


def test_history_tells_each_change_in_words_with_its_version(client: Client) -> None:
    ShiftFactory.create(code="MRI")
    rule = AssignmentRuleFactory.create(
        name="Stroke", priority_order=10, condition_filters=CT, action_target="wait"
    )
    client.post(
        reverse("rule-edit", args=[rule.pk]),
        typed(action_type="ASSIGN_TO_SHIFT", target_shift="MRI"),
    )

    latest, first = client.get(reverse("rule", args=[rule.pk])).context["edits"]

    assert (latest.version, latest.actor, latest.what) == (2, "ada", "changed")
    assert [(one.label, one.old, one.new) for one in latest.differences] == [
        ("Conditions", "modality is CT", "modality is MR"),
        ("Action", "Hold", "Assign to shift"),
        ("Target", "wait", "Mri (MRI)"),
    ]
    assert (first.version, first.what, first.differences) == (1, "added", ())


def test_rule_that_is_gone_still_shows_what_it_was(client: Client) -> None:
    rule = AssignmentRuleFactory.create(name="was here", condition_filters=MR)
    address = reverse("rule", args=[rule.pk])
    client.post(reverse("rule-delete", args=[rule.pk]))

    page = client.get(address, follow=True)

    assert page.redirect_chain == [(f"{address}versions/2/", 302)]
    assert page.context["told"]["Conditions"] == "modality is MR"
    assert b"This rule was deleted." in page.content
    assert [edit.what for edit in page.context["edits"]] == ["deleted", "added"]


def test_schema_is_published(client: Client) -> None:
    published = client.get(reverse("rule-schema")).json()
    named, own = published["$defs"]["leaf"]["properties"]["field"]["anyOf"]
    assert "modality" in named["enum"]
    assert own["pattern"].startswith("^own")


def test_form_lists_every_field_with_its_operators(client: Client) -> None:
    language = client.get(reverse("rule-add")).context["language"]
    assert [field.name for field, _ in language][:3] == ["modality", "body_part", "subspecialty"]


def test_new_rule_is_offered_the_last_place(client: Client) -> None:
    AssignmentRuleFactory.create(priority_order=70)
    form = client.get(reverse("rule-add")).context["form"]
    assert form["priority_order"].value() == 80


def test_form_costs_few_queries_whatever_there_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rule = AssignmentRuleFactory.create(action_type="EXCLUDE", action_target="DR_1")
    for _ in range(30):
        RadiologistFactory.create()
        ShiftFactory.create()
        SiteFactory.create()
    with django_assert_max_num_queries(15):
        client.get(reverse("rule-edit", args=[rule.pk]))
    with django_assert_max_num_queries(15):
        client.get(reverse("rule", args=[rule.pk]))


def test_preview_costs_as_many_queries_with_many_orders_as_with_one(client: Client) -> None:
    RadiologistFactory.create(id="DR_A")
    wanted = {"action_type": "ASSIGN_TO_RADIOLOGIST", "target_radiologist": "DR_A"}
    OrderFactory.create(procedure=ProcedureFactory.create())
    effects(client, **wanted)
    with CaptureQueriesContext(connection) as one:
        effects(client, **wanted)
    for _ in range(30):
        OrderFactory.create(procedure=ProcedureFactory.create())
    effects(client, **wanted)
    with CaptureQueriesContext(connection) as many:
        effects(client, **wanted)

    assert len(many) == len(one)
    assert len(many) <= 20
