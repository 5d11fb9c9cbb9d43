"""Why not, and what would: asked of orders that were given out together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest

from apps.engine.batch import Batch, batch_of
from apps.engine.changes import World, change_words
from apps.engine.codes import Outcome, Presence, Strategy, Urgency
from apps.engine.counterfactual import smallest_changes
from apps.engine.decision import Decision, Snapshot, compile_config
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.obstacles import Hurdle, Obstacle, Stage, obstacle_words
from apps.engine.optimal.together import Asked, Together, decide_together
from apps.engine.replay import order_of, planned_of, workloads_of
from apps.engine.ways import Way, changed
from apps.engine.why_not import why_not
from tests.engine.build import AT, department, load, loads, order, reader, shift

OPTIMAL = (shift(strategy=Strategy.OPTIMAL),)


@dataclass(frozen=True)
class Burst:
    """Orders given out together, asked from what is stored of each."""

    made: Config
    together: Together

    @property
    def batch(self) -> Batch:
        assert self.together.basis is not None
        return batch_of(self.together.basis)

    @property
    def others(self) -> int:
        return len(self.together.decisions) - 1

    def snapshot(self, decision: Decision) -> Snapshot:
        return Snapshot(compile_config(self.made), workloads_of(decision.trace))

    def why_not(self, decision: Decision, id_: str) -> list[Obstacle]:
        trace = decision.trace
        return why_not(
            order_of(trace),
            AT,
            self.snapshot(decision),
            id_,
            planned=planned_of(trace),
            others=self.others,
        )

    def ways(self, decision: Decision, wanted: str = "") -> list[Way]:
        trace = decision.trace
        return smallest_changes(
            order_of(trace),
            AT,
            self.snapshot(decision),
            wanted=wanted,
            planned=planned_of(trace),
            batch=self.batch,
        )

    def each(self) -> Iterator[Decision]:
        return iter(self.together.decisions.values())


def burst(made: Config, orders: list[OrderFacts], *held: Workload) -> Burst:
    snapshot = Snapshot(compile_config(made), loads(*held))
    return Burst(made, decide_together([Asked(one) for one in orders], AT, snapshot))


def random_burst(seed: int) -> Burst:
    random = Random(seed)  # noqa: S311 -- a world, no secret
    ids = [f"R{place}" for place in range(random.randint(2, 4))]
    readers = tuple(
        reader(
            id_,
            max_concurrent_studies=random.choice((2, 4, 20)),
            max_concurrent_rvu=random.choice((None, None, Decimal(6))),
            max_studies_per_hour=random.choice((3, 12)),
        )
        for id_ in ids
    )
    held = []
    for id_ in ids:
        count = random.randint(0, 4)
        presence = random.choice((Presence.ONLINE, Presence.ONLINE, Presence.OFFLINE))
        held.append(load(id_, str(count), open_by_urgency=(0, 0, count), presence=presence))
    orders = [
        order(
            order_id=number,
            urgency=random.choice(list(Urgency)),
            rvu=Decimal(random.randint(1, 4)),
            report_due_at=AT + timedelta(minutes=random.choice((30, 240, 1440))),
        )
        for number in range(1, random.randint(3, 7))
    ]
    return burst(department(*ids, readers=readers, shifts=OPTIMAL), orders, *held)


@pytest.mark.parametrize("ten", range(6))
def test_nothing_stood_in_the_way_of_nobody_but_who_got_it(ten: int) -> None:
    for seed in range(ten * 10, ten * 10 + 10):
        found = random_burst(seed)
        for decision in found.each():
            for id_ in compile_config(found.made).people:
                obstacles = found.why_not(decision, id_)
                assert bool(obstacles) is (id_ != decision.radiologist), (seed, id_)
                assert all(obstacle_words(one) for one in obstacles)
                assert decision.radiologist or all(
                    one.hurdle not in (Hurdle.LOST, Hurdle.TOGETHER) for one in obstacles
                )


@pytest.mark.parametrize("ten", range(3))
def test_every_way_comes_true_when_all_of_them_are_decided_again(ten: int) -> None:
    told = 0
    for seed in range(ten * 10, ten * 10 + 10):
        found = random_burst(seed)
        for decision in found.each():
            own = decision.trace["order"]["order_id"]
            for wanted in ("R0", "R1") if decision.radiologist else ("",):
                for way in found.ways(decision, wanted):
                    assert wanted != decision.radiologist
                    again = _again(found, own, way)
                    assert again.outcome is Outcome.ASSIGNED, (seed, own, way)
                    assert again.radiologist == way.radiologist == (wanted or again.radiologist)
                    told += 1
    assert told > 20


def _again(found: Burst, own: int, way: Way) -> Decision:
    """Decide all of them anew in the world after the changes, without what the search made."""
    batch = found.batch
    [mine] = [one for one in batch.asked if one.order.order_id == own]
    compiled = compile_config(found.made)
    world = changed(World(mine.order, batch.at, compiled, batch.loads), way.changes)
    snapshot = Snapshot(world.compiled, world.loads)
    if world.at != batch.at:
        return batch.decision(world)
    asked = [replace(one, order=world.order) if one is mine else one for one in batch.asked]
    return decide_together(asked, batch.at, snapshot).decisions[own]


def test_who_would_have_it_alone_is_told_how_many_it_was_given_out_with() -> None:
    found = burst(department("A", "B", shifts=OPTIMAL), [order(order_id=n) for n in (1, 2, 3, 4)])
    [decision, *_] = [one for one in found.each() if one.radiologist == "B"]

    [obstacle] = found.why_not(decision, "A")

    assert (obstacle.hurdle, obstacle.params, obstacle.person) == (Hurdle.TOGETHER, (3,), "B")
    assert obstacle_words(obstacle) == (
        "would come before B for this study alone; it was given out together with 3 others, "
        "and B was the choice for all of them together"
    )


def test_how_many_is_not_told_where_it_was_not_kept() -> None:
    said = obstacle_words(Obstacle(Stage.CHOICE, Hurdle.TOGETHER, person="B"))

    assert "given out together with others, and B" in said


def test_a_seat_for_the_last_of_many_is_told_only_where_it_would_be_its_own() -> None:
    """One more seat goes to an earlier one of them: the last needs as many as wait before it."""
    found = burst(
        department("A", readers=(reader("A", max_concurrent_studies=1),), shifts=OPTIMAL),
        [order(order_id=number) for number in (1, 2, 3)],
    )
    waiting = found.together.decisions[3]

    told = [change_words(way.changes[0]) for way in found.ways(waiting)]

    assert waiting.outcome is Outcome.UNASSIGNED
    assert "the limit of A is raised: studies at once to 3" in told
    assert "the limit of A is raised: studies at once to 2" not in told
    assert not any("finishes" in words for words in told)


def test_an_order_that_waits_is_decided_after_the_others_were_given_out() -> None:
    busy = load("A", presence=Presence.BUSY, busy_until=AT + timedelta(minutes=7))
    found = burst(
        department("A", shifts=OPTIMAL), [order(order_id=number) for number in (1, 2)], busy
    )

    told = [change_words(way.changes[0]) for way in found.ways(found.together.decisions[2])]

    assert told[0] == f"it waits until {(AT + timedelta(minutes=7)).isoformat()}"
