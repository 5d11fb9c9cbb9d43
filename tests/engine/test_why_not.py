from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.engine.codes import ActionType, Presence, Refused, Strategy
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.facts import Config, Credential, OrderFacts, Workload
from apps.engine.naming import Naming
from apps.engine.obstacles import Hurdle, Stage, obstacle_words
from apps.engine.rota import LeaveFacts, RosterRow, WorkType
from apps.engine.why_not import why_not
from tests.engine.build import AT, department, load, loads, on, order, reader, rule, shift
from tests.engine.worlds import random_world

_OVER = timedelta(minutes=5)


def said(
    made: Config, id_: str, *held: Workload, asked: OrderFacts | None = None, **how: Any
) -> list[str]:
    snapshot = Snapshot(compile_config(made), loads(*held))
    found = why_not(asked or order(), AT, snapshot, id_, **how)
    return [obstacle_words(one) for one in found]


def test_whoever_gets_it_has_no_obstacle() -> None:
    assert said(department("A", "B"), "A") == []


def test_every_obstacle_is_told_not_only_the_first() -> None:
    limited = reader("B", max_concurrent_studies=2, max_studies_per_hour=3)
    made = department(
        "A",
        "B",
        readers=(reader("A", credentials=(Credential("CARDIAC"),)), limited),
        rules=(rule(7, ActionType.EXCLUDE, "B"),),
        leaves=(LeaveFacts("B", date(2026, 2, 1), date(2026, 2, 9)),),
    )
    full = load(
        "B",
        "4",
        presence=Presence.OFFLINE,
        open_by_urgency=(0, 0, 2),
        assigned_last_hour=3,
    )
    asked = order(required_credentials=frozenset({"CARDIAC"}), passed_over=frozenset({"B"}))

    assert said(made, "B", full, asked=asked) == [
        "on leave",
        "offline",
        "had it already and did not take it",
        "rule 7 (version 1) leaves them out",
        "lacks the credential CARDIAC",
        "full, 2 of 2 studies open",
        "full for this hour, 3 of 3 studies assigned in the last 60 minutes",
    ]


def test_somebody_on_no_shift_learns_which_shifts_read_it_and_what_theirs_does() -> None:
    other = shift("CT_ONLY", work_types=(WorkType("CT"),), sites=frozenset({"FAR"}))
    made = department(
        readers=(reader("A"), reader("B")),
        shifts=(shift(), other),
        roster=(*on("MRI_MSK", "A"), *on("CT_ONLY", "B")),
    )

    assert said(made, "B") == [
        "is on shift CT_ONLY, which does other work and which does not read for this site",
        "is not on the shift that reads it now: MRI_MSK",
    ]


def test_without_any_shift_for_the_work_nobody_could_have_had_it() -> None:
    made = department("A", shifts=(shift(work_types=(WorkType("CT"),)),))

    assert said(made, "A") == [
        "is on shift MRI_MSK, which does other work",
        "no shift that runs now reads this work at this site",
    ]


def test_load_is_told_against_that_of_whoever_got_it() -> None:
    held = (load("A", "2.1", open_by_urgency=(0, 0, 2)), load("B", "3.2"))

    assert said(department("A", "B"), "B", *held) == [
        "had more on hand, 3.2/20 against 2.1/20 of A"
    ]


def test_the_figure_of_the_strategy_is_what_somebody_lost_by() -> None:
    made = department(
        readers=(reader("A", seniority_years=9), reader("B", seniority_years=4)),
        roster=on("MRI_MSK", "A", "B"),
        shifts=(shift(strategy=Strategy.URGENT),),
    )

    assert said(made, "B") == ["has fewer years of seniority, 4 against 9 of A"]


def test_who_lost_to_the_winner_by_another_figure_than_the_next_hears_their_own() -> None:
    held = (load("B", "0", last_assigned_at=AT - _OVER), load("C", "5"))

    made = department("A", "B", "C")

    assert said(made, "C", *held) == ["had more on hand, 5/20 against 0/20 of A"]
    assert said(made, "B", *held) == [
        "was equal, but had the last study later, 5 min ago against never of A"
    ]


def test_somebody_too_late_for_the_sla_learns_their_place() -> None:
    held = load("B", "0", open_by_urgency=(0, 0, 3), mean_turnaround_minutes=Decimal(20))
    asked = order(report_due_at=AT + timedelta(minutes=60))

    assert said(department("A", "B"), "B", held, asked=asked) == [
        "would be late, number 4 in the queue at 20 minutes a study"
    ]


def test_a_rule_that_sent_it_elsewhere_is_named() -> None:
    made = department("A", "B", rules=(rule(3, ActionType.ASSIGN_TO_RADIOLOGIST, "A", version=4),))

    assert said(made, "B") == ["rule 3 (version 4) gave it to A"]


def test_a_rule_that_holds_it_is_named() -> None:
    made = department("A", rules=(rule(3, ActionType.HOLD, "wait"),))

    assert said(made, "A") == ["rule 3 (version 1) holds it"]


def test_a_strict_rule_is_named() -> None:
    made = department("A", rules=(rule(3, ActionType.ASSIGN_TO_RADIOLOGIST, "Z", is_strict=True),))

    assert said(made, "A") == ["rule 3 (version 1) is strict and lets nobody else be asked"]


def test_a_higher_level_had_somebody_before() -> None:
    backup = shift("BACKUP", priority_level=1)
    made = department(
        readers=(reader("A"), reader("B")),
        shifts=(shift(), backup),
        roster=(*on("MRI_MSK", "A"), *on("BACKUP", "B")),
    )

    assert said(made, "B") == [
        "is on level 1 (BACKUP), which was not asked: level 10 (MRI_MSK) had A"
    ]


def test_a_rule_that_prefers_somebody_is_named() -> None:
    made = department("A", "B", rules=(rule(5, ActionType.PREFER, "B"),))

    assert said(made, "A") == ["rule 5 puts B first"]


def test_the_readers_company_is_named_without_the_patient() -> None:
    assert said(department("A", "B"), "A", asked=order(together=("B",))) == [
        "B has unread studies of the same patient and comes first"
    ]


def test_an_hour_that_was_full_when_somebody_was_asked_is_an_obstacle_though_it_became_stat() -> (
    None
):
    other = shift("CT_ONLY", work_types=(WorkType("CT"),))
    made = department(
        readers=(reader("A", max_studies_per_hour=3), reader("B")),
        shifts=(shift(), other),
        roster=(*on("CT_ONLY", "A"), *on("MRI_MSK", "B")),
        rules=(
            rule(1, ActionType.ASSIGN_TO_SHIFT, "CT_ONLY"),
            rule(2, ActionType.SET_PRIORITY, "STAT", is_terminal=False),
        ),
    )

    told = said(made, "A", load("A", assigned_last_hour=3))

    assert "full for this hour, 3 of 3 studies assigned in the last 60 minutes" in told


def test_an_id_that_nobody_has_is_said_so() -> None:
    assert said(department("A"), "NOBODY") == ["not a known radiologist"]


def test_an_unknown_site_stands_above_everything() -> None:
    made = department("A")
    snapshot = Snapshot(compile_config(made))

    [found] = why_not(order(site="MARS"), AT, snapshot, "A")

    assert (found.stage, found.hurdle) == (Stage.SHIFT, Hurdle.UNKNOWN_SITE)


def test_presence_is_no_obstacle_for_somebody_whom_a_rule_names() -> None:
    full = reader("A", max_concurrent_studies=1)
    made = department(
        readers=(full, reader("B")),
        roster=on("MRI_MSK", "B"),
        rules=(rule(3, ActionType.ASSIGN_TO_RADIOLOGIST, "A"),),
    )
    held = load("A", "1", presence=Presence.OFFLINE, open_by_urgency=(0, 0, 1))

    assert said(made, "A", held) == ["full, 1 of 1 studies open"]


def test_who_must_have_less_on_hand_is_measured_against_the_present_reader() -> None:
    made = department("A", "B")
    held = (load("A", "3"), load("B", "4"))
    snapshot = Snapshot(compile_config(made), loads(*held))

    found = why_not(order(), AT, snapshot, "B", relieve="A")

    assert [one.code for one in found] == [Refused.NO_LESS_LOAD]
    assert obstacle_words(found[0], Naming(person=str.lower)) == "has no less on hand than a"


@pytest.mark.parametrize("hundred", range(5))
def test_everybody_but_the_chosen_one_has_an_obstacle(hundred: int) -> None:
    for seed in range(hundred * 100, hundred * 100 + 100):
        world = random_world(seed)
        snapshot = Snapshot(compile_config(world.config), world.loads)
        how = {"widen": world.widen, "relieve": world.relieve}
        decision = decide(world.order, world.at, snapshot, **how)
        for id_ in snapshot.compiled.people:
            found = why_not(world.order, world.at, snapshot, id_, **how)
            assert bool(found) is (id_ != decision.radiologist), (seed, id_)
            assert all(obstacle_words(one) for one in found)
            assert found == sorted(found, key=lambda one: list(Stage).index(one.stage))


def test_a_part_of_a_run_is_no_seat_before_it_begins() -> None:
    made = department("A", "B")
    rows = (made.roster[0], replace(made.roster[1], start_on=date(2026, 3, 1)))
    made = replace(made, roster=rows)

    assert isinstance(rows[1], RosterRow)
    assert said(made, "B") == ["is not on the shift that reads it now: MRI_MSK"]
