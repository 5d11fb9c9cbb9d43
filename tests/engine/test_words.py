"""Traces in English."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import ActionType, Presence, Reason, Refused, Strategy, Urgency
from apps.engine.facts import Config, Workload
from apps.engine.naming import Naming
from apps.engine.rota import WorkType
from apps.engine.story import explain
from apps.engine.words import reason_words, refusal_words, refused_words
from tests.engine.build import (
    AT,
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

ORDER = "Order ACC1 (MR KNEE, ROUTINE, site ROBINA) at 2026-02-04 12:05:00 UTC."
LEVEL = "Asked the shifts of priority level 10 that fit: MRI_MSK."


def said(
    made: Config, *held: Workload, facts: dict[str, Any] | None = None, **asked: Any
) -> list[str]:
    return explain(decided(made, order(**(facts or {})), *held, **asked).trace)


def test_an_assignment_names_everybody_and_the_figures() -> None:
    sentences = said(
        department("DR_KIM", "DR_LEE", "DR_OFF"),
        load("DR_LEE", open_by_urgency=(0, 0, 20)),
        load("DR_KIM", "12.5"),
        load("DR_OFF", presence=Presence.OFFLINE),
    )

    assert sentences == [
        ORDER,
        LEVEL,
        "DR_LEE: full, 20 of 20 studies open.",
        "DR_OFF: offline.",
        "DR_KIM: fit, 12.5 RVU open for 20 seats.",
        "Assigned to DR_KIM on MRI_MSK by LOAD_BALANCED: the only one left.",
    ]


def test_a_score_is_said_term_by_term() -> None:
    sentences = said(
        department("A", shifts=(shift(strategy=Strategy.SCORED),)),
        load("A", "1", open_by_urgency=(0, 0, 5), mean_turnaround_minutes=Decimal(10)),
    )

    assert sentences[2] == (
        "A: fit, score 97.5 (start 100, open studies -12.5, turnaround 10); 1 RVU open for 20 seats."
    )


def test_turns_and_seniority_are_said() -> None:
    turns = said(
        department("A", "B", "C", shifts=(shift(strategy=Strategy.ROUND_ROBIN),)),
        load("A", last_on_shift={"MRI_MSK": AT - timedelta(minutes=12)}),
        load("B", last_on_shift={"MRI_MSK": AT}),
    )
    seniors = said(
        department(
            "A",
            "B",
            readers=(reader("A", seniority_years=3), reader("B", seniority_years=9)),
            shifts=(shift(strategy=Strategy.URGENT),),
        )
    )

    assert turns[2:] == [
        "A: fit, last assigned on this shift 12 minutes ago; 0 RVU open for 20 seats.",
        "B: fit, last assigned on this shift less than a minute ago; 0 RVU open for 20 seats.",
        "C: fit, last assigned on this shift never; 0 RVU open for 20 seats.",
        "Assigned to C on MRI_MSK by ROUND_ROBIN: the longest since an assignment on that shift.",
    ]
    assert seniors[2:] == [
        "A: fit, 3 years of seniority; 0 RVU open for 20 seats.",
        "B: fit, 9 years of seniority; 0 RVU open for 20 seats.",
        "Assigned to B on MRI_MSK by URGENT: the most senior.",
    ]


def test_the_sla_is_said() -> None:
    sentences = said(
        department("A", "B"),
        load("A", mean_turnaround_minutes=Decimal(90)),
        load("B", "5"),
        facts={"report_due_at": AT + timedelta(minutes=60)},
    )
    late = said(department("A"), facts={"report_due_at": AT - timedelta(minutes=3)})

    assert sentences[1:] == [
        "Its report is due in 1 h.",
        LEVEL,
        "A: fit, 0 RVU open for 20 seats.",
        "B: fit, 5 RVU open for 20 seats.",
        "A: would be late, number 1 in the queue at 90 minutes a study.",
        "Assigned to B on MRI_MSK by LOAD_BALANCED: the only one left of those in time.",
    ]
    assert late[1] == "Its report is 3 minutes late."
    assert late[-2:] == [
        "Nobody can make the SLA, so the order is marked escalated.",
        "Assigned to A on MRI_MSK by LOAD_BALANCED: the only one left.",
    ]


def test_rules_are_said() -> None:
    made = department(
        "A",
        rules=(
            rule(1, ActionType.EXCLUDE, "A"),
            rule(2, ActionType.SET_PRIORITY, "NOW"),
            rule(3, ActionType.ASSIGN_TO_RADIOLOGIST, "A"),
            rule(4, ActionType.ASSIGN_TO_SHIFT, "NONE", is_strict=True, version=9),
        ),
    )

    assert said(made) == [
        ORDER,
        "Rule 2 (version 1) could not be used and was skipped: the urgency is STAT, URGENT or ROUTINE.",
        "Rule 1 “rule 1” (version 1) holds: exclude A.",
        "Rule 3 “rule 3” (version 1) holds: assign to A.",
        "Rule 4 “rule 4” (version 9) holds: assign to shift NONE.",
        "Asked one radiologist, which rule 3 asks for.",
        "A: excluded by a rule.",
        "Nobody here is fit.",
        "Shift NONE does not run now, which rule 4 asks for.",
        "Left unassigned: a strict rule names its readers and none of them is fit.",
    ]


def test_a_named_radiologist_off_shift_is_said() -> None:
    made = config((), (reader("A"),), rules=(rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "A"),))

    assert said(made)[-1] == "Assigned to A, off shift by RULE: the only one left."


def test_a_hold_is_said() -> None:
    assert said(config(rules=(rule(4, ActionType.HOLD, "awaiting priors"),)))[1:] == [
        "Rule 4 “rule 4” (version 1) holds: hold, awaiting priors.",
        "Held by rule 4: awaiting priors.",
    ]
    assert (
        said(config(rules=(rule(4, ActionType.HOLD),)))[-1] == "Held by rule 4: no reason given."
    )


def test_widening_and_escalation_are_said() -> None:
    made = config(
        (
            shift("NEAR", work_types=(WorkType("US"),)),
            shift("FAR", sites=frozenset({"FAR"}), work_types=(WorkType("US"),)),
        ),
        (reader("A"), reader("B")),
        on("NEAR", "A") + on("FAR", "B"),
    )

    away = load("A", presence=Presence.OFFLINE)
    widened = said(made, away, widen=True)
    ruled = said(department("A", rules=(rule(1, ActionType.ESCALATE),)))

    assert widened[1:] == [
        "Asked everybody on shift in the site's cluster.",
        "A: offline.",
        "Nobody here is fit.",
        "Asked everybody else on shift.",
        "B: fit, 0 years of seniority; 0 RVU open for 20 seats.",
        "Nobody of those shifts could take it, so everybody on shift was asked.",
        "Assigned to B on FAR by ESCALATED: the only one left.",
    ]
    assert ruled[-2] == "The order was escalated by rule 1."


def test_the_shift_that_gives_the_strategy_is_named_among_several() -> None:
    made = config((shift("X"), shift("Y")), (), ())

    assert said(made)[1:] == [
        "Asked the shifts of priority level 10 that fit: X, Y; the strategy is that of X.",
        "Nobody is rostered here now.",
        "Left unassigned: nobody is at work on the shifts that read it.",
    ]


def test_a_shift_that_a_rule_names_is_said() -> None:
    made = department("A", rules=(rule(1, ActionType.ASSIGN_TO_SHIFT, "MRI_MSK"),))

    assert said(made)[2] == "Asked shift MRI_MSK, which rule 1 asks for."


def test_unknown_facts_are_said() -> None:
    sentences = said(
        config(), facts={"site": "", "modality": "", "body_part": "", "urgency": Urgency.STAT}
    )

    assert sentences == [
        "Order ACC1 (unknown work, STAT, site ?) at 2026-02-04 12:05:00 UTC.",
        "Left unassigned: its site is not known.",
    ]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_words(reason: Reason) -> None:
    assert reason_words(reason)


@pytest.mark.parametrize(
    ("code", "params", "expected"),
    [
        (Refused.CREDENTIAL, ("B", "C"), "lacks the credential B, C"),
        (Refused.PRIVILEGE, ("ROBINA", "MR", ""), "has no valid privilege for ROBINA, MR"),
        (Refused.LICENCE, ("QLD",), "has no valid licence for QLD"),
        (
            Refused.HOURLY_RVU_FULL,
            ("6.5", "6"),
            "full for this hour, 6.5 of 6 RVU assigned in the last 60 minutes",
        ),
        (Refused.UNKNOWN_SITE, (), "cannot be judged, the order's site is unknown"),
    ],
)
def test_refusals_in_words(code: Refused, params: tuple[int | str, ...], expected: str) -> None:
    assert refusal_words(code, params) == expected


@pytest.mark.parametrize("code", Refused)
def test_every_refusal_has_words(code: Refused) -> None:
    assert refusal_words(code, (1, 2))


def test_those_who_fare_alike_are_told_together() -> None:
    many = tuple(f"R{number}" for number in range(6))
    away = [load(id_, presence=Presence.OFFLINE) for id_ in many[:5]]

    assert said(department(*many), *away)[2:4] == [
        "5 readers are offline: R0, R1, R2 and 2 others.",
        "R5: fit, 0 RVU open for 20 seats.",
    ]


def test_names_and_moments_are_those_that_are_passed_in() -> None:
    naming = Naming(
        person=lambda id_: f"Dr {id_}",
        shift=str.title,
        rule=lambda id_: f"rule {id_ * 10} “rule {id_}”",
        strategy=lambda one: one.lower(),
        moment=lambda _moment: "noon",
        sharer=str.lower,
    )
    made = department(
        "A",
        "B",
        rules=(
            rule(1, ActionType.EXCLUDE, '["B"]', is_terminal=False),
            rule(2, ActionType.ASSIGN_TO_SHIFT, "MRI_MSK"),
        ),
    )

    assert explain(decided(made, order(), load("A", "2.50")).trace, naming) == [
        "Order ACC1 (MR KNEE, ROUTINE, site ROBINA) at noon.",
        "Rule 10 “rule 1” (version 1) holds: exclude Dr B.",
        "Rule 20 “rule 2” (version 1) holds: assign to shift Mri_Msk.",
        "Asked shift Mri_Msk, which rule 20 “rule 2” asks for.",
        "Dr B: excluded by a rule.",
        "Dr A: fit, 2.5 RVU open for 20 seats.",
        "Assigned to Dr A on Mri_Msk by load_balanced: the only one left.",
    ]


@pytest.mark.parametrize(
    ("code", "params", "expected"),
    [
        (Refused.CREDENTIAL, ("B",), "lack the credential B"),
        (Refused.RULE_CREDENTIAL, ("B", "R"), "lack the credential B, which rule “R” asks for"),
        (Refused.SUBSPECIALTY, ("NEURO",), "do not read NEURO"),
        (Refused.OFFLINE, (), "are offline"),
        (Refused.PASSED_OVER, (), "had it already and did not take it"),
    ],
)
def test_refusals_of_several(code: Refused, params: tuple[str, ...], expected: str) -> None:
    assert refused_words(code, params) == expected
