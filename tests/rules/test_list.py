"""The list of the rules: what it says, its order, its switches."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.rules.models import AssignmentRule
from tests.factories.assignment import AssignmentFactory
from tests.factories.catalog import SiteFactory
from tests.factories.people import RadiologistFactory
from tests.factories.roster import ShiftFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.rules.pages import HTMX, client_of, move, names_in_order, said, undo_of

pytestmark = pytest.mark.db

MR = {"all": [{"field": "modality", "op": "in", "value": ["MR"]}]}


@pytest.fixture
def client() -> Client:
    return client_of(Role.MANAGER)


@pytest.fixture
def three() -> list[AssignmentRule]:
    return [
        AssignmentRuleFactory.create(name=name, priority_order=priority)
        for name, priority in (("first", 10), ("second", 20), ("third", 30))
    ]


def test_stale_order_is_refused_with_the_fresh_list(
    client: Client, three: list[AssignmentRule]
) -> None:
    seen = client.get(reverse("rules")).context["order"]
    move(client_of(Role.MANAGER, username="bob"), three[2], "top")

    response = move(client, three[0], "down", data={"order": seen}, headers=HTMX)

    assert response.status_code == 409
    assert [row.rule.name for row in response.context["rows"]] == ["third", "first", "second"]
    assert said(response) == [
        "Somebody else changed the order meanwhile. This is how it is now; move again."
    ]
    assert b"<html" not in response.content
    assert names_in_order() == ["third", "first", "second"]


def test_stale_order_without_javascript_is_a_whole_page(
    client: Client, three: list[AssignmentRule]
) -> None:
    response = move(client, three[0], "down", data={"order": "old"})

    assert response.status_code == 409
    assert b"<html" in response.content
    assert b"This is how it is now" in response.content


@pytest.mark.parametrize(
    ("to", "order"),
    [
        ("up", ["second", "first", "third"]),
        ("down", ["first", "third", "second"]),
        ("top", ["second", "first", "third"]),
        ("bottom", ["first", "third", "second"]),
        ("before:1", ["second", "first", "third"]),
        ("after:3", ["first", "third", "second"]),
    ],
)
def test_rule_is_moved_by_changing_its_own_row_alone(
    client: Client, three: list[AssignmentRule], to: str, order: list[str]
) -> None:
    side, _, number = to.partition(":")
    named = f"{side}:{three[int(number) - 1].pk}" if number else to
    response = move(client, three[1], named, follow=True)

    assert names_in_order() == order
    place = order.index("second") + 1
    assert said(response) == [f"second is number {place} now."]
    changed = AuditEvent.objects.filter(entity="rules_assignmentrule", action="update")
    assert [(event.entity_id, event.actor) for event in changed] == [
        (str(three[1].pk), "user:ada")
    ]


def test_move_is_taken_back_with_one_button(client: Client, three: list[AssignmentRule]) -> None:
    moved = move(client, three[2], "top", follow=True)

    client.post(undo_of(moved))

    rows = AssignmentRule.objects.values_list("name", "priority_order")
    assert list(rows) == [("first", 10), ("second", 20), ("third", 30)]


def test_rule_that_is_first_already_says_so_and_changes_nothing(
    client: Client, three: list[AssignmentRule]
) -> None:
    response = move(client, three[0], "up", follow=True)

    assert said(response) == ["first is number 1 already."]
    assert not AuditEvent.objects.filter(action="update").exists()


@pytest.mark.parametrize("to", ["", "sideways", "before:", "before:0", "after:x"])
def test_place_that_is_none_is_refused(
    client: Client, three: list[AssignmentRule], to: str
) -> None:
    assert move(client, three[0], to).status_code in (400, 409)
    assert names_in_order() == ["first", "second", "third"]


def test_rule_on_a_later_page_goes_to_the_first_and_the_list_follows(client: Client) -> None:
    rules = [AssignmentRuleFactory.create(priority_order=n * 10) for n in range(1, 61)]

    response = move(client, rules[59], "top")

    assert response["Location"] == f"{reverse('rules')}?page=1#up-{rules[59].pk}"


def test_list_says_each_rule_in_words(client: Client) -> None:
    ShiftFactory.create(code="MRI", name="MRI Robina")
    RadiologistFactory.create(id="DR_A", given_name="Ann", family_name="Lee")
    AssignmentRuleFactory.create(
        priority_order=1,
        condition_filters=MR,
        action_type="ASSIGN_TO_SHIFT",
        action_target="MRI",
        is_strict=True,
    )
    AssignmentRuleFactory.create(
        priority_order=2, action_type="EXCLUDE", action_target='["DR_A", "DR_GONE"]'
    )

    rows = client.get(reverse("rules")).context["rows"]

    assert [
        (
            row.conditions,
            row.action,
            [(target.code, target.name, target.is_known) for target in row.targets],
            row.decided,
        )
        for row in rows
    ] == [
        ("modality is MR", "Assign to shift", [("MRI", "MRI Robina", True)], 0),
        (
            "always",
            "Exclude radiologists",
            [("DR_A", "DR Ann Lee", True), ("DR_GONE", "", False)],
            None,
        ),
    ]


def test_what_a_rule_decided_counts_for_seven_days(client: Client) -> None:
    rule = AssignmentRuleFactory.create(action_type="ASSIGN_TO_SHIFT", action_target="X")
    now = clock.now()
    for days in (0, 6, 8):
        AssignmentFactory.create(
            rule_id=rule.pk, rule_version=1, assigned_at=now - timedelta(days=days)
        )

    (row,) = client.get(reverse("rules")).context["rows"]

    assert row.decided == 2


def test_rule_outside_of_its_window_says_so(client: Client) -> None:
    now = clock.now()
    AssignmentRuleFactory.create(priority_order=1, active_from=now + timedelta(days=1))
    AssignmentRuleFactory.create(priority_order=2, active_until=now - timedelta(days=1))
    AssignmentRuleFactory.create(priority_order=3, active_until=now + timedelta(days=1))

    response = client.get(reverse("rules"))

    assert [row.idle for row in response.context["rows"]] == [
        "Not yet active",
        "No longer active",
        "",
    ]
    assert b"Not yet active" in response.content


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=STROKE", ["about stroke"]),
        ("q=hemiparesis", ["by condition"]),
        ("action=ESCALATE", ["by condition"]),
        ("enabled=off", ["off"]),
        ("enabled=nonsense&action=nonsense", ["about stroke", "by condition", "off"]),
        ("q=%00", ["about stroke", "by condition", "off"]),
    ],
)
def test_list_is_narrowed(client: Client, query: str, names: list[str]) -> None:
    AssignmentRuleFactory.create(name="about stroke", priority_order=1)
    AssignmentRuleFactory.create(
        name="by condition",
        priority_order=2,
        action_type="ESCALATE",
        action_target="",
        condition_filters={"field": "indication", "op": "contains", "value": "hemiparesis"},
    )
    AssignmentRuleFactory.create(name="off", priority_order=3, enabled=False)

    rows = client.get(f"{reverse('rules')}?{query}").context["rows"]

    assert [row.rule.name for row in rows] == names


def test_conditions_stored_past_every_check_do_not_break_the_list(client: Client) -> None:
    AssignmentRuleFactory.create(condition_filters={"all": [1]})
    AssignmentRuleFactory.create(condition_filters=["x"])
    AssignmentRuleFactory.create(condition_filters={"field": "nonsense", "op": "="})

    rows = client.get(reverse("rules")).context["rows"]

    assert [row.conditions for row in rows] == [
        "cannot be read",
        "cannot be read",
        "[unknown field 'nonsense']",
    ]


def test_hundred_rules_cost_as_many_queries_as_one(client: Client) -> None:
    def rule(number: int) -> AssignmentRule:
        shift = ShiftFactory.create()
        return AssignmentRuleFactory.create(
            priority_order=number, action_type="ASSIGN_TO_SHIFT", action_target=shift.code
        )

    rule(1)
    client.get(reverse("rules"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("rules"))
    for number in range(2, 102):
        rule(number)
    client.get(reverse("rules"))
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("rules"))

    assert len(many) == len(one)
    assert len(many) <= 15


DEFAULT = b'<tr class="rule-default">'


def test_list_ends_with_the_default_that_nobody_can_change(client: Client) -> None:
    AssignmentRuleFactory.create()

    page = client.get(reverse("rules")).content

    row = page[page.index(DEFAULT) : page.index(b"</table>")]
    assert b"each by its strategy" in row
    assert b'href="/shifts/"' in row
    assert [word in row for word in (b"<button", b"/edit/", b"/delete/", b"data-rule")] == (
        [False] * 4
    )


def test_default_stands_on_the_last_page_of_the_whole_list_alone(client: Client) -> None:
    for number in range(51):
        AssignmentRuleFactory.create(priority_order=number)

    pages = [client.get(f"{reverse('rules')}{query}") for query in ("", "?page=2", "?enabled=on")]

    assert [DEFAULT in page.content for page in pages] == [False, True, False]


def test_empty_list_shows_the_default_and_says_why(client: Client) -> None:
    page = client.get(reverse("rules")).content
    assert DEFAULT in page
    assert b"There are no rules yet" in page
    narrowed = client.get(f"{reverse('rules')}?q=x").content
    assert b"No rule is like that." in narrowed
    assert DEFAULT not in narrowed


def test_row_shows_what_the_rule_is_doubted_for(client: Client) -> None:
    rule = AssignmentRuleFactory.create(
        condition_filters={
            "all": [
                {"field": "modality", "op": "=", "value": "MR"},
                {"field": "modality", "op": "=", "value": "CT"},
            ]
        }
    )

    response = client.get(reverse("rules"))

    (doubt, *_) = response.context["marks"][rule.pk]
    assert doubt.words.encode() in response.content.replace(b"&#x27;", b"'")


def test_switch_says_on_or_off_and_a_second_click_changes_nothing(client: Client) -> None:
    rule = AssignmentRuleFactory.create(name="stroke")
    address = reverse("rule-switch", args=[rule.pk])

    response = client.post(address, {"enabled": "off", "query": "q=stro&enabled=on"})
    again = client.post(address, {"enabled": "off"}, follow=True)

    assert response["Location"] == f"{reverse('rules')}?q=stro&enabled=on#switch-{rule.pk}"
    assert said(again) == ["stroke is off now."]
    rule.refresh_from_db()
    assert rule.enabled is False
    assert AuditEvent.objects.filter(action="update").count() == 1
    client.post(undo_of(again))
    rule.refresh_from_db()
    assert rule.enabled is True


def test_query_of_a_switch_never_leads_elsewhere(client: Client) -> None:
    rule = AssignmentRuleFactory.create()
    address = reverse("rule-switch", args=[rule.pk])

    response = client.post(address, {"enabled": "off", "query": "\r\nX: y&//evil.example"})

    assert response["Location"].startswith(f"{reverse('rules')}?")
    assert "X" not in response.headers


CHANGING = ("rule-edit", "rule-delete", "rule-move", "rule-switch")


@pytest.mark.parametrize("name", CHANGING)
@pytest.mark.parametrize(
    ("roles", "at_site"),
    [
        ((Role.AUDITOR,), False),
        ((Role.RADIOLOGIST,), False),
        ((Role.TECHNICIAN,), False),
        ((Role.REFERRING_PROVIDER,), False),
        ((Role.MANAGER,), True),
        ((), False),
    ],
    ids=["auditor", "radiologist", "technician", "provider", "one site's manager", "nobody"],
)
def test_rules_hold_for_every_site_so_only_who_may_everywhere_changes_them(
    name: str, roles: tuple[Role, ...], *, at_site: bool
) -> None:
    rule = AssignmentRuleFactory.create()
    client = client_of(*roles, site=SiteFactory.create() if at_site else None)

    answers = [
        client.post(reverse(name, args=[rule.pk]), {"enabled": "off", "to": "top"}).status_code,
        client.get(reverse("rule-add")).status_code,
        client.post(reverse("rule-check"), {"condition_filters": "{}"}).status_code,
    ]

    assert answers == [403, 403, 403]
    assert AssignmentRule.objects.filter(enabled=True).count() == 1


@pytest.mark.parametrize(
    ("role", "status"),
    [
        (Role.ADMINISTRATOR, 200),
        (Role.MANAGER, 200),
        (Role.AUDITOR, 200),
        (Role.RADIOLOGIST, 403),
        (Role.TECHNICIAN, 403),
        (Role.REFERRING_PROVIDER, 403),
    ],
)
def test_who_may_look(role: Role, status: int) -> None:
    rule = AssignmentRuleFactory.create()
    client = client_of(role)

    addresses = [
        reverse("rules"),
        reverse("rule", args=[rule.pk]),
        reverse("rule-version", args=[rule.pk, 1]),
        reverse("rule-schema"),
        reverse("policies"),
    ]

    assert [client.get(address).status_code for address in addresses] == [status] * 5


def test_who_only_looks_gets_no_buttons() -> None:
    AssignmentRuleFactory.create()
    page = client_of(Role.AUDITOR).get(reverse("rules")).content

    assert [word in page for word in (b"/move/", b"/switch/", b"/edit/", b"/delete/")] == (
        [False] * 4
    )


def test_who_is_not_signed_in_is_asked_to() -> None:
    response = Client().get(reverse("rules"))
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/rules/")


@pytest.mark.parametrize("name", ["rule-move", "rule-switch"])
def test_changes_come_by_post_alone(client: Client, name: str) -> None:
    rule = AssignmentRuleFactory.create()
    assert client.get(reverse(name, args=[rule.pk])).status_code == 405


@pytest.mark.parametrize("name", [*CHANGING, "rule"])
def test_rule_that_is_not_there_is_not_found(client: Client, name: str) -> None:
    method = client.post if name in ("rule-move", "rule-switch") else client.get
    assert method(reverse(name, args=[987654321])).status_code == 404
