"""What the actions do that add to a decision or let several readers share it."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import ActionType, Outcome, Presence, Reason, Strategy, Urgency
from apps.engine.decision import Decision
from apps.engine.facts import Config, Credential, RuleFacts, Workload
from apps.engine.rota import LeaveFacts, WorkType
from apps.engine.story import explain
from apps.engine.words import action_words
from tests.engine.build import (
    AT,
    config,
    decided,
    department,
    load,
    on,
    order,
    reader,
    refusals,
    rule,
    shift,
)
from tests.engine.test_coverage import TODAY

TO_PERSON = ActionType.ASSIGN_TO_RADIOLOGIST
LIST = ActionType.ASSIGN_TO_WORKLIST
OVERFLOW = ActionType.OVERFLOW
FULL = (0, 0, 20)


def full(*ids: str) -> tuple[Workload, ...]:
    return tuple(load(id_, open_by_urgency=FULL) for id_ in ids)


def three_shifts(*rules: RuleFacts, **changes: Any) -> Config:
    """MRI reads our orders with A and B; CT has C, US has D; E is on no shift."""
    return config(
        (
            shift("MRI"),
            shift("CT", work_types=(WorkType("CT"),), strategy=Strategy.URGENT),
            shift("US", work_types=(WorkType("US"),), priority_level=-1),
        ),
        tuple(reader(id_) for id_ in "ABCDE"),
        on("MRI", "A", "B") + on("CT", "C") + on("US", "D"),
        **{"rules": rules} | changes,
    )


# Shared lists


@pytest.mark.parametrize("target", ["A", '["A", "E"]', "MRI", '["CT", "E"]'])
def test_a_shared_list_keeps_the_order_while_one_of_them_is_fit(target: str) -> None:
    decision = decided(three_shifts(rule(3, LIST, target, version=2)))

    assert (decision.outcome, decision.reason) == (Outcome.UNASSIGNED, Reason.WORKLIST)
    assert (decision.rule_id, decision.rule_version) == (3, 2)
    assert (decision.radiologist, decision.strategy) == (None, None)


def test_a_list_that_nobody_fit_shares_lets_the_next_rule_decide() -> None:
    made = three_shifts(rule(1, LIST, '["CT", "E"]'), rule(2, TO_PERSON, "B"))

    decision = decided(made, order(), *full("C", "E"))

    assert (decision.radiologist, decision.rule_id) == ("B", 2)
    assert {id_: why[:2] for id_, why in _out(decision, 0).items()} == {
        "C": ["capacity", "concurrent_full"],
        "E": ["capacity", "concurrent_full"],
    }


def _out(decision: Decision, tried: int) -> dict[str, list[Any]]:
    return {row[0]: row[2:] for row in decision.trace["tries"][tried]["out"]}


def test_who_shares_a_list_must_be_there() -> None:
    made = three_shifts(rule(1, LIST, '["CT", "E", "D"]'), leaves=(LeaveFacts("D", TODAY, TODAY),))
    gone = load("C", presence=Presence.OFFLINE), load("E", presence=Presence.BUSY)

    assert decided(made, order(), *gone).radiologist == "A"
    assert decided(made, order(), gone[0]).reason is Reason.WORKLIST


def test_who_is_on_a_shift_of_the_list_is_there_though_their_own_leave_began() -> None:
    # E is named too, and on leave today; the run of NIGHT that E is on began yesterday.
    night = shift("NIGHT", work_types=(WorkType("US"),), start_local=time(23), end_local=time(23))
    made = three_shifts(rule(1, LIST, '["E", "NIGHT"]'), leaves=(LeaveFacts("E", TODAY, TODAY),))
    started = replace(made, shifts=(*made.shifts, night), roster=made.roster + on("NIGHT", "E"))

    assert decided(made).reason is None
    assert decided(started).reason is Reason.WORKLIST


def test_what_is_overdue_waits_on_no_list_and_goes_to_one_of_those_who_share_it() -> None:
    made = three_shifts(rule(1, LIST, '["A", "B"]'))

    given = decided(made, order(), load("A", "9"), widen=True)
    passed = decided(made, order(), *full("A", "B"), widen=True)

    assert (given.radiologist, given.strategy, given.rule_id, given.escalated) == (
        "B",
        Strategy.LOAD_BALANCED,
        1,
        False,
    )
    assert (passed.radiologist, passed.rule_id) == ("C", None)


def test_one_of_those_who_share_it_is_chosen_as_their_shift_chooses() -> None:
    decision = decided(three_shifts(rule(1, LIST, '["E", "CT"]')), widen=True)

    assert (decision.radiologist, decision.shift, decision.rule_id) == ("C", "CT", 1)
    assert decision.strategy is Strategy.URGENT


def test_a_strict_list_gives_what_is_overdue_to_nobody_else() -> None:
    strict = three_shifts(rule(1, LIST, '["A"]', is_strict=True))

    assert decided(strict, widen=True).radiologist == "A"
    assert decided(strict, order(), *full("A"), widen=True).reason is Reason.RULE_STRICT
    assert decided(strict, order(), *full("A")).reason is Reason.RULE_STRICT


def test_a_list_that_is_not_terminal_waits_for_the_terminal_rules() -> None:
    soft = rule(1, LIST, "A", is_terminal=False)

    assert decided(three_shifts(soft, rule(2, TO_PERSON, "C"))).radiologist == "C"
    assert decided(three_shifts(soft)).reason is Reason.WORKLIST


def test_a_list_of_shifts_that_do_not_run_is_nobodys() -> None:
    alone = config(rules=(rule(1, LIST, '["GONE"]'),), shifts=())

    decision = decided(alone)

    assert decision.reason is Reason.NO_ROSTER
    assert refusals(decision) == {"GONE": ["roster", "unknown_radiologist"]}
    idle = replace(alone, shifts=(shift("GONE", weekdays=frozenset({1})),))
    assert decided(idle).reason is Reason.NO_SHIFT
    assert "Shift GONE does not run now, which rule 1 asks for." in explain(decided(idle).trace)


# Overflow


def test_own_shifts_come_before_those_that_the_work_flows_over_to() -> None:
    decision = decided(three_shifts(rule(4, OVERFLOW, "CT")))

    assert (decision.radiologist, decision.shift, decision.rule_id) == ("A", "MRI", 4)
    assert [tried["pool"] for tried in decision.trace["tries"]] == ["level"]


def test_it_flows_over_to_the_shifts_named_in_turn_whatever_their_level() -> None:
    made = three_shifts(rule(4, OVERFLOW, '["GONE", "US", "CT"]'))

    decision = decided(made, order(), *full("A", "B"))

    assert (decision.radiologist, decision.shift) == ("D", "US")
    assert decision.rule_id == 4
    assert decided(made, order(), *full("A", "B", "D")).radiologist == "C"


@pytest.mark.parametrize("target", ["", "[]"])
def test_naming_no_shift_it_flows_over_to_everybody_without_escalating(target: str) -> None:
    made = three_shifts(rule(4, OVERFLOW, target))
    hour_full = load("C", assigned_last_hour=8)

    decision = decided(made, order(), *full("A", "B"), hour_full)

    assert (decision.radiologist, decision.strategy) == ("D", Strategy.ESCALATED)
    assert decision.escalated is False


def test_an_overflow_that_finds_nobody_gives_way_unless_it_is_strict() -> None:
    soft = three_shifts(rule(4, OVERFLOW, "CT"), rule(5, TO_PERSON, "E"))
    strict = three_shifts(rule(4, OVERFLOW, "CT", is_strict=True), rule(5, TO_PERSON, "E"))

    assert decided(soft, order(), *full("A", "B", "C")).rule_id == 5
    decision = decided(strict, order(), *full("A", "B", "C"), widen=True)
    assert (decision.reason, decision.rule_id) == (Reason.RULE_STRICT, 4)
    assert decision.escalated is False


def test_an_overflow_that_found_nobody_leaves_the_rules_after_it_as_they_were() -> None:
    """Being past the SLA widens the default, and lifts no limit for a later rule."""
    made = three_shifts(rule(4, OVERFLOW, "CT"), rule(5, TO_PERSON, "E"))
    hour_full = load("E", assigned_last_hour=8)

    decision = decided(made, order(), *full("A", "B", "C"), hour_full, widen=True)

    assert (decision.radiologist, decision.rule_id) == ("D", None)
    assert decision.trace["escalated_by"] == "widened"


def test_an_overflow_that_is_not_terminal_widens_the_default_only() -> None:
    soft = rule(1, OVERFLOW, "CT", is_terminal=False)

    assert decided(three_shifts(soft, rule(2, TO_PERSON, "E"))).radiologist == "E"
    own = decided(three_shifts(soft))
    assert (own.radiologist, own.rule_id) == ("A", None)
    over = decided(three_shifts(soft), order(), *full("A", "B"))
    assert (over.radiologist, over.rule_id) == ("C", 1)
    strict = three_shifts(replace(soft, is_strict=True))
    assert decided(strict, order(), *full("A", "B", "C")).reason is Reason.RULE_STRICT


def test_an_escalated_order_asks_everybody_and_then_has_nowhere_else_to_go() -> None:
    made = three_shifts(rule(1, ActionType.ESCALATE), rule(2, OVERFLOW))

    decision = decided(made, order(), *full("A", "B", "C", "D"))

    assert decision.reason is Reason.AT_CAPACITY
    assert [tried["pool"] for tried in decision.trace["tries"]] == ["cluster", "cluster"]


# Prefer


def test_who_is_preferred_comes_first_however_full_and_the_strategy_chooses_among_them() -> None:
    made = department("A", "B", "C", rules=(rule(1, ActionType.PREFER, '["B", "C"]'),))

    decision = decided(made, order(), load("B", "19"), load("C", "18"))

    assert (decision.radiologist, decision.rule_id) == ("C", None)
    assert decision.strategy is Strategy.LOAD_BALANCED
    assert "Rule 1 puts first: B, C." in explain(decision.trace)
    assert explain(decision.trace)[-1] == (
        "Assigned to C on MRI_MSK by LOAD_BALANCED: the least load of those who come first."
    )


def test_nobody_preferred_is_there_so_the_next_wish_and_at_last_the_strategy_count() -> None:
    made = department(
        "A",
        "B",
        rules=(rule(1, ActionType.PREFER, "GONE"), rule(2, ActionType.PREFER, "B")),
    )

    assert decided(made, order(), load("B", "5")).radiologist == "B"
    assert decided(made, order(), *full("B")).radiologist == "A"


def test_a_preference_chooses_only_among_those_in_time() -> None:
    made = department("A", "B", rules=(rule(1, ActionType.PREFER, "B"),))
    slow = load("B", mean_turnaround_minutes=Decimal(90))

    decision = decided(made, order(report_due_at=AT + timedelta(hours=1)), slow)

    assert decision.radiologist == "A"


@pytest.mark.parametrize(
    ("rvu", "expected"), [("4.99", "B"), ("5", "B"), ("5.0001", "A")], ids=["less", "at", "over"]
)
@pytest.mark.parametrize("company", ["together", "priors"])
def test_company_is_kept_up_to_a_share_of_the_limit(company: str, rvu: str, expected: str) -> None:
    asked = order(**{company: ("GONE", "B")})

    assert decided(department("A", "B"), asked, load("B", rvu)).radiologist == expected


def test_a_rule_comes_before_unread_studies_and_those_before_priors() -> None:
    made = department("A", "B", "C", "D")
    preferring = replace(made, rules=(rule(1, ActionType.PREFER, "D"),))
    asked = order(together=("C", "B"), priors=("B",))

    assert decided(made, asked).radiologist == "C"
    assert decided(made, order(priors=("B", "C"))).radiologist == "B"
    assert decided(preferring, asked).radiologist == "D"


# Credentials and strategies


def test_a_credential_that_a_rule_requires_binds_what_comes_after_it() -> None:
    people = (reader("A"), reader("B", credentials=(Credential("PET"),)), reader("E"))
    need = rule(1, ActionType.REQUIRE_CREDENTIAL, '["PET"]')
    made = department("A", "B", readers=people, rules=(need, rule(2, TO_PERSON, "E")))

    decision = decided(made)

    assert (decision.radiologist, decision.rule_id) == ("B", None)
    assert _out(decision, 0) == {"E": ["competency", "credential_missing", "PET"]}
    early = replace(made, rules=(replace(need, priority_order=9), made.rules[1]))
    assert decided(early).radiologist == "E"


def test_required_credentials_add_up_with_those_of_the_procedure() -> None:
    held = (Credential("PET"), Credential("MQSA"))
    people = (reader("A", credentials=held[:1]), reader("B", credentials=held))
    need = rule(1, ActionType.REQUIRE_CREDENTIAL, "PET")
    made = department("A", "B", readers=people, rules=(need,))

    asked = order(required_credentials=frozenset({"MQSA"}))

    assert decided(made, asked).radiologist == "B"
    assert decided(replace(made, radiologists=people[:1]), asked).reason is Reason.NO_COMPETENCY


def test_the_last_strategy_named_counts_and_whom_a_rule_names_is_no_choice() -> None:
    use = ActionType.USE_STRATEGY
    people = (reader("A"), reader("B", seniority_years=9))
    made = department(
        "A", "B", readers=people, rules=(rule(1, use, "FAIR"), rule(2, use, "URGENT"))
    )

    decision = decided(made, order(), load("B", "3"))

    assert (decision.radiologist, decision.strategy) == ("B", Strategy.URGENT)
    named = replace(made, rules=(*made.rules, rule(3, TO_PERSON, "A")))
    assert decided(named).strategy is Strategy.RULE
    escalated = replace(made, rules=(*made.rules, rule(3, ActionType.ESCALATE)))
    assert decided(escalated).strategy is Strategy.ESCALATED


def test_what_only_adds_never_ends_the_run_though_it_is_called_terminal() -> None:
    adding = (
        rule(1, ActionType.PREFER, "E"),
        rule(2, ActionType.REQUIRE_CREDENTIAL, "PET"),
        rule(3, ActionType.USE_STRATEGY, "URGENT"),
        rule(4, ActionType.SET_PRIORITY, "STAT"),
        rule(5, ActionType.EXCLUDE, "A"),
        rule(6, ActionType.ESCALATE),
    )

    decision = decided(three_shifts(*adding, rule(7, ActionType.HOLD, "priors")))

    assert (decision.outcome, decision.rule_id) == (Outcome.HELD, 7)
    assert decision.matched_rules == tuple((number, 1) for number in range(1, 8))
    assert (decision.urgency, decision.escalated) == (Urgency.STAT, True)


# In words


@pytest.mark.parametrize(
    ("action", "target", "expected"),
    [
        (ActionType.ASSIGN_TO_SHIFT, "CT", "assign to shift CT"),
        (TO_PERSON, "A", "assign to A"),
        (LIST, '["CT", "E"]', "put on the list that CT, E share"),
        (OVERFLOW, '["CT", "US"]', "let it flow over to CT, US"),
        (OVERFLOW, "[]", "let it flow over to everybody on shift"),
        (OVERFLOW, " ", "let it flow over to everybody on shift"),
        (ActionType.ESCALATE, "", "escalate"),
        (ActionType.HOLD, "", "hold"),
        (ActionType.HOLD, "priors", "hold, priors"),
        (ActionType.EXCLUDE, '["A", "B"]', "exclude A, B"),
        (ActionType.EXCLUDE, "[1]", "exclude [1]"),
        (ActionType.PREFER, "A", "prefer A"),
        (ActionType.REQUIRE_CREDENTIAL, '["PET", "MQSA"]', "require PET, MQSA"),
        (ActionType.SET_PRIORITY, "STAT", "set the urgency to STAT"),
        (ActionType.USE_STRATEGY, "FAIR", "choose by FAIR"),
    ],
)
def test_an_action_in_words(action: ActionType, target: str, expected: str) -> None:
    assert action_words(action, target) == expected


def test_a_shared_list_is_said() -> None:
    assert explain(decided(three_shifts(rule(1, LIST, '["CT", "E"]'))).trace)[1:] == [
        "Rule 1 “rule 1” (version 1) holds: put on the list that CT, E share.",
        "Asked who shares the list, which rule 1 asks for.",
        "C: fit, 0 RVU open for 20 seats.",
        "E: fit, 0 RVU open for 20 seats.",
        "Left unassigned: it is on a list that several readers share, until one of them takes it.",
    ]
