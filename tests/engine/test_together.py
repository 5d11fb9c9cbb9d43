"""Orders decided together: who gets which, whatever order they stand in, and again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from apps.engine.alike import Alike
from apps.engine.codec import canonical
from apps.engine.codes import ActionType, Outcome, Presence, Reason, Strategy, Urgency
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.optimal.together import Asked, Together, decide_together, replay_together
from apps.engine.replay import replay
from apps.engine.rota import RosterRow, WorkType
from tests.engine.build import AT, config, department, load, on, order, reader, rule, shift

OPTIMAL = (shift(strategy=Strategy.OPTIMAL),)


def burst(count: int, **changes: object) -> list[OrderFacts]:
    return [
        order(order_id=number, report_due_at=AT + timedelta(hours=24), **changes)
        for number in range(1, count + 1)
    ]


def together(made: Config, orders: list[OrderFacts], *held: Workload) -> Together:
    loads = {one.radiologist: one for one in held}
    asked = [Asked(one) for one in orders]
    return decide_together(asked, AT, Snapshot(compile_config(made), loads))


def counts(made: Together) -> Counter[str | None]:
    return Counter(decision.radiologist for decision in made.decisions.values())


def test_burst_is_spread_evenly_over_equals() -> None:
    made = together(department("A", "B", "C", "D", shifts=OPTIMAL), burst(20))

    assert counts(made) == {"A": 5, "B": 5, "C": 5, "D": 5}


def test_nobody_is_given_more_than_their_seats_and_the_rest_waits() -> None:
    readers = (reader("A", max_concurrent_studies=3), reader("B", max_studies_per_hour=2))
    made = together(
        department("A", "B", readers=readers, shifts=OPTIMAL), burst(8), load("A", "1")
    )

    assert counts(made) == {"A": 3, "B": 2, None: 3}
    left = [one for one in made.decisions.values() if one.radiologist is None]
    assert {(one.outcome, one.reason) for one in left} == {
        (Outcome.UNASSIGNED, Reason.AT_CAPACITY)
    }


def test_rvu_limits_are_kept_as_one_after_the_other_would() -> None:
    readers = (reader("A", max_concurrent_rvu=Decimal(3)), reader("B"))
    made = together(
        department("A", "B", readers=readers, shifts=OPTIMAL), burst(8, rvu=Decimal(2))
    )

    assert counts(made) == {"A": 2, "B": 6}


def test_most_urgent_take_the_seats_first() -> None:
    readers = (reader("A", max_concurrent_studies=1),)
    orders = [
        order(order_id=1, urgency=Urgency.ROUTINE),
        order(order_id=2, urgency=Urgency.STAT),
        order(order_id=3, urgency=Urgency.URGENT),
    ]
    made = together(department("A", readers=readers, shifts=OPTIMAL), orders)

    assert {id_: one.radiologist for id_, one in made.decisions.items()} == {
        1: None,
        2: "A",
        3: None,
    }


def test_only_reader_of_a_kind_is_kept_free_for_it() -> None:
    """One after the other, the knees would take the only seat that a brain can have."""
    readers = (
        reader("A", max_concurrent_studies=1),
        reader("B", max_concurrent_studies=1),
    )
    work = (
        shift("ANY", work_types=OPTIMAL[0].work_types, strategy=Strategy.OPTIMAL),
        shift("SPECIAL", strategy=Strategy.OPTIMAL, priority_level=10),
    )
    rules = (
        rule(
            1,
            ActionType.EXCLUDE,
            '["B"]',
            conditions={"field": "procedure", "op": "=", "value": "ONLY A"},
            is_terminal=False,
        ),
    )
    made = together(
        config(work, readers, (*on("ANY", "A", "B"), *on("SPECIAL", "A", "B")), rules=rules),
        [order(order_id=1), order(order_id=2, procedure="ONLY A")],
    )

    assert {id_: one.radiologist for id_, one in made.decisions.items()} == {1: "B", 2: "A"}


def test_other_strategies_and_rules_decide_as_they_do_alone() -> None:
    rules = (
        rule(
            1,
            ActionType.ASSIGN_TO_RADIOLOGIST,
            "B",
            conditions={"field": "procedure", "op": "=", "value": "X"},
        ),
        rule(
            2,
            ActionType.HOLD,
            "wait",
            conditions={"field": "procedure", "op": "=", "value": "Y"},
        ),
    )
    orders = [
        order(order_id=1, procedure="X"),
        order(order_id=2, procedure="Y"),
        order(order_id=3),
        order(order_id=4, site="NOWHERE"),
    ]
    made = together(department("A", "B", shifts=OPTIMAL, rules=rules), orders).decisions

    assert made[1].radiologist == "B"
    assert made[1].strategy is Strategy.RULE
    assert made[2].outcome is Outcome.HELD
    assert made[3].radiologist == "A"
    assert made[4].reason is Reason.UNKNOWN_SITE


def test_one_order_is_decided_as_alone() -> None:
    made = department("A", "B", shifts=OPTIMAL)
    alone = decide(order(), AT, Snapshot(compile_config(made)))

    found = together(made, [order()])

    assert canonical(found.decisions[1].trace) == canonical(alone.trace)
    assert found.basis is None


def _world(seed: int) -> tuple[Config, list[OrderFacts], list[Workload]]:
    random = Random(seed)  # noqa: S311 -- no secret
    ids = [f"R{number}" for number in range(random.randint(2, 9))]
    readers = tuple(
        reader(
            id_,
            max_concurrent_studies=random.randint(1, 8),
            max_studies_per_hour=random.randint(1, 8),
            max_concurrent_rvu=random.choice((None, Decimal(4))),
        )
        for id_ in ids
    )
    held = [
        load(
            id_,
            str(random.randint(0, 4)),
            open_by_urgency=(0, random.randint(0, 1), random.randint(0, 3)),
            given_units=Decimal(random.randint(0, 30)),
            worked_seconds=random.randint(0, 20_000),
        )
        for id_ in ids
    ]
    orders = [
        order(
            order_id=number,
            urgency=random.choice(tuple(Urgency)),
            rvu=Decimal(random.choice(("0.5", "1", "2.25"))),
            report_due_at=AT + timedelta(minutes=random.choice((-5, 30, 240, 1_440))),
        )
        for number in range(1, random.randint(3, 25))
    ]
    return department(*ids, readers=readers, shifts=OPTIMAL), orders, held


@pytest.mark.parametrize("seed", range(60))
def test_burst_keeps_every_limit_and_is_the_same_again(seed: int) -> None:
    made, orders, held = _world(seed)
    found = together(made, orders, *held)

    before = {one.radiologist: one for one in held}
    for person in made.radiologists:
        mine = [one for one in orders if found.decisions[one.order_id].radiologist == person.id]
        rvu = before[person.id].open_rvu
        assert before[person.id].open_studies + len(mine) <= max(
            person.max_concurrent_studies, before[person.id].open_studies
        )
        if person.max_concurrent_rvu is not None and mine:
            assert rvu + sum(one.rvu for one in mine) - max(one.rvu for one in mine) < 4

    shuffled = list(orders)
    Random(seed).shuffle(shuffled)  # noqa: S311 -- no secret
    assert _texts(together(made, shuffled, *held)) == _texts(found)
    basis = json.loads(canonical(found.basis))
    compiled = compile_config(made)
    assert _texts(replay_together(basis, compiled)) == _texts(found)
    for decision in found.decisions.values():
        stored = json.loads(canonical(decision.trace))
        assert canonical(replay(stored, compiled, basis).trace) == canonical(stored)
        assert canonical(replay(stored, compiled).trace) == canonical(stored)


def _texts(made: Together) -> dict[int, str]:
    return {id_: canonical(one.trace) for id_, one in made.decisions.items()}


def test_who_leaves_soon_gets_what_can_wait_for_tomorrow_and_not_what_is_due() -> None:
    """A has four minutes left and comes back tomorrow; B stays, with more on hand."""
    leaves = shift("EARLY", strategy=Strategy.OPTIMAL, **_until(AT + timedelta(minutes=4)))
    made = config(
        (leaves, shift("LATE", strategy=Strategy.OPTIMAL)),
        (reader("A"), reader("B")),
        (*on("EARLY", "A"), *on("LATE", "B")),
    )
    held = load("B", "3", open_by_urgency=(0, 3, 0))
    urgent = order(urgency=Urgency.URGENT, report_due_at=AT + timedelta(hours=4))

    decision = decide(urgent, AT, Snapshot(compile_config(made), {"B": held}))

    assert decision.radiologist == "B"


def test_who_does_not_come_back_in_time_is_passed_over() -> None:
    """A goes on leave tomorrow: what A could not begin today would be late."""
    leaves = shift("EARLY", strategy=Strategy.OPTIMAL, **_until(AT + timedelta(minutes=4)))
    today = AT.astimezone().date()
    rows = (
        RosterRow("EARLY", "A", today - timedelta(days=1), today),
        RosterRow("LATE", "B", today - timedelta(days=1), None),
    )
    made = config(
        (leaves, shift("LATE", strategy=Strategy.OPTIMAL)), (reader("A"), reader("B")), rows
    )
    loads = {
        "A": load("A", "1", open_by_urgency=(0, 0, 1)),
        "B": load("B", "9", open_by_urgency=(0, 0, 9)),
    }
    routine = order(report_due_at=AT + timedelta(hours=24))

    assert decide(routine, AT, Snapshot(compile_config(made), loads)).radiologist == "B"


def test_who_leaves_soon_still_begins_what_is_routine() -> None:
    leaves = shift("EARLY", strategy=Strategy.OPTIMAL, **_until(AT + timedelta(minutes=4)))
    made = config(
        (leaves, shift("LATE", strategy=Strategy.OPTIMAL)),
        (reader("A"), reader("B")),
        (*on("EARLY", "A"), *on("LATE", "B")),
    )
    held = load("B", "2", open_by_urgency=(0, 0, 2))

    assert decide(order(), AT, Snapshot(compile_config(made), {"B": held})).radiologist == "A"


def test_terms_say_in_seconds_what_a_study_costs_with_each() -> None:
    """B is away with one study; both have 1 RVU to read, and A was given 3 units more an hour."""
    held = (
        load("A", "1", open_by_urgency=(0, 0, 1), given_units=Decimal(9), worked_seconds=3600),
        load(
            "B",
            "1",
            open_by_urgency=(0, 1, 0),
            given_units=Decimal(6),
            worked_seconds=3600,
            presence=Presence.AWAY,
        ),
        load("C", given_units=Decimal(9), worked_seconds=3600),
    )
    due = order(report_due_at=AT + timedelta(minutes=10))
    decision = decide(
        due,
        AT,
        Snapshot(
            compile_config(department("A", "B", "C", shifts=OPTIMAL)),
            {one.radiologist: one for one in held},
        ),
    )

    costs = {row[0]: row[-1] for row in decision.trace["tries"][0]["fit"]}
    assert {id_: terms[:4] + terms[5:] for id_, terms in costs.items()} == {
        "A": [960, 0, 0, 14_760, 60],
        "B": [960, 600, 0, 15_360, 60],
        "C": [480, 0, 0, 0, 60],
    }
    assert costs["B"][4] < 0 < costs["A"][4] == costs["C"][4]
    assert decision.radiologist == "C"


def test_urgent_study_goes_where_the_fewest_wait_behind_it() -> None:
    """Four of A's would wait for a STAT, two of B's."""
    made = compile_config(department("A", "B", shifts=OPTIMAL))
    held = {
        "A": load("A", "4", open_by_urgency=(0, 1, 3)),
        "B": load("B", "2", open_by_urgency=(0, 1, 1)),
    }

    decision = decide(order(urgency=Urgency.STAT), AT, Snapshot(made, held))

    costs = {row[0]: row[-1] for row in decision.trace["tries"][0]["fit"]}
    assert {id_: terms[2] for id_, terms in costs.items()} == {"A": 480, "B": 240}
    assert decision.radiologist == "B"


def test_urgent_study_goes_to_who_reads_nothing_just_now() -> None:
    busy = load("A", "1", open_by_urgency=(0, 0, 1))
    made = compile_config(department("A", "B", shifts=OPTIMAL))

    urgent = order(urgency=Urgency.STAT, report_due_at=AT + timedelta(hours=1))

    assert decide(urgent, AT, Snapshot(made, {"A": busy})).radiologist == "B"


@pytest.mark.parametrize("seed", range(40))
def test_what_like_orders_share_changes_no_decision(seed: int) -> None:
    made, orders, held = _world(seed)
    compiled, loads = compile_config(made), {one.radiologist: one for one in held}
    shared = Snapshot(compiled, loads, Alike())

    for asked in (*orders, *orders):
        alone = decide(asked, AT, Snapshot(compiled, loads))
        assert canonical(decide(asked, AT, shared).trace) == canonical(alone.trace)


def _until(end: object) -> dict[str, object]:
    from zoneinfo import ZoneInfo  # noqa: PLC0415 -- of this helper alone

    local = end.astimezone(ZoneInfo("Australia/Brisbane"))  # type: ignore[attr-defined]
    return {"start_local": local.replace(hour=8, minute=0).time(), "end_local": local.time()}


def replayed(made: Together, by: Config) -> list[tuple[str, str]]:
    """Return each trace as stored and as made again from stored text alone."""
    compiled, basis = compile_config(by), json.loads(json.dumps(made.basis))
    stored = [json.loads(json.dumps(one.trace)) for one in made.decisions.values()]
    again = [replay(trace, compiled, basis).trace for trace in stored]
    return [
        (canonical(before), canonical(after)) for before, after in zip(stored, again, strict=True)
    ]


def test_work_in_units_of_its_own_replays() -> None:
    by = department("A", "B", shifts=OPTIMAL)
    orders = [
        replace(one, units=Decimal(f"{one.order_id}.50"), own={"room": "Bay 3"})
        for one in burst(8)
    ]
    held = (
        load("A", worked_seconds=3600, given_units=Decimal("4.25")),
        load("B", worked_seconds=3600),
    )

    pairs = replayed(together(by, orders, *held), by)

    assert [before for before, _ in pairs] == [after for _, after in pairs]
    assert {before["order_id"] for before in _orders(pairs)} == set(range(1, 9))
    assert not any("own" in before or "own.room" in before for before in _orders(pairs))


def _orders(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [json.loads(before)["order"] for before, _ in pairs]


def test_one_order_of_its_own_units_replays() -> None:
    by = department("A", "B", shifts=OPTIMAL)
    asked = order(units=Decimal("7.25"), rvu=Decimal("2.50"))
    held = load("A", worked_seconds=3600, given_units=Decimal("9.75"))
    made = together(by, [asked], held, load("B", worked_seconds=60))

    [(before, after)] = replayed(made, by)

    assert before == after
    assert counts(made) == {"B": 1}


def test_a_pool_that_only_what_was_given_before_leads_to_replays() -> None:
    """Both fit on A when they are asked; once A has the first, the second goes on to C."""
    work = (WorkType("CT"),)
    by = config(
        (shift("MRI"), shift("CT", work_types=work), *OPTIMAL),
        (reader("A", max_concurrent_studies=1), reader("C")),
        (*on("MRI", "A"), *on("CT", "C")),
        rules=(rule(4, ActionType.OVERFLOW, "CT"),),
    )
    made = together(by, burst(2), load("C", "3.50", open_by_urgency=(0, 0, 2)))

    assert counts(made) == {"A": 1, "C": 1}
    pairs = replayed(made, by)
    assert [before for before, _ in pairs] == [after for _, after in pairs]


def test_a_basis_of_before_a_fact_was_kept_replays_by_its_own_name() -> None:
    by = department("A", "B", shifts=OPTIMAL)
    made = together(by, burst(4))
    older = json.loads(json.dumps(made.basis))
    for row in older["orders"]:
        del row["order"]["units"]
        row["order"]["own"] = {"room": "Bay 3"}

    again = replay_together(older, compile_config(by))

    name = hashlib.sha256(canonical(older).encode()).hexdigest()[:24]
    assert again.digest == name != made.digest
    for id_, decision in again.decisions.items():
        assert decision.trace == {**made.decisions[id_].trace, "burst": name}
