from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.choices import Role
from apps.accounts.models import RoleGrant
from apps.assignment.models import ShadowResult
from apps.catalog.models import Site
from apps.roster.models import Workload
from apps.rules.choices import ActionChoices, DraftState
from apps.rules.models import AssignmentRule, DecisionPolicy, RuleDraft, Shadow
from apps.rules.services import shadows
from tests.factories import AssignmentRuleFactory, SiteFactory, UserFactory
from tests.factories.drafts import RuleDraftFactory, drafted
from tests.support.department import Department, order, send

pytestmark = pytest.mark.db

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TO_B = {"action_type": ActionChoices.ASSIGN_TO_RADIOLOGIST, "action_target": "DR_B"}


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=True):
        yield


@pytest.fixture
def department(db: None) -> Department:  # noqa: ARG001 -- a fixture for its effect
    department = Department()
    department.add_reader("DR_A")
    department.add_reader("DR_B", max_concurrent_studies=1)
    Workload.objects.filter(pk="DR_B").update(last_assigned_at=NOON)
    return department


@pytest.fixture
def draft(department: Department) -> RuleDraft:  # noqa: ARG001 -- is before it
    draft = RuleDraftFactory.create(name="Knees to B")
    drafted(draft, AssignmentRuleFactory.build(name="To DR_B", **TO_B))
    return draft


@pytest.fixture
def shadow(draft: RuleDraft) -> Shadow:
    return shadows.start(draft_id=draft.pk, days=7, at=NOON, actor="user:ann")


def who(role: Role, site: Site | None = None) -> Client:
    user = UserFactory()
    RoleGrant.objects.create(user=user, role=role, site=site)
    client = Client()
    client.force_login(user)
    return client


def words(response: HttpResponse) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.usefixtures("department")
def test_empty_list_says_what_it_is_for() -> None:
    said = words(who(Role.MANAGER).get("/rules/shadows/"))

    assert "No draft was ever asked beside the live rules." in said
    assert "There is no draft that changes a rule and is not asked already." in said


def test_manager_starts_a_shadow_and_may_undo_it(draft: RuleDraft) -> None:
    client = who(Role.MANAGER)

    answer = client.post("/rules/shadows/new/", {"draft": draft.pk, "days": 3}, follow=True)

    shadow = Shadow.objects.get()
    assert (shadow.ends_at - shadow.started_at).days == 3
    assert "“Knees to B” runs beside the live rules." in words(answer)
    assert "No order has been decided since it started." in words(answer)
    undo = re.search(r'action="([^"]*undo[^"]*)"', answer.content.decode())
    assert undo is not None
    client.post(undo.group(1))
    assert not Shadow.objects.exists()


@pytest.mark.parametrize(("days", "status"), [("0", 422), ("31", 422), ("x", 422), ("7", 422)])
def test_what_cannot_be_started_is_said_on_the_form(
    draft: RuleDraft, days: str, status: int
) -> None:
    """The last one is a draft that somebody else started a moment ago."""
    if days == "7":
        shadows.start(draft_id=draft.pk, days=7, at=NOON, actor="user:ann")
    before = Shadow.objects.count()

    answer = who(Role.MANAGER).post("/rules/shadows/new/", {"draft": draft.pk, "days": days})

    assert (answer.status_code, Shadow.objects.count()) == (status, before)
    assert 'role="alert"' in answer.content.decode()


def test_the_page_tells_agreement_and_where_they_differ(shadow: Shadow) -> None:
    send(*order(placer="P1"))
    Workload.objects.filter(pk="DR_A").update(presence="offline")
    send(*order(placer="P2"))
    client = who(Role.AUDITOR)

    listed = words(client.get("/rules/shadows/"))
    page = client.get(f"/rules/shadows/{shadow.pk}/")

    assert "Knees to B" in listed
    assert re.search(r"2 1 50.0 %", listed)
    said = words(page)
    assert "Agreement 50.0 %" in said
    assert re.search(r"By kind of work .* MR \w* ?2 1 50.0 %", said)
    assert "No rule: the shifts decided 2 1 50.0 %" in said
    assert 'id="differences"' in page.content.decode()
    rows = page.content.decode().split('id="differences"')[1]
    assert ("P1" in rows, "P2" in rows) == (True, False)
    assert "by rule “To DR_B”" in rows
    assert [button for button in ("Promote", "Drop", "Stop") if button in said] == []


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("kind=reader", True),
        ("kind=nobody", False),
        ("kind=found", False),
        ("kind=waits", False),
        ("modality=MR", True),
        ("modality=XX", True),
        ("rule=0", True),
        ("rule=x", True),
        ("page=2", False),
    ],
)
def test_differences_are_narrowed(shadow: Shadow, asked: str, shown: bool) -> None:
    """What the form does not offer narrows nothing."""
    send(*order(placer="P1"))

    page = who(Role.MANAGER).get(f"/rules/shadows/{shadow.pk}/?{asked}").content.decode()

    assert ("P1" in page.split('id="differences"')[1]) == shown


def test_why_the_two_differ_is_told_without_the_patient(shadow: Shadow) -> None:
    send(*order(placer="P1"))
    found = ShadowResult.objects.get()

    page = who(Role.MANAGER).get(f"/rules/shadows/{shadow.pk}/differences/{found.pk}/")

    said = words(page)
    assert "Assigned to DR Rae Reader (DR_A) on Mri_Msk by load balancing" in said
    assert "Rule -" not in said.split("Draft “Knees")[0]
    assert "on Mri_Msk by a rule: the only one left." in said
    assert [word for word in ("Doe", "MRN1", "WARD") if word in said] == []


def test_of_another_site_nothing_is_shown_nor_counted(shadow: Shadow) -> None:
    send(*order(placer="P1"))
    found = ShadowResult.objects.get()
    elsewhere = who(Role.MANAGER, SiteFactory(code="ELSEWHERE"))
    here = who(Role.MANAGER, Site.objects.get(code="ROBINA"))

    assert "P1" in words(here.get(f"/rules/shadows/{shadow.pk}/"))
    said = words(elsewhere.get(f"/rules/shadows/{shadow.pk}/"))
    assert "P1" not in said
    assert "No order has been decided since it started." in said
    address = f"/rules/shadows/{shadow.pk}/differences/{found.pk}/"
    assert (here.get(address).status_code, elsewhere.get(address).status_code) == (200, 404)


@pytest.mark.parametrize("deed", ["stop", "promote", "drop"])
def test_who_may_not_change_rules_everywhere_changes_no_shadow(shadow: Shadow, deed: str) -> None:
    some = who(Role.MANAGER, Site.objects.get(code="ROBINA"))
    address = f"/rules/shadows/{shadow.pk}/{deed}/"

    assert [client.post(address).status_code for client in (some, who(Role.AUDITOR))] == [403, 403]
    assert who(Role.RADIOLOGIST).get("/rules/shadows/").status_code == 403
    assert Client().get("/rules/shadows/").status_code == 302
    shadow.refresh_from_db()
    assert shadow.state == "running"


def test_stopping_is_taken_back_by_undo(shadow: Shadow) -> None:
    client = who(Role.MANAGER)

    answer = client.post(f"/rules/shadows/{shadow.pk}/stop/", follow=True)
    again = client.post(f"/rules/shadows/{shadow.pk}/stop/", follow=True)

    assert "stopped by hand" in words(answer)
    assert "It ended before: stopped by hand." in words(again)
    undo = re.search(r'action="([^"]*undo[^"]*)"', answer.content.decode())
    assert undo is not None
    client.post(undo.group(1))
    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because) == ("running", "")
    assert client.get(f"/rules/shadows/{shadow.pk}/stop/").status_code == 405


def sure(client: Client, address: str, seen: str = "") -> HttpResponse:
    """Press the button of the page that asks again, as it is now unless another one was seen."""
    seen = seen or client.get(address).context["token"]
    return client.post(address, {"seen": seen}, follow=True)


def test_promoting_shows_what_changes_puts_it_in_force_and_ends_the_shadow(
    shadow: Shadow,
) -> None:
    client = who(Role.MANAGER)
    address = f"/rules/shadows/{shadow.pk}/promote/"

    asked = words(client.get(address))
    assert "To DR_B is added" in asked
    assert AssignmentRule.objects.count() == 0
    slipped = drafted(shadow.draft, AssignmentRuleFactory.build(name="slipped in"))
    late = sure(client, address, client.get(address).context["token"][::-1])
    assert (late.status_code, AssignmentRule.objects.count()) == (409, 0)
    assert "slipped in is added" in words(late)
    slipped.delete()
    answer = sure(client, address)

    assert "“Knees to B” is live." in words(answer)
    assert AssignmentRule.objects.get().name == "To DR_B"
    shadow.refresh_from_db()
    assert (shadow.state, shadow.ended_because) == ("ended", "its draft went live")
    assert client.post(address).status_code == 409
    undo = re.search(r'action="([^"]*undo[^"]*)"', answer.content.decode())
    assert undo is not None
    client.post(undo.group(1))
    shadow.refresh_from_db()
    assert (shadow.state, AssignmentRule.objects.count()) == ("running", 0)


def test_promoting_waits_for_a_second_person_where_the_policy_asks_for_one(
    shadow: Shadow,
) -> None:
    DecisionPolicy.objects.update_or_create(pk=1, defaults={"needs_second_person": True})
    client = who(Role.MANAGER)

    answer = sure(client, f"/rules/shadows/{shadow.pk}/promote/")

    assert "“Knees to B” waits for a second person." in words(answer)
    shadow.refresh_from_db()
    assert (shadow.state, shadow.draft.state) == ("running", DraftState.WAITING)
    assert AssignmentRule.objects.count() == 0


def test_dropping_ends_the_shadow_and_undo_brings_both_back(shadow: Shadow) -> None:
    client = who(Role.MANAGER)

    answer = sure(client, f"/rules/shadows/{shadow.pk}/drop/")

    shadow.refresh_from_db()
    assert (shadow.state, shadow.draft.state) == ("ended", DraftState.DROPPED)
    undo = re.search(r'action="([^"]*undo[^"]*)"', answer.content.decode())
    assert undo is not None
    client.post(undo.group(1))
    shadow = Shadow.objects.get()
    assert (shadow.state, shadow.draft.state) == ("running", DraftState.OPEN)


def test_a_shadow_costs_the_same_at_1_and_100_differences(shadow: Shadow) -> None:
    client = who(Role.MANAGER)
    send(*order(placer="P0"))
    first = ShadowResult.objects.get()
    address = f"/rules/shadows/{shadow.pk}/"
    client.get(address)
    with CaptureQueriesContext(connection) as one:
        client.get(address)
    ShadowResult.objects.bulk_create(
        ShadowResult(
            shadow=shadow,
            order=first.order,
            at=NOON,
            is_same=False,
            is_first=False,
            live=first.live,
            draft=first.draft,
        )
        for _ in range(100)
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()

    assert page.count('id="difference-') == 50
    assert len(one) == len(many) <= 15


def test_the_list_costs_the_same_at_1_and_60_shadows(shadow: Shadow) -> None:
    client = who(Role.MANAGER)
    client.get("/rules/shadows/")
    with CaptureQueriesContext(connection) as one:
        client.get("/rules/shadows/")
    Shadow.objects.bulk_create(
        Shadow(draft=shadow.draft, state="ended", started_at=NOON, ends_at=NOON, ended_at=NOON)
        for _ in range(60)
    )
    with CaptureQueriesContext(connection) as many:
        page = client.get("/rules/shadows/").content.decode()

    assert page.count("data-dimmed") == 49
    assert len(one) == len(many) <= 15
