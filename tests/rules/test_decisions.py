"""The pages of the decision policy and of the scoring weights."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.choices import Role
from apps.audit.models import AuditEvent
from apps.rules.models import DecisionPolicy, ScoringWeights
from tests.factories import SiteFactory
from tests.support.people import signed_in

POLICY = {
    "catch_up_units": "5",
    "together": "linked",
    "together_most": "3",
    "priors_days": "365",
    "company_share": "0.10",
}
WEIGHTS = {
    "start": "100",
    "open_share": "-50",
    "subspecialty_match": "20",
    "stat_seniority": "15",
    "seniority_over_years": "5",
    "recently_active": "10",
    "active_within_minutes": "5",
    "quick_turnaround": "10",
    "quick_under_minutes": "20",
    "slow_turnaround": "-10",
    "slow_over_minutes": "40",
}


@pytest.fixture
def manager(db: None) -> Client:  # noqa: ARG001 -- a fixture for its effect
    return signed_in(Role.MANAGER)


@pytest.mark.db
def test_the_defaults_are_shown_before_anything_was_stored(manager: Client) -> None:
    page = manager.get(reverse("decisions")).content.decode()

    assert "All of the patient" in page
    assert ">-50<" in page
    assert not DecisionPolicy.objects.exists()


@pytest.mark.db
def test_the_policy_is_stored_once_and_changed_after(manager: Client) -> None:
    manager.post(reverse("decision-policy"), POLICY)
    manager.post(reverse("decision-policy"), POLICY | {"catch_up_units": "4"})

    (row,) = DecisionPolicy.objects.all()
    assert (row.catch_up_units, row.together, row.prefer_priors) == (Decimal(4), "linked", False)


@pytest.mark.db
@pytest.mark.parametrize(
    "changes", [{"company_share": "1.5"}, {"company_share": "-0.1"}, {"catch_up_units": "-1"}]
)
def test_bounds_are_kept(manager: Client, changes: dict[str, str]) -> None:
    answer = manager.post(reverse("decision-policy"), POLICY | changes)

    assert (answer.status_code, DecisionPolicy.objects.count()) == (422, 0)


@pytest.mark.db
def test_a_stale_form_changes_nothing(manager: Client) -> None:
    manager.post(reverse("scoring-weights"), WEIGHTS)

    answer = manager.post(reverse("scoring-weights"), WEIGHTS | {"start": "90", "seen": "0"})

    assert (answer.status_code, ScoringWeights.objects.get().start) == (409, Decimal(100))


@pytest.mark.db
def test_a_change_is_taken_back(manager: Client) -> None:
    manager.post(reverse("decision-policy"), POLICY)
    done = AuditEvent.objects.get(entity="rules_decisionpolicy", action="insert").request_id

    manager.post(reverse("undo", args=[done]))

    assert not DecisionPolicy.objects.exists()


@pytest.mark.db
def test_who_manages_one_site_looks_and_changes_nothing() -> None:
    browser = signed_in(Role.MANAGER, site=SiteFactory.create())

    assert browser.get(reverse("decisions")).status_code == 200
    for name in ("decision-policy", "scoring-weights"):
        assert browser.post(reverse(name), POLICY).status_code == 403
