"""A reader chosen by a person: on which shift, told in words, replayed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from apps.engine.by_hand import HandChoice, decide_by_hand, shifts_for
from apps.engine.codes import ActionType, Outcome, Strategy, Urgency
from apps.engine.decision import Decision, Snapshot, compile_config
from apps.engine.facts import Config, OrderFacts
from apps.engine.replay import replay
from apps.engine.rota import WorkType
from apps.engine.story import explain
from tests.engine.build import AT, config, department, load, loads, on, order, reader, rule, shift


def chosen(
    made: Config, id_: str, *held: Any, facts: OrderFacts | None = None, note: str = ""
) -> Decision:
    snapshot = Snapshot(compile_config(made), loads(*held))
    return decide_by_hand(facts or order(), AT, snapshot, HandChoice(id_, "user:m", note))


def shifts(made: Config, **facts: Any) -> dict[str, str]:
    found = shifts_for(order(**facts), AT, compile_config(made))
    return {id_: shift.code for id_, shift in found.items()}


def test_each_has_the_most_specific_shift_that_does_the_work() -> None:
    made = config(
        shifts=[
            shift("A_ALL", work_types=(WorkType(),), sites=None),
            shift("B_MR", work_types=(WorkType("MR"),)),
            shift("C_KNEES", work_types=(WorkType("MR", "KNEE"),)),
            shift("D_CT", work_types=(WorkType("CT"),)),
            shift("E_FAR", sites=frozenset({"FAR"})),
        ],
        readers=[reader(id_) for id_ in "ABCDE"],
        roster=[
            *on("A_ALL", "A", "B", "C"),
            *on("B_MR", "B", "C", "GHOST"),
            *on("C_KNEES", "C"),
            *on("D_CT", "D"),
            *on("E_FAR", "E"),
        ],
    )

    assert shifts(made) == {"A": "A_ALL", "B": "B_MR", "C": "C_KNEES"}


def test_shifts_that_are_never_automatic_are_for_people_to_use() -> None:
    made = department("A", shifts=(shift(priority_level=-1),))

    assert shifts(made) == {"A": "MRI_MSK"}


def test_urgency_of_a_work_type_counts() -> None:
    made = department("A", shifts=(shift(work_types=(WorkType("MR", urgency="STAT"),)),))

    assert shifts(made) == {}
    assert shifts(made, urgency=Urgency.STAT) == {"A": "MRI_MSK"}


def test_who_lacks_what_the_shift_requires_reads_off_shift() -> None:
    made = department(
        shifts=(shift(required_subspecialty="spine"),),
        readers=(reader("A", specialties=frozenset({"spine"})), reader("B")),
        roster=on("MRI_MSK", "A", "B"),
    )

    assert shifts(made) == {"A": "MRI_MSK"}


def test_nobody_works_for_a_site_that_is_not_known() -> None:
    assert shifts(department("A"), site="?") == {}


def test_choice_is_a_decision_with_its_trace() -> None:
    full = load("B", "20", open_by_urgency=(0, 0, 20))

    made = chosen(department("A", "B"), "B", full, note="they know the patient")

    assert (made.outcome, made.strategy) == (Outcome.ASSIGNED, Strategy.MANUAL)
    assert (made.radiologist, made.shift, made.escalated) == ("B", "MRI_MSK", False)
    assert made.trace == {
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
        },
        "tries": [
            {
                "pool": "by_hand",
                "strategy": "MANUAL",
                "shifts": ["MRI_MSK"],
                "out": [["B", "MRI_MSK", "capacity", "concurrent_full", 20, 20]],
                "fit": [["A", "MRI_MSK", "0/20"]],
                "chosen": "B",
            }
        ],
        "loads": {"A": [], "B": [0, 0, 20, 0, None, "20"]},
        "by_hand": {"by": "user:m", "note": "they know the patient"},
        "result": {
            "outcome": "assigned",
            "radiologist": "B",
            "shift": "MRI_MSK",
            "strategy": "MANUAL",
            "urgency": "ROUTINE",
        },
    }


def test_choice_past_a_limit_is_told_in_words() -> None:
    full = load("B", "20", open_by_urgency=(0, 0, 20))
    late = order(report_due_at=AT - timedelta(minutes=5))
    made = chosen(department("A", "B"), "B", full, facts=late, note="they know the patient")

    assert explain(made.trace) == [
        "Order ACC1 (MR KNEE, ROUTINE, site ROBINA) at 2026-02-04 12:05:00 UTC.",
        "Its report is 5 minutes late.",
        "Looked at who is on a shift for it, and at whom the person chose.",
        "B: full, 20 of 20 studies open.",
        "A: fit, 0 RVU open for 20 seats.",
        (
            "Given to B on MRI_MSK by hand, by user:m, though full, 20 of 20 studies open: "
            "they know the patient."
        ),
    ]


def test_choice_off_shift_is_told_in_words() -> None:
    made = chosen(config(readers=[reader("A")]), "A")

    assert explain(made.trace)[1:] == [
        "Looked at who is on a shift for it, and at whom the person chose.",
        "A: fit, 0 RVU open for 20 seats.",
        "Given to A, off shift, by hand, by user:m.",
    ]


@pytest.mark.parametrize("note", ["", "they know the patient"])
@pytest.mark.parametrize("id_", ["A", "B", "OFF"])
def test_choice_replays_byte_for_byte(id_: str, note: str) -> None:
    made = config(
        shifts=[shift()],
        readers=[reader("A"), reader("B"), reader("OFF")],
        roster=on("MRI_MSK", "A", "B"),
    )
    held = (
        load("A", "3.50", open_by_urgency=(1, 1, 1), last_assigned_at=AT - timedelta(minutes=3)),
        load("B", "20", open_by_urgency=(0, 0, 20)),
    )
    asked = order(report_due_at=AT + timedelta(hours=1), passed_over=frozenset({"A"}))
    first = chosen(made, id_, *held, facts=asked, note=note)
    stored = json.loads(json.dumps(first.trace))

    again = replay(stored, compile_config(made))

    assert again == first
    assert json.dumps(again.trace) == json.dumps(first.trace)


def test_what_a_rule_asks_is_told_replayed_and_not_asked_of_choices_made_before() -> None:
    conditions = {"field": "indication", "op": "contains", "value": "heart"}
    asking = rule(
        7, ActionType.REQUIRE_CREDENTIAL, "CARDIAC", conditions=conditions, is_terminal=False
    )
    first = chosen(department("A", rules=(asking,)), "A", facts=order(indication="heart failure"))
    compiled = compile_config(department("A", rules=(asking,)))

    again = replay(json.loads(json.dumps(first.trace)), compiled)

    assert json.dumps(again.trace) == json.dumps(first.trace)
    assert first.trace["tries"][0]["out"] == [
        ["A", "MRI_MSK", "competency", "credential_of_rule_missing", "CARDIAC", asking.name]
    ]
    assert f"A: lacks the credential CARDIAC, which rule “{asking.name}” asks for." in explain(
        first.trace
    )
    # As it was written before rules were asked: neither the rule nor what it reads.
    plain = chosen(department("A"), "A", facts=order(indication="heart failure"))
    assert replay(json.loads(json.dumps(plain.trace)), compiled).trace == plain.trace
