"""Escalation and widening: who is asked when the pools that fit are not enough."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from apps.engine.codes import ActionType, Presence, Reason, Strategy
from apps.engine.facts import Config, RuleFacts, SiteFacts
from apps.engine.rota import WorkType
from tests.engine.build import (
    FAR,
    ROBINA,
    config,
    decided,
    department,
    load,
    on,
    order,
    reader,
    rule,
    shift,
)

TO_SHIFT = ActionType.ASSIGN_TO_SHIFT


def escalated(*rules: RuleFacts, **changes: Any) -> Config:
    """A near reader on a shift of another kind in the cluster, one far off, one off shift."""
    near = SiteFacts("NEAR", "GOLD_COAST", "Australia/Brisbane")
    made = config(
        (
            shift("NEAR_CT", sites=frozenset({"NEAR"}), work_types=(WorkType("CT"),)),
            shift("FAR_MR", sites=frozenset({"FAR"})),
            shift("ONCALL", sites=frozenset({"NEAR"}), priority_level=-1),
        ),
        (
            reader("JUNIOR", seniority_years=1),
            reader("SENIOR", seniority_years=9),
            reader("FARAWAY", seniority_years=30),
            reader("HOME", seniority_years=40),
        ),
        on("NEAR_CT", "JUNIOR", "FARAWAY") + on("ONCALL", "SENIOR") + on("FAR_MR", "FARAWAY"),
        rules=rules,
        sites=(ROBINA, FAR, near),
    )
    return replace(made, **changes)


def test_escalate_asks_the_cluster_first_and_seniors_first() -> None:
    rows = on("NEAR_CT", "JUNIOR") + on("ONCALL", "SENIOR") + on("FAR_MR", "FARAWAY")
    made = escalated(rule(1, ActionType.ESCALATE), roster=rows)

    decision = decided(made)

    assert (decision.radiologist, decision.shift) == ("SENIOR", "ONCALL")
    assert (decision.strategy, decision.escalated) == (Strategy.ESCALATED, True)
    assert decision.trace["escalated_by"] == "rule 1"


def test_escalate_goes_national_when_the_cluster_has_nobody() -> None:
    rows = on("NEAR_CT", "JUNIOR") + on("FAR_MR", "FARAWAY")
    made = escalated(rule(1, ActionType.ESCALATE), roster=rows)

    decision = decided(made, order(), load("JUNIOR", presence=Presence.OFFLINE))

    assert (decision.radiologist, decision.shift) == ("FARAWAY", "FAR_MR")
    assert [tried["pool"] for tried in decision.trace["tries"]] == ["cluster", "national"]


def test_a_shift_for_every_site_belongs_to_every_cluster() -> None:
    rows = on("FAR_MR", "FARAWAY")
    made = escalated(
        rule(1, ActionType.ESCALATE),
        roster=rows,
        shifts=(shift("FAR_MR", sites=None, work_types=(WorkType("US"),)),),
    )

    assert [tried["pool"] for tried in decided(made).trace["tries"]] == ["cluster"]


def test_a_reader_widened_to_is_taken_on_the_shift_that_fits_best() -> None:
    # FARAWAY is on a CT shift nearby and on an MR shift elsewhere; neither fits the order,
    # so sites named and the code decide.
    decision = decided(escalated(rule(1, ActionType.ESCALATE)))
    assert (decision.radiologist, decision.shift) == ("FARAWAY", "NEAR_CT")

    made = escalated(rule(1, ActionType.ESCALATE))
    local = shift("Z_LOCAL")
    made = replace(
        made, shifts=(*made.shifts, local), roster=made.roster + on("Z_LOCAL", "FARAWAY")
    )
    assert decided(made).shift == "Z_LOCAL"


def test_an_escalated_order_passes_the_hourly_limit_and_never_the_concurrent_one() -> None:
    made = department("A", rules=(rule(1, ActionType.ESCALATE),))

    assert decided(made, order(), load("A", assigned_last_hour=8)).radiologist == "A"
    full = decided(made, order(), load("A", open_by_urgency=(0, 0, 20)))
    assert full.reason is Reason.AT_CAPACITY


def test_escalating_with_nobody_on_shift_anywhere_is_no_shift() -> None:
    made = config(rules=(rule(1, ActionType.ESCALATE),))

    decision = decided(made)

    assert (decision.reason, decision.escalated) == (Reason.NO_SHIFT, True)


def test_a_terminal_rule_after_escalate_still_decides_and_keeps_the_mark() -> None:
    made = config(
        (shift("MRI"), shift("CT", work_types=(WorkType("CT"),), strategy=Strategy.URGENT)),
        (reader("A"), reader("C")),
        on("MRI", "A") + on("CT", "C"),
        rules=(rule(1, ActionType.ESCALATE), rule(2, TO_SHIFT, "CT")),
    )

    decision = decided(made)

    assert (decision.radiologist, decision.strategy) == ("C", Strategy.URGENT)
    assert decision.escalated is True


def test_widening_comes_after_the_normal_pools() -> None:
    made = escalated()

    assert decided(made).reason is Reason.NO_SHIFT
    widened = decided(made, widen=True)
    assert (widened.radiologist, widened.strategy, widened.escalated) == (
        "FARAWAY",
        Strategy.ESCALATED,
        True,
    )
    normal = decided(department("A"), widen=True)
    assert (normal.strategy, normal.escalated) == (Strategy.LOAD_BALANCED, False)


def test_widening_does_not_break_a_strict_rule() -> None:
    made = escalated(rule(1, TO_SHIFT, "NONE", is_strict=True))

    assert decided(made, widen=True).reason is Reason.RULE_STRICT


def test_a_site_without_cluster_is_its_own() -> None:
    alone = SiteFacts("ALONE", "", "Australia/Brisbane")
    made = config(
        (shift("OWN", sites=frozenset({"ALONE"}), work_types=(WorkType("US"),)), shift("OTHER")),
        (reader("A"), reader("B", seniority_years=9)),
        on("OWN", "A") + on("OTHER", "B"),
        sites=(alone, ROBINA),
        rules=(rule(1, ActionType.ESCALATE),),
    )

    assert decided(made, order(site="ALONE")).radiologist == "A"
