"""What the tables of places, procedures, rules and senders refuse."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from apps.catalog.models import Procedure, ProcedureAlias, SiteAlias
from apps.intake.models import SenderProfile
from apps.rules.models import AssignmentRule, ScoringWeights, SlaPolicy
from tests.factories.catalog import ProcedureFactory, SiteFactory
from tests.factories.rules import AssignmentRuleFactory
from tests.factories.times import NOON
from tests.records.refusals import changed, refusal

pytestmark = pytest.mark.db

LATER = NOON + timedelta(hours=1)
DAY = date(2026, 2, 4)


def test_alias_names_one_site_whatever_its_case() -> None:
    SiteAlias.objects.create(site=SiteFactory.create(), value="Robina")
    again = refusal(lambda: SiteAlias.objects.create(site=SiteFactory.create(), value="ROBINA"))
    assert again == "one_site_per_alias"


def test_local_code_means_one_procedure_within_issuer_and_coding_system() -> None:
    def name(issuer: str, local_code: str) -> str:
        procedure = ProcedureFactory.create()
        return refusal(
            lambda: ProcedureAlias.objects.create(
                procedure=procedure, issuer=issuer, local_code=local_code
            )
        )

    assert [name("A", "ctb"), name("B", "ctb"), name("A", "CTB")] == [
        "",
        "",
        "one_procedure_per_alias",
    ]


def test_procedure_weighs_nothing_or_more() -> None:
    assert changed(ProcedureFactory.create(), rvu=-1) == "procedure_rvu_not_negative"
    assert Procedure.objects.get().rvu == 1


def test_rule_is_not_active_until_before_it_is_active_from() -> None:
    rule = AssignmentRuleFactory.create()
    assert changed(rule, active_from=NOON, active_until=LATER) == ""
    for until in (NOON, NOON - timedelta(seconds=1)):
        assert (
            changed(rule, active_from=NOON, active_until=until) == "rule_window_ends_after_start"
        )
    assert AssignmentRule.objects.get().active_until == LATER


def test_one_policy_per_case_counts_an_empty_site_as_a_site() -> None:
    SlaPolicy.objects.create(urgency="STAT", report_minutes=60)
    again = refusal(lambda: SlaPolicy.objects.create(urgency="STAT", report_minutes=30))
    assert again == "one_sla_policy_per_case"


def test_weights_are_one_row() -> None:
    ScoringWeights.objects.get_or_create(pk=1)
    assert refusal(lambda: ScoringWeights.objects.create(pk=2)) == "one_row_of_weights"


def test_sender_has_one_profile() -> None:
    SenderProfile.objects.create(name="A", application="PACS", facility="Robina")
    again = refusal(
        lambda: SenderProfile.objects.create(name="B", application="PACS", facility="Robina")
    )
    assert again == "one_profile_per_sender"
