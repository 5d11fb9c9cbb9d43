"""What holds in every department: random small worlds, checked against plain re-statements."""

from __future__ import annotations

import json
import re
from collections.abc import Set
from dataclasses import fields, replace
from datetime import date
from fractions import Fraction
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.choice import Tie
from apps.engine.codec import canonical
from apps.engine.codes import ActionType, Outcome, Presence, Reason, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, compile_config, decide
from apps.engine.facts import Config, Credential, Dated, RadiologistFacts, SiteFacts
from apps.engine.favour import Cause
from apps.engine.replay import config_from_json, config_to_json, replay
from apps.engine.rota import ShiftFacts
from apps.engine.story import explain
from apps.engine.targets import read_target
from apps.engine.vocabulary import REGIONS
from tests.engine.plain_roster import There, there
from tests.engine.worlds import World, any_world, random_world

worlds = st.integers(0, 2**32).map(any_world)


def answer(world: World) -> Decision:
    snapshot = Snapshot(compile_config(world.config), world.loads)
    return decide(world.order, world.at, snapshot, widen=world.widen, relieve=world.relieve)


def shuffled(config: Config, random: Random) -> Config:
    names = [
        field.name for field in fields(config) if isinstance(getattr(config, field.name), tuple)
    ]
    parts: dict[str, Any] = {}
    for name in names:
        part = list(getattr(config, name))
        random.shuffle(part)
        parts[name] = tuple(part)
    return replace(config, **parts)


def check_same_answer(world: World) -> None:
    assert answer(world) == answer(world)


def check_input_order(world: World) -> None:
    random = Random(1)  # noqa: S311 -- any other order will do
    turned = replace(world, config=shuffled(world.config, random))
    turned = replace(turned, loads=dict(reversed(turned.loads.items())))

    assert answer(turned) == answer(world)
    assert canonical(config_to_json(turned.config)) == canonical(config_to_json(world.config))


def check_replay(world: World) -> None:
    decision = answer(world)
    trace = json.loads(json.dumps(decision.trace))
    areas = json.loads(canonical(config_to_json(world.config)))
    compiled = compile_config(config_from_json(areas, trace["versions"]))

    assert canonical(replay(trace, compiled).trace) == canonical(decision.trace)
    assert replay(trace, compiled) == decision


def check_explained(world: World) -> None:
    decision = answer(world)
    said = "\n".join(explain(decision.trace))

    for tried in decision.trace.get("tries", ()):
        # Those who fare alike share a sentence, which names the first few and counts the others.
        seen = {row[0] for row in (*tried["out"], *tried["fit"])}
        unnamed = {id_ for id_ in seen if not re.search(rf"(?<!\w){re.escape(id_)}(?!\w)", said)}
        assert not unnamed or re.search(r"and \d+ others", said)
        assert tried.get("chosen", "") in said
    assert said.endswith(".")


# Fitness, said again as plainly as possible and without the engine's own steps.


def is_valid(item: Credential | Dated, on: date) -> bool:
    return (item.start_on or date.min) <= on <= (item.end_on or date.max)


def covers(wanted: str, part: str) -> bool:
    return wanted == "" or (part != "" and (wanted == part or part in REGIONS.get(wanted, ())))


def is_competent(
    person: RadiologistFacts,
    shift: ShiftFacts | None,
    world: World,
    required: Set[str] = frozenset(),
) -> bool:
    order = world.order
    site = site_of(world)
    on = world.at.astimezone(ZoneInfo(site.zone)).date()
    credentials = {item.name for item in person.credentials if is_valid(item, on)}
    needed = {order.required_subspecialty, shift.required_subspecialty if shift else ""} - {""}
    return (
        order.required_credentials | required <= credentials
        and needed <= person.specialties
        and (
            not site.requires_licence
            or any(
                item.jurisdiction == site.jurisdiction and is_valid(item, on)
                for item in person.licences
            )
        )
        and (
            not site.requires_privilege
            or any(
                item.site in ("", order.site) and covers(item.body_part, order.body_part)
                for item in person.privileges
            )
        )
    )


def site_of(world: World) -> SiteFacts:
    return next(site for site in world.config.sites if site.code == world.order.site)


def has_seat(person: RadiologistFacts, world: World, *, passes_hourly: bool) -> bool:
    load = world.loads.get(person.id)
    if load is None:
        return person.max_concurrent_studies > 0 and person.max_studies_per_hour > 0
    hourly = load.assigned_last_hour < person.max_studies_per_hour and (
        person.max_rvu_per_hour is None or load.rvu_last_hour < person.max_rvu_per_hour
    )
    return (
        sum(load.open_by_urgency) < person.max_concurrent_studies
        and (person.max_concurrent_rvu is None or load.open_rvu < person.max_concurrent_rvu)
        and (passes_hourly or hourly)
    )


def load_of(person: RadiologistFacts, world: World) -> Fraction:
    load = world.loads.get(person.id)
    return Fraction(load.open_rvu if load else 0) / person.max_concurrent_studies


def has_less_load(person: RadiologistFacts, world: World) -> bool:
    had = [one for one in world.config.radiologists if one.id == world.relieve]
    return all(load_of(person, world) < load_of(one, world) for one in had)


def check_who_is_there(world: World) -> None:
    compiled = compile_config(world.config)
    running = compiled.coverage_at(world.at).running

    assert {
        code: There(who.started_on, who.people, who.on_leave, who.on_other_work)
        for code, who in running.items()
    } == {
        shift.code: who
        for shift in world.config.shifts
        if (who := there(world.config, shift, world.at))
    }


def check_no_unfit_reader(world: World) -> None:
    decision = answer(world)
    if decision.outcome is not Outcome.ASSIGNED:
        return
    [person] = [one for one in world.config.radiologists if one.id == decision.radiologist]
    shift = next((one for one in world.config.shifts if one.code == decision.shift), None)
    load = world.loads.get(person.id)
    before_sla = decision.escalated and decision.trace["escalated_by"] != "sla"

    assert person.is_active
    assert person.id not in world.order.passed_over
    assert has_less_load(person, world)
    assert person.id not in asked_for(decision, ActionType.EXCLUDE)
    required = asked_for(decision, ActionType.REQUIRE_CREDENTIAL)
    assert is_competent(person, shift, world, required)
    assert has_seat(person, world, passes_hourly=before_sla or decision.urgency is Urgency.STAT)
    if decision.strategy is Strategy.RULE:
        return
    assert load is None or load.presence not in (Presence.OFFLINE, Presence.BUSY)
    # Whom a rule's shared list names is on it by name; everybody else by a shift that runs.
    if person.id not in asked_for(decision, ActionType.ASSIGN_TO_WORKLIST):
        assert shift is not None
        who = there(world.config, shift, world.at)
        assert who is not None
        assert person.id in who.people


def asked_for(decision: Decision, action: ActionType) -> set[str]:
    """Return what the rules that held by then name; a rule that decides runs no others."""
    return {
        name
        for _id, _version, _name, does, target in decision.trace.get("rules", ())
        if does == action
        for name in read_target(action, target).named
    }


def check_least_load(world: World) -> None:
    decision = answer(world)
    if decision.strategy is not Strategy.LOAD_BALANCED:
        return
    tried = decision.trace["tries"][-1]
    late = {row[0] for row in tried.get("late", ())}
    fit = {row[0]: Fraction(*map(Fraction, row[2].split("/"))) for row in tried["fit"]}
    in_time = {id_: load for id_, load in fit.items() if id_ not in late} or fit
    _cause, _rule, *first = tried.get("favour", ["", None, *in_time])

    assert decision.radiologist is not None
    assert in_time[decision.radiologist] == min(in_time[id_] for id_ in first)


def check_broken_rules_stop_nothing(world: World) -> None:
    """A world with the rules that cannot be used taken out comes to the same."""
    decision = answer(world)
    broken = {row[0] for row in decision.trace.get("skipped", ())}
    usable = tuple(rule for rule in world.config.rules if rule.id not in broken)
    without = answer(replace(world, config=replace(world.config, rules=usable)))

    assert not broken & {id_ for id_, _ in decision.matched_rules}
    assert replace(without, trace={}) == replace(decision, trace={})
    assert without.trace.get("tries") == decision.trace.get("tries")


def check_nobody_fit_is_left_over(world: World) -> None:
    """Where no rule interferes, an unassigned order has nobody on a fitting shift who is fit."""
    plain = replace(world, config=replace(world.config, rules=()))
    decision = answer(plain)
    if decision.outcome is not Outcome.UNASSIGNED or decision.reason is Reason.UNKNOWN_SITE:
        return
    people = {person.id: person for person in plain.config.radiologists}
    shifts = {shift.code: shift for shift in plain.config.shifts}
    for tried in decision.trace.get("tries", ()):
        assert tried["fit"] == []
        is_widened = tried["pool"] in ("cluster", "national")
        passes = decision.urgency is Urgency.STAT or is_widened
        for id_, code, step, why, *_ in tried["out"]:
            if step == "competency":
                assert not is_competent(people[id_], shifts[code], plain)
            if why == "no_less_load":
                assert not has_less_load(people[id_], plain)
            elif step == "capacity":
                assert not has_seat(people[id_], plain, passes_hourly=passes)


def check_memory_changes_nothing(world: World) -> None:
    """A configuration that has answered much answers as a fresh one does."""
    used = Snapshot(compile_config(world.config), world.loads)
    for seed in range(3):
        other = random_world(seed)
        decide(other.order, other.at, used)

    second = decide(world.order, world.at, used, widen=world.widen, relieve=world.relieve)
    assert second == answer(world)


CHECKS = (
    check_same_answer,
    check_input_order,
    check_replay,
    check_explained,
    check_who_is_there,
    check_no_unfit_reader,
    check_least_load,
    check_broken_rules_stop_nothing,
    check_nobody_fit_is_left_over,
    check_memory_changes_nothing,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
@settings(max_examples=100, deadline=None)
@given(world=worlds)
def test_in_every_world(check: object, world: World) -> None:
    assert callable(check)
    check(world)


@pytest.mark.long
def test_ten_thousand_worlds() -> None:
    for seed in range(10_000):
        world = any_world(seed)
        for check in CHECKS:
            check(world)


def test_the_worlds_are_worth_asking() -> None:
    decisions = [answer(any_world(seed)) for seed in range(1_000)]

    assert {decision.outcome for decision in decisions} == set(Outcome)
    assert {
        Reason.NO_SHIFT,
        Reason.NO_ROSTER,
        Reason.NO_COMPETENCY,
        Reason.PASSED_OVER,
        Reason.AT_CAPACITY,
        Reason.EXCLUDED,
        Reason.HELD,
        Reason.RULE_STRICT,
        Reason.UNKNOWN_SITE,
        Reason.WORKLIST,
    } <= {decision.reason for decision in decisions}
    assert {decision.strategy for decision in decisions} >= {*Strategy} - {Strategy.MANUAL}
    traces = [decision.trace for decision in decisions]
    assert {row[3] for trace in traces for row in trace.get("rules", ())} == {*ActionType}
    chosen = [trace["tries"][-1] for trace in traces if trace["result"]["outcome"] == "assigned"]
    assert {tried["by"] for tried in chosen} >= {*Tie} - {Tie.TOGETHER}
    assert {tried["favour"][0] for tried in chosen if "favour" in tried} == {*Cause}
    assert sum(len(tried["fit"]) > 1 for tried in chosen) > 100
    assert sum("skipped" in trace for trace in traces) > 20
