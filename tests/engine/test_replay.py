"""Stored decisions made again, and configurations written and read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.engine.codec import canonical
from apps.engine.codes import ActionType, Presence, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, compile_config, decide
from apps.engine.facts import Config, Credential, Dated, OrderFacts, SiteFacts, Weights, Workload
from apps.engine.replay import config_from_json, config_to_json, replay, workloads_of
from apps.engine.rota import LeaveFacts, RosterRow, SwapFacts
from tests.engine.build import (
    AT,
    ROBINA,
    config,
    department,
    load,
    loads,
    on,
    order,
    reader,
    rule,
    shift,
)

TODAY = date(2026, 2, 4)
FULL = config(
    (
        shift("ROUND", strategy=Strategy.ROUND_ROBIN, sites=None),
        shift("NIGHT", start_local=time(22, 30), end_local=time(6), weekdays=frozenset({1, 5})),
        shift("GONE", sites=frozenset(), required_subspecialty="x"),
    ),
    (
        reader(
            "A",
            credentials=(Credential("C", TODAY, None),),
            specialties=frozenset({"b", "a"}),
            max_concurrent_rvu=Decimal("10.50"),
            licences=(Dated(jurisdiction="QLD", end_on=TODAY),),
        ),
        reader("B", is_active=False),
    ),
    (*on("ROUND", "A", "B"), RosterRow("NIGHT", "A", TODAY, TODAY)),
    sites=(SiteFacts("ROBINA", "GC", "Australia/Brisbane", "QLD", requires_licence=True),),
    rules=(
        rule(1, ActionType.HOLD, "x", conditions={"field": "rvu", "op": ">", "value": 1.5}),
        rule(2, ActionType.EXCLUDE, '["Z"]', active_from=AT, active_until=AT + timedelta(days=1)),
    ),
    leaves=(LeaveFacts("B", TODAY, TODAY),),
    swaps=(SwapFacts("ROUND", "B", "A", TODAY, TODAY),),
    extras=(RosterRow("ROUND", "A", TODAY, None),),
    weights=Weights(start=Decimal("99.5")),
    holidays={"ROBINA": frozenset({TODAY})},
    regions={"MSK": frozenset({"KNEE"})},
)


def test_a_configuration_comes_back_equal() -> None:
    areas = json.loads(canonical(config_to_json(FULL)))

    back = config_from_json(areas, FULL.versions)

    assert set(areas) == {"catalog", "roster", "rules"}
    assert back == replace(
        FULL,
        shifts=back.shifts,
        radiologists=back.radiologists,
        roster=back.roster,
        rules=back.rules,
    )
    for part in ("shifts", "radiologists", "roster", "rules"):
        assert sorted(getattr(back, part), key=repr) == sorted(getattr(FULL, part), key=repr)


def test_equal_configurations_are_equal_bytes_whatever_their_order() -> None:
    turned = replace(
        FULL,
        shifts=FULL.shifts[::-1],
        radiologists=FULL.radiologists[::-1],
        roster=FULL.roster[::-1],
        rules=FULL.rules[::-1],
    )

    assert canonical(config_to_json(turned)) == canonical(config_to_json(FULL))


def test_decimals_are_text_and_defaults_left_out() -> None:
    areas = config_to_json(department("A", sites=(ROBINA,)))

    assert areas["catalog"]["sites"] == [
        {"cluster": "GOLD_COAST", "code": "ROBINA", "zone": "Australia/Brisbane"}
    ]
    assert areas["rules"] == {"rules": [], "weights": {}, "balance": {}}
    assert config_to_json(FULL)["rules"]["weights"] == {"start": "99.5"}


def again(decision: Decision, made: Config) -> Decision:
    """Replay from stored bytes alone: the trace's and the configuration's."""
    trace = json.loads(json.dumps(decision.trace))
    areas = json.loads(canonical(config_to_json(made)))
    return replay(trace, compile_config(config_from_json(areas, trace["versions"])))


def check_replay(made: Config, asked: OrderFacts, *held: Workload, **changes: Any) -> None:
    at = changes.pop("at", AT)
    decision = decide(asked, at, Snapshot(compile_config(made), loads(*held)), **changes)

    second = again(decision, made)

    assert second == decision
    assert canonical(second.trace) == canonical(decision.trace)


def test_somebody_who_was_busy_for_some_minutes_is_so_again() -> None:
    """The refusal says the minutes, so that the trace would show another figure."""
    busy = load("A", presence=Presence.BUSY, busy_until=AT + timedelta(minutes=6, seconds=30))
    decision = decide(order(), AT, Snapshot(compile_config(department("A", "B")), loads(busy)))

    assert decision.trace["tries"][0]["out"] == [["A", "MRI_MSK", "roster", "busy", 7]]
    assert workloads_of(decision.trace)["A"].busy_until == busy.busy_until
    check_replay(department("A", "B"), order(), busy)


def ago(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


BUSY = load(
    "A",
    "3.50",
    presence=Presence.AWAY,
    last_activity_at=ago(12.000001),
    open_by_urgency=(1, 2, 3),
    assigned_last_hour=4,
    rvu_last_hour=Decimal("6.10"),
    last_assigned_at=ago(-3),
    mean_turnaround_minutes=Decimal("12.50"),
    last_on_shift={"MRI_MSK": ago(77), "OTHER": ago(1)},
)
RICH = order(
    report_due_at=AT + timedelta(minutes=61, microseconds=1),
    required_credentials=frozenset({"X", "C"}),
    required_subspecialty="musculoskeletal",
    rvu=Decimal("1.10"),
    patient_birth_on=TODAY,
    indication="secret",
    received_at=AT.astimezone(ZoneInfo("Europe/Berlin")) - timedelta(minutes=5),
)


@pytest.mark.parametrize("strategy", [*Strategy][:4])
@pytest.mark.parametrize("held", [(), (BUSY,), (BUSY, load("B", "0.00"), load("C", "1.0"))])
@pytest.mark.parametrize("urgency", [Urgency.STAT, Urgency.ROUTINE])
def test_a_decision_replays_to_the_byte(
    strategy: Strategy, held: tuple[Workload, ...], urgency: Urgency
) -> None:
    made = department("A", "B", "C", shifts=(shift(strategy=strategy),))

    check_replay(made, order(urgency=urgency, report_due_at=AT + timedelta(minutes=61)), *held)


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (ActionType.ASSIGN_TO_SHIFT, "MRI_MSK"),
        (ActionType.ASSIGN_TO_SHIFT, "NONE"),
        (ActionType.ASSIGN_TO_RADIOLOGIST, "B"),
        (ActionType.ESCALATE, ""),
        (ActionType.HOLD, "because"),
        (ActionType.EXCLUDE, '["A"]'),
        (ActionType.SET_PRIORITY, "STAT"),
        (ActionType.SET_PRIORITY, "broken"),
    ],
)
@pytest.mark.parametrize("is_strict", [True, False])
def test_every_action_replays(action: ActionType, target: str, is_strict: bool) -> None:
    conditions = {"all": [{"field": "patient_age", "op": "<", "value": 1}]}
    ruled = rule(1, action, target, is_strict=is_strict, conditions=conditions)
    made = department("A", "B", rules=(ruled,))

    check_replay(made, RICH, BUSY)
    check_replay(made, replace(RICH, required_credentials=frozenset(), required_subspecialty=""))


def test_what_a_rule_reads_of_the_study_replays() -> None:
    conditions = {"all": [{"field": "rvu", "op": ">", "value": 1}]}
    made = department("A", rules=(rule(1, ActionType.HOLD, "heavy", conditions=conditions),))

    check_replay(made, order(rvu=Decimal("1.10")))
    check_replay(made, order(rvu=Decimal("0.90")))


def test_outcomes_without_a_reader_replay() -> None:
    check_replay(config(), order())
    check_replay(config(), order(site=""))
    check_replay(config(), order(body_part="", modality="", issuer="", accession=""), widen=True)
    check_replay(department("A"), order(), load("A", presence=Presence.OFFLINE), widen=True)


def test_the_moment_may_be_in_any_zone() -> None:
    made = department("A", "B", shifts=(shift(strategy=Strategy.ROUND_ROBIN),))
    there = AT.astimezone(ZoneInfo("Australia/Brisbane"))

    check_replay(made, RICH, BUSY, at=there)
    snapshot = Snapshot(compile_config(made), loads(BUSY))
    assert decide(RICH, there, snapshot) == decide(RICH, AT, snapshot)


def test_a_moment_without_zone_is_refused() -> None:
    snapshot = Snapshot(compile_config(department("A")))

    with pytest.raises(ValueError, match="needs a zone"):
        decide(order(), AT.replace(tzinfo=None), snapshot)


def test_the_trace_keeps_of_the_patient_only_what_a_rule_looked_at() -> None:
    nothing = decide(RICH, AT, Snapshot(compile_config(department("A"))))
    conditions = {"any": [{"field": "patient_age", "op": ">", "value": 3}]}
    looked = department("A", rules=(rule(1, ActionType.HOLD, "x", conditions=conditions),))
    age = decide(RICH, AT, Snapshot(compile_config(looked)))

    assert "secret" not in canonical(nothing.trace)
    assert "patient_birth_on" not in nothing.trace["order"]
    assert age.trace["order"]["patient_birth_on"] == "2026-02-04"
    assert "indication" not in age.trace["order"]


def test_workloads_come_back_from_the_trace() -> None:
    made = department("A", "B", shifts=(shift(strategy=Strategy.ROUND_ROBIN),))
    decision = decide(order(), AT, Snapshot(compile_config(made), loads(BUSY)))

    found = workloads_of(json.loads(json.dumps(decision.trace)))

    assert found == {
        "A": replace(BUSY, last_on_shift={"MRI_MSK": ago(77)}),
        "B": Workload("B"),
    }


def test_a_trace_as_a_whole() -> None:
    made = department(
        "A",
        "B",
        "C",
        readers=(reader("A"), reader("B", max_concurrent_studies=25), reader("C")),
        rules=(rule(7, ActionType.SET_PRIORITY, "URGENT"),),
    )
    held = (
        load("A", open_by_urgency=(0, 0, 20)),
        load("B", "2.50", open_by_urgency=(0, 1, 0), last_assigned_at=ago(60)),
    )
    asked = order(report_due_at=AT + timedelta(hours=4))

    decision = decide(asked, AT, Snapshot(compile_config(made), loads(*held)))

    assert decision.trace == {
        "v": 1,
        "at": "2026-02-04T12:05:00+00:00",
        "versions": {"catalog": 1, "roster": 2, "rules": 3},
        "order": {
            "order_id": 1,
            "issuer": "RIS",
            "accession": "ACC1",
            "site": "ROBINA",
            "modality": "MR",
            "body_part": "KNEE",
            "urgency": "ROUTINE",
            "received_at": "2026-02-04T12:05:00+00:00",
            "report_due_at": "2026-02-04T16:05:00+00:00",
        },
        "rules": [[7, 1, "rule 7", "SET_PRIORITY", "URGENT"]],
        "minutes_left": 240,
        "tries": [
            {
                "pool": "level",
                "strategy": "LOAD_BALANCED",
                "level": 10,
                "shifts": ["MRI_MSK"],
                "out": [["A", "MRI_MSK", "capacity", "concurrent_full", 20, 20]],
                "fit": [["B", "MRI_MSK", "2.50/25"], ["C", "MRI_MSK", "0/20"]],
                "chosen": "C",
                "by": "load",
            }
        ],
        "loads": {"A": [0, 0, 20], "B": [0, 1, 0, 0, 60_000_000, "2.50"], "C": []},
        "result": {
            "outcome": "assigned",
            "radiologist": "C",
            "shift": "MRI_MSK",
            "strategy": "LOAD_BALANCED",
            "urgency": "URGENT",
        },
    }


def test_utc_is_the_zone_of_every_moment_kept() -> None:
    decision = decide(RICH, AT, Snapshot(compile_config(department("A"))))

    assert (
        decision.trace["order"]["received_at"]
        == (AT - timedelta(minutes=5)).astimezone(UTC).isoformat()
    )


OWN_RULE = rule(
    1,
    ActionType.USE_STRATEGY,
    "SCORED",
    conditions={"field": "own.room", "op": "=", "value": "Bay 3"},
)
OWN = {"room": "Bay 3", "next_of_kin": "Doe, John"}


def test_of_a_senders_own_fields_only_those_that_rules_read_are_kept_and_they_replay() -> None:
    made = department("A", "B", rules=(OWN_RULE,))
    decision = decide(order(own=OWN), AT, Snapshot(compile_config(made), {}))
    stored = json.loads(canonical(decision.trace))

    again = replay(stored, compile_config(made))

    assert decision.strategy is Strategy.SCORED
    assert stored["order"]["own.room"] == "Bay 3"
    assert "next_of_kin" not in canonical(stored)
    assert canonical(again.trace) == canonical(stored)


def test_an_older_trace_with_all_own_fields_replays() -> None:
    made = department("A", "B", rules=(OWN_RULE,))
    stored = decide(order(own=OWN), AT, Snapshot(compile_config(made), {})).trace
    del stored["order"]["own.room"]
    stored["order"]["own"] = OWN

    again = replay(stored, compile_config(made))

    assert again.strategy is Strategy.SCORED
    assert canonical(again.trace) == canonical(stored)
