"""Due times: who sees and changes which, their steps, what follows."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.choices import Role
from apps.catalog.models import Site
from apps.rules.models import SlaPolicy
from tests.factories.catalog import SiteFactory
from tests.factories.rules import SlaPolicyFactory
from tests.rules.pages import HTMX, client_of, said, undo_of

pytestmark = pytest.mark.db

DEFAULT = (
    "Without any: flag and count the breach at once, alert after 15 min, reassign after 30 min"
)


@pytest.fixture
def client() -> Client:
    return client_of(Role.MANAGER)


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(code="MINE")


def typed(**values: Any) -> dict[str, Any]:
    return {"urgency": "STAT", "clock_start": "received", "report_minutes": 60} | values


def steps(*rows: tuple[object, str]) -> dict[str, list[object]]:
    return {
        "escalation_steps_minutes": [minutes for minutes, _ in rows],
        "escalation_steps_action": [action for _, action in rows],
    }


def errors(response: HttpResponse) -> dict[str, list[str]]:
    return dict(response.context["form"].errors)


def listed(client: Client) -> list[tuple[str, bool]]:
    rows = client.get(reverse("policies")).context["rows"]
    return [(str(row.policy), row.may_change) for row in rows]


def test_manager_of_one_site_sees_its_policies_and_those_of_all_and_changes_its_own(
    site: Site,
) -> None:
    SlaPolicyFactory.create(urgency="STAT")
    SlaPolicyFactory.create(urgency="STAT", site=site)
    SlaPolicyFactory.create(urgency="STAT", site=SiteFactory.create(code="THEIRS"))

    assert listed(client_of(Role.MANAGER, site=site)) == [
        ("STAT", False),
        (f"STAT {site}", True),
    ]


@pytest.mark.parametrize("name", ["policy", "policy-delete"])
def test_policy_of_another_site_is_not_there_and_that_of_all_is_not_theirs(
    site: Site, name: str
) -> None:
    client = client_of(Role.MANAGER, site=site)
    policies = [
        SlaPolicyFactory.create(site=SiteFactory.create()),
        SlaPolicyFactory.create(),
        SlaPolicyFactory.create(site=site),
    ]

    answers = [client.get(reverse(name, args=[policy.pk])).status_code for policy in policies]

    assert answers == [404, 403, 200]
    assert client.post(reverse(name, args=[policies[0].pk]), typed()).status_code == 404
    assert SlaPolicy.objects.count() == 3


def test_manager_of_one_site_sets_up_policies_for_it_alone(site: Site) -> None:
    client = client_of(Role.MANAGER, site=site)
    other = SiteFactory.create()

    refused = [client.post(reverse("policy-add"), typed(site=pk)) for pk in ("", other.pk)]
    client.post(reverse("policy-add"), typed(site=site.pk))

    assert [list(errors(response)) for response in refused] == [["site"], ["site"]]
    assert list(SlaPolicy.objects.values_list("site__code", flat=True)) == ["MINE"]


def test_steps_are_a_table_whose_empty_rows_do_not_count(client: Client) -> None:
    rows = [("30", "reassign"), ("", ""), (" 0 ", "flag"), ("", "")]

    response = client.post(reverse("policy-add"), typed() | steps(*rows), follow=True)

    assert said(response) == ["Policy STAT added."]
    policy = SlaPolicy.objects.get()
    assert policy.escalation_steps == [
        {"after_minutes": 0, "action": "flag"},
        {"after_minutes": 30, "action": "reassign"},
    ]
    form = client.get(reverse("policy", args=[policy.pk])).context["form"]
    assert str(form["escalation_steps"]).count("<select") == 5
    client.post(undo_of(response))
    assert not SlaPolicy.objects.exists()


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        (
            [("soon", "flag"), ("5", "")],
            [
                "Step 1: say after how many minutes, in a whole number.",
                "Step 2: say what is done.",
            ],
        ),
        ([("5", "explode")], ["Step 1: say what is done."]),
        ([("-1", "flag")], ["Step 1: say after how many minutes, in a whole number."]),
        (
            [("999999999", "flag")],
            ["Step 1: after_minutes counts from the breach: 0 or more, at most a year."],
        ),
        (
            [("0", "flag"), ("5", "flag")],
            ["The breach is flagged once: name the flag in one step only."],
        ),
    ],
    ids=["unfinished", "unknown", "negative", "far", "twice"],
)
def test_steps_that_cannot_be_taken_are_refused(
    client: Client, rows: list[tuple[object, str]], problems: list[str]
) -> None:
    response = client.post(reverse("policy-add"), typed() | steps(*rows))

    assert (response.status_code, errors(response)) == (422, {"escalation_steps": problems})


def test_preview_says_the_steps_in_words_and_what_follows(client: Client) -> None:
    policy = SlaPolicyFactory.create(urgency="STAT", report_minutes=60)

    response = client.post(
        reverse("policy", args=[policy.pk]),
        typed(report_minutes="", preview="1") | steps((0, "flag"), (10, "alert")),
        headers=HTMX,
    )

    assert [(one.label, one.old, one.new) for one in response.context["changes"]] == [
        ("Minutes to report", "60", ""),
        ("Steps after a breach", "", "Flag and count the breach after 0 min, Alert after 10 min"),
    ]
    assert [effect.words for effect in response.context["effects"]] == [
        "Counts for orders that arrive, or change their urgency, from now on.",
        "No limit for the report: these studies are never overdue.",
    ]


def test_history_says_the_steps_in_words(client: Client) -> None:
    policy = SlaPolicyFactory.create(urgency="STAT", report_minutes=60)
    address = reverse("policy", args=[policy.pk])
    client.post(address, typed() | steps((0, "flag")))

    latest, _ = client.get(address).context["history"]

    assert [(one.old, one.new) for one in latest.changes] == [
        ("the default", "Flag and count the breach after 0 min")
    ]


def test_second_of_two_editors_gets_409(client: Client) -> None:
    policy = SlaPolicyFactory.create(urgency="STAT", report_minutes=60)
    address = reverse("policy", args=[policy.pk])
    seen = client.get(address).context["seen"]
    client.post(address, typed(report_minutes=30))

    assert client.post(address, typed(report_minutes=90, seen=seen)).status_code == 409
    assert SlaPolicy.objects.get().report_minutes == 30


def test_second_policy_for_the_same_case_is_refused(client: Client) -> None:
    SlaPolicyFactory.create(urgency="STAT")

    response = client.post(reverse("policy-add"), typed())

    assert errors(response) == {
        "__all__": ["There is a policy for this urgency, modality and site already."]
    }


def test_delete_names_what_holds_instead(client: Client, site: Site) -> None:
    narrow = SlaPolicyFactory.create(urgency="STAT", site=site, modality="MR")
    SlaPolicyFactory.create(urgency="STAT", modality="MR")
    of_site = SlaPolicyFactory.create(urgency="STAT", site=site)

    def instead(policy: SlaPolicy) -> str:
        page = client.get(reverse("policy-delete", args=[policy.pk]))
        return str(page.context["effects"][0].words)

    assert instead(narrow) == f"New orders go by the policy {of_site}."
    assert instead(of_site) == "New orders go by the default for STAT."
    client.post(reverse("policy-delete", args=[narrow.pk]))
    assert SlaPolicy.objects.count() == 2


def test_list_goes_from_stat_to_routine_and_says_the_default_steps(client: Client) -> None:
    for urgency in ("ROUTINE", "STAT", "URGENT"):
        SlaPolicyFactory.create(urgency=urgency)

    assert [name for name, _ in listed(client)] == ["STAT", "URGENT", "ROUTINE"]
    page = client.get(reverse("policies")).content.decode()
    assert "alert after 15 min" in page
    assert DEFAULT in client.get(reverse("policy-add")).content.decode()


def test_hundred_policies_cost_as_many_queries_as_one(client: Client) -> None:
    SlaPolicyFactory.create(site=SiteFactory.create())
    client.get(reverse("policies"))
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("policies"))
    for _ in range(100):
        SlaPolicyFactory.create(site=SiteFactory.create())
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("policies"))

    assert len(many) == len(one)
    assert len(many) <= 15


def test_without_policies_the_page_says_what_holds(client: Client) -> None:
    assert b"There are no policies yet." in client.get(reverse("policies")).content


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.RADIOLOGIST, Role.TECHNICIAN])
def test_who_may_not_change_policies(role: Role) -> None:
    policy = SlaPolicyFactory.create()
    client = client_of(role)

    addresses = [
        reverse("policy-add"),
        reverse("policy", args=[policy.pk]),
        reverse("policy-delete", args=[policy.pk]),
    ]
    assert [client.post(address, typed()).status_code for address in addresses] == [403] * 3
    assert Client().get(addresses[0]).status_code == 302
