"""Two ways in one run come to what each comes to alone, decided anew for every order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from apps.engine.codes import ActionType, Strategy
from apps.engine.decision import CompiledConfig, Snapshot, compile_config
from apps.engine.facts import Config, OrderFacts, Workload
from apps.engine.rehearsal import (
    Case,
    Conduct,
    Decider,
    EngineDecider,
    Rehearsal,
    Study,
    Tally,
    Verdict,
    compile_both,
    deciders_of,
)
from apps.engine.rehearsal.both import _Alongside
from tests.engine.build import AT, department, order, reader, rule, shift
from tests.engine.worlds import _order, random_world

_OF_QUEUE = {"case", "kind"}
MINUTE = timedelta(minutes=1)


class Plain:
    """Decides as if nobody had ever asked before: all compiled anew, loads in a plain table."""

    def __init__(self, config: Config) -> None:
        self._compiled = compile_config(config)

    def decide(
        self,
        order: OrderFacts,
        at: datetime,
        loads: Mapping[str, Workload],
        *,
        widen: bool = False,
        relieve: str = "",
    ) -> Verdict:
        self._compiled.forget()
        plain = {id_: loads[id_] for id_ in loads}
        decider = EngineDecider(self._compiled)
        return decider.decide(order, at, plain, widen=widen, relieve=relieve)


def told(study: Study) -> list[str]:
    return [
        str(study.order.order_id),
        *(
            str(sorted(value) if isinstance(value, frozenset) else value)
            for field in fields(study)
            if field.name not in _OF_QUEUE
            for value in [getattr(study, field.name)]
        ),
    ]


Outcome = tuple[list[list[str]], dict[str, Any], int]


class Way:
    def __init__(
        self, config: CompiledConfig, decider: Decider, at: datetime, conduct: Conduct
    ) -> None:
        self.over: list[list[str]] = []
        self.tally = Tally()
        self.rehearsal = Rehearsal(config, at, self._take, conduct=conduct, decider=decider)

    def _take(self, study: Study) -> None:
        self.over.append(told(study))
        self.tally.add(study)

    def end(self, at: datetime) -> Outcome:
        rehearsal = self.rehearsal
        rehearsal.run_to(at)
        hours = rehearsal.hours()
        rehearsal.close(at + timedelta(hours=12))
        figures = self.tally.told(rehearsal.hands.by_id, hours)
        return self.over, figures, rehearsal.decisions


def alone(config: Config, cases: list[Case], at: datetime, conduct: Conduct) -> Outcome:
    way = Way(compile_config(config), Plain(config), at, conduct)
    for one in cases:
        way.rehearsal.take(one)
    return way.end(cases[-1].ready_at)


def both(
    before: Config, after: Config, cases: list[Case], at: datetime, conduct: Conduct
) -> list[Outcome]:
    compiled = compile_both(before, after)
    ways = [
        Way(one, decider, at, conduct)
        for one, decider in zip(compiled, deciders_of(*compiled), strict=True)
    ]
    for case in cases:
        for way in ways:
            way.rehearsal.take(case)
    return [way.end(cases[-1].ready_at) for way in ways]


def _cases(random: Random, at: datetime) -> list[Case]:
    cases = []
    for number in range(40):
        at += timedelta(seconds=random.choice((1, 60, 300, 900)))
        dues = tuple(at + timedelta(minutes=minutes) for minutes in (30, 90, 300))
        facts = replace(_order(random, at), order_id=number, received_at=at)
        if random.random() < 0.7:
            facts = replace(facts, required_credentials=frozenset(), required_subspecialty="")
        facts = replace(facts, report_due_at=dues[facts.urgency.rank])
        ends_at = at + 20 * MINUTE if random.random() < 0.1 else None
        patient = random.choice(("", "p", "q"))
        seconds = random.expovariate(1 / 400)
        cases.append(Case(facts, at, seconds, dues, ends_at, patient=patient))  # type: ignore[arg-type]
    return cases


def _changed(random: Random, config: Config) -> Config:
    """Return the department with rules away, turned round, or chosen otherwise."""
    rules = list(config.rules)
    match random.randrange(4):
        case 0:
            rules = rules[1:]
        case 1:
            rules = rules[:-1] + [replace(one, priority_order=1) for one in rules[-1:]]
        case 2:
            shifts = tuple(replace(one, strategy=Strategy.FAIR) for one in config.shifts)
            return replace(config, shifts=shifts)
        case _:
            weights = replace(config.weights, open_share=config.weights.open_share * 2)
            return replace(config, weights=weights)
    return replace(config, rules=tuple(rules))


@pytest.mark.parametrize("seed", range(40))
def test_both_ways_come_to_what_each_comes_to_alone(seed: int) -> None:
    random, world = Random(seed), random_world(seed)  # noqa: S311 -- made-up worlds, no secret
    before = world.config
    after = _changed(random, before)
    conduct = Conduct(together=random.choice(("off", "patient")), prefers_priors=True)
    cases = _cases(random, world.at)
    expected = [alone(config, cases, world.at, conduct) for config in (before, after)]
    assert both(before, after, cases, world.at, conduct) == expected


def _case(number: int, **changes: Any) -> Case:
    at = AT + number * MINUTE
    return Case(
        replace(order(order_id=number, received_at=at, **changes), report_due_at=None), at, 600
    )


def _asking(config: Config, other: Config, cases: list[Case]) -> tuple[list[int], list[Verdict]]:
    """Return which orders the second way decided itself, and what it came to."""
    compiled = compile_both(config, other)
    leading, following = deciders_of(*compiled)
    asked: list[int] = []
    own = following._own  # type: ignore[attr-defined]

    class Noting:
        def decide(self, order: OrderFacts, *rest: Any, **more: Any) -> Verdict:
            asked.append(order.order_id)
            verdict: Verdict = own.decide(order, *rest, **more)
            return verdict

    following._own = Noting()  # type: ignore[attr-defined]
    found = []
    for case in cases:
        leading.decide(case.order, case.ready_at, {})
        found.append(following.decide(case.order, case.ready_at, {}))
    return asked, found


def test_the_second_way_decides_itself_only_from_where_a_changed_rule_has_a_say() -> None:
    made = department("A", "B")
    hips = rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "B", conditions={
        "all": [{"field": "body_part", "op": "=", "value": "HIP"}],
    })  # fmt: skip
    drafted = replace(made, rules=(hips,))
    cases = [_case(1), _case(2), _case(3, body_part="HIP"), _case(4)]
    asked, found = _asking(made, drafted, cases)
    assert asked == [3, 4]
    assert [one.reader for one in found] == ["A", "A", "B", "A"]


def test_a_changed_rule_that_says_the_same_keeps_both_together() -> None:
    made = department("A", "B")
    drafted = replace(made, rules=(rule(1, ActionType.ASSIGN_TO_RADIOLOGIST, "C"),))
    asked, found = _asking(made, drafted, [_case(1), _case(2)])
    assert asked == [1, 2]
    assert {one.reader for one in found} == {"A"}


def test_a_rule_on_an_urgency_that_another_rule_gives_has_a_say() -> None:
    urgent = rule(1, ActionType.SET_PRIORITY, "STAT", is_terminal=False)
    to_b = rule(2, ActionType.ASSIGN_TO_RADIOLOGIST, "B", conditions={
        "all": [{"field": "urgency", "op": "=", "value": "STAT"}],
    })  # fmt: skip
    made = replace(department("A", "B"), rules=(urgent,))
    _, found = _asking(made, replace(made, rules=(urgent, to_b)), [_case(1)])
    assert found[0].reader == "B"


def test_who_is_there_is_worked_out_once_where_it_is_the_same() -> None:
    made = department("A", "B")
    first, second = compile_both(made, replace(made, rules=(rule(1, ActionType.EXCLUDE, "A"),)))
    assert second.coverage_at(AT) is first.coverage_at(AT)
    others = replace(made, radiologists=(reader("A"), reader("B", max_concurrent_studies=1)))
    first, second = compile_both(made, others)
    assert not isinstance(second, _Alongside)
    assert second.coverage_at(AT) is not first.coverage_at(AT)
    fair = replace(made, shifts=(shift(strategy=Strategy.FAIR),))
    first, second = compile_both(made, fair)
    assert second.coverage_at(AT) is not first.coverage_at(AT)


def test_what_is_shared_changes_no_answer() -> None:
    made = department("A", "B")
    after = replace(made, rules=(rule(1, ActionType.EXCLUDE, "A", is_terminal=False),))
    _, second = compile_both(made, after)
    shared = EngineDecider(second).decide(order(), AT, {})
    assert shared == EngineDecider(compile_config(after)).decide(order(), AT, {})
    assert Snapshot(second).compiled.reading_ahead(AT, "B") == compile_config(after).reading_ahead(
        AT, "B"
    )


def _decisions(config: Config, until: timedelta) -> tuple[int, str]:
    found: list[Study] = []
    rehearsal = Rehearsal(compile_config(config), AT, found.append)
    rehearsal.take(_case(1))
    rehearsal.close(AT + until)
    return rehearsal.decisions, found[0].reader


def test_what_only_a_seat_or_a_shift_could_place_is_not_tried_each_hour() -> None:
    # 22:05 in Brisbane; nobody is active, and no rule reads the clock.
    made = department("A", readers=(replace(reader("A"), is_active=False),))
    assert _decisions(made, timedelta(minutes=110)) == (1, "")


def _held_while(condition: dict[str, Any]) -> Config:
    held = rule(1, ActionType.HOLD, "later", conditions={"all": [condition]})
    return replace(department("A"), rules=(held,))


def test_what_a_rule_holds_until_an_hour_is_tried_again_by_the_clock() -> None:
    made = _held_while({"field": "time_of_day", "op": "between", "value": ["22:00", "22:30"]})
    assert _decisions(made, timedelta(minutes=70)) == (2, "A")


def test_a_new_day_is_asked_again_though_no_rule_reads_the_time() -> None:
    made = _held_while({"field": "weekday", "op": "=", "value": "Wed"})
    assert _decisions(made, timedelta(hours=5)) == (2, "A")


def test_a_shared_list_is_tried_again_as_those_who_share_it_may_be_full() -> None:
    shared = rule(1, ActionType.ASSIGN_TO_WORKLIST, '["B"]')
    made = replace(department("A", "B"), rules=(shared,))
    assert _decisions(made, timedelta(minutes=70))[1] == "B"
