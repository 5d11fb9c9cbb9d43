from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest

from apps.engine.changes import ChangeKind, change_words
from apps.engine.codes import ActionType, Outcome, Presence, Strategy
from apps.engine.counterfactual import Way, smallest_changes
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.rota import LeaveFacts
from tests.engine.build import AT, department, load, loads, on, order, reader, rule, shift
from tests.engine.worlds import random_world

FULL: dict[str, Any] = {"open_by_urgency": (0, 0, 20)}


def ways(
    made: Config, *held: Workload, asked: OrderFacts | None = None, wanted: str = "", **how: Any
) -> list[Way]:
    snapshot = Snapshot(compile_config(made), loads(*held))
    return smallest_changes(asked or order(), AT, snapshot, wanted=wanted, **how)


def said(found: list[Way]) -> list[list[str]]:
    return [[change_words(change) for change in way.changes] for way in found]


def test_an_order_that_has_a_reader_needs_no_change() -> None:
    assert ways(department("A")) == []


def test_a_full_reader_finishes_a_study_or_has_a_higher_limit() -> None:
    found = ways(department("A"), load("A", "20", **FULL))

    assert said(found) == [
        ["A finishes 1 of their open studies"],
        ["the limit of A is raised: studies at once to 21"],
    ]
    assert [(way.radiologist, way.shift) for way in found] == [("A", "MRI_MSK")] * 2


def test_as_many_studies_as_needed_are_told_where_the_limit_is_passed() -> None:
    held = load("A", "23", open_by_urgency=(1, 2, 20))

    assert said(ways(department("A"), held))[0] == ["A finishes 4 of their open studies"]


def test_the_limit_of_rvu_counts_studies_of_the_mean_size() -> None:
    made = department(readers=(reader("A", max_concurrent_rvu=10),), roster=on("MRI_MSK", "A"))

    found = ways(made, load("A", "12", open_by_urgency=(0, 0, 6)))

    assert said(found)[0] == ["A finishes 2 of their open studies"]


def test_who_is_offline_comes_online_before_anything_bigger() -> None:
    made = department(
        readers=(reader("A"), reader("B", max_concurrent_studies=1), reader("SPARE")),
        roster=on("MRI_MSK", "A", "B"),
    )
    held = (load("A", presence=Presence.OFFLINE), load("B", "1", open_by_urgency=(0, 0, 1)))

    assert said(ways(made, *held)) == [
        ["A comes online"],
        ["B finishes 1 of their open studies"],
        ["the limit of B is raised: studies at once to 2"],
        ["SPARE is put on shift MRI_MSK"],
    ]


def test_time_is_the_smallest_change_and_names_when_the_shift_starts() -> None:
    late = shift(start_local=time(23), end_local=time(6))
    starts_at = AT.replace(hour=13, minute=0)

    found = ways(department("A", shifts=(late,)))

    assert said(found) == [[f"it waits until {starts_at.isoformat()}"]]


def test_who_is_busy_is_waited_for() -> None:
    held = load("A", presence=Presence.BUSY, busy_until=AT + timedelta(minutes=7))

    found = said(ways(department("A"), held))

    assert found == [
        [f"it waits until {(AT + timedelta(minutes=7)).isoformat()}"],
        ["A comes online"],
    ]


def test_a_shift_without_anybody_is_staffed_by_those_who_may_read_it_least_loaded_first() -> None:
    made = department(
        readers=(reader("A"), reader("B"), reader("OFF", is_active=False)), roster=()
    )

    found = said(ways(made, load("A", "3")))

    assert found == [["B is put on shift MRI_MSK"], ["A is put on shift MRI_MSK"]]


def test_a_rule_that_holds_it_may_be_switched_off() -> None:
    made = department("A", rules=(rule(4, ActionType.HOLD, "wait"),))

    assert said(ways(made)) == [["rule 4 “rule 4” is switched off"]]


def test_a_credential_is_got_and_never_waived() -> None:
    made = department(
        "A", rules=(rule(4, ActionType.REQUIRE_CREDENTIAL, "CARDIAC", is_terminal=False),)
    )

    assert said(ways(made)) == [["A gets the credential that it needs: CARDIAC"]]


def test_a_specialty_licence_and_privilege_are_needed_by_name() -> None:
    made = department("A")

    found = said(ways(made, asked=order(required_subspecialty="cardiac")))

    assert found == [["A becomes a reader of cardiac, which it needs"]]


def test_who_is_on_leave_takes_work_again() -> None:
    made = department("A", leaves=(LeaveFacts("A", date(2026, 2, 4), date(2026, 2, 4)),))

    assert ["A, who is away, takes work again"] in said(ways(made))


def test_who_did_not_take_it_gets_it_from_a_person() -> None:
    found = ways(department("A"), asked=order(passed_over=frozenset({"A"})))

    assert said(found) == [["a person gives it to A again, who had it and did not take it"]]


def test_two_changes_are_told_only_where_no_single_one_helps() -> None:
    held = load("A", "20", presence=Presence.OFFLINE, **FULL)

    found = said(ways(department("A"), held))

    assert found[0] == ["A comes online", "A finishes 1 of their open studies"]
    assert all(len(way) == 2 for way in found)


def test_a_wanted_reader_gets_it_by_what_makes_the_difference() -> None:
    made = department("A", "B")
    held = load("B", "3", open_by_urgency=(0, 0, 3))

    found = ways(made, load("A", "1.5", open_by_urgency=(0, 0, 1)), held, wanted="B")

    assert said(found) == [["B finishes 2 of their open studies"]]
    assert {way.radiologist for way in found} == {"B"}


def test_who_must_have_less_on_hand_than_the_present_reader_finishes_as_many_as_that_takes() -> (
    None
):
    urgent = (shift(strategy=Strategy.URGENT),)
    made = department(
        readers=(reader("A"), reader("B", seniority_years=9), reader("C")),
        shifts=urgent,
        roster=on("MRI_MSK", "A", "B", "C"),
    )
    held = (
        load("A", "5", open_by_urgency=(0, 0, 5)),
        load("B", "6", open_by_urgency=(0, 0, 6)),
        load("C", "1", open_by_urgency=(0, 0, 1)),
    )

    found = ways(made, *held, wanted="B", relieve="A")

    assert said(found) == [["B finishes 2 of their open studies"]]


def test_where_nobody_has_less_on_hand_than_the_present_reader_any_may_come_to_have() -> None:
    held = (
        load("A", "2", open_by_urgency=(0, 0, 2)),
        load("B", "4", open_by_urgency=(0, 0, 4)),
        load("C", "2", open_by_urgency=(0, 0, 2)),
    )

    found = ways(department("A", "B", "C"), *held, relieve="A")

    assert said(found) == [
        ["C finishes 1 of their open studies"],
        ["B finishes 3 of their open studies"],
    ]


def test_a_wanted_reader_off_shift_is_put_on_it() -> None:
    made = department(readers=(reader("A"), reader("B")), roster=on("MRI_MSK", "A"))

    found = ways(made, load("A", "1"), wanted="B")

    assert said(found) == [["B is put on shift MRI_MSK"]]


def test_a_wanted_reader_from_whom_a_rule_sends_it_away() -> None:
    made = department("A", "B", rules=(rule(4, ActionType.ASSIGN_TO_RADIOLOGIST, "A"),))

    found = ways(made, load("A", "1"), wanted="B")

    assert said(found) == [["rule 4 “rule 4” is switched off"]]


def test_what_nothing_helps_says_so_by_silence() -> None:
    assert ways(department(shifts=()), wanted="NOBODY") == []
    assert ways(department("A"), asked=order(site="MARS")) == []


@pytest.mark.parametrize("hundred", range(3))
def test_every_way_is_true_and_leaves_the_world_as_it_was(hundred: int) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        world = random_world(seed)
        snapshot = Snapshot(compile_config(world.config), dict(world.loads))
        how = {"widen": world.widen, "relieve": world.relieve}
        before = decide(world.order, world.at, snapshot, **how)

        for way in smallest_changes(world.order, world.at, snapshot, **how):
            assert before.outcome is not Outcome.ASSIGNED
            assert way.radiologist in snapshot.compiled.people
            assert all(change_words(change) for change in way.changes)

        after = decide(world.order, world.at, snapshot, **how)
        assert after == before


def test_no_way_relaxes_what_the_work_needs() -> None:
    """Whoever the engine would choose is as qualified as the order asks, or becomes so."""
    needs = {
        ChangeKind.CREDENTIAL,
        ChangeKind.SPECIALTY,
        ChangeKind.PRIVILEGE,
        ChangeKind.LICENCE,
    }
    made = department(readers=(reader("A"), reader("B")), roster=on("MRI_MSK", "A", "B"))
    asked = order(required_credentials=frozenset({"CARDIAC"}))

    found = ways(made, asked=asked)

    assert {way.changes[0].kind for way in found} <= needs
