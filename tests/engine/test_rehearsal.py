"""Days played through: who reads what when, and that it is what the live decision would be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.codes import ActionType, Reason, Strategy, Urgency
from apps.engine.decision import Snapshot, compile_config, decide
from apps.engine.facts import Config
from apps.engine.rehearsal import Case, Conduct, Mate, Opening, Rehearsal, Study, Tally
from tests.engine.build import AT, department, load, loads, on, order, reader, rule, shift

MINUTE = timedelta(minutes=1)
TEN = 600.0


def case(number: int, minutes: float = 0, seconds: float = TEN, **changes: Any) -> Case:
    at = AT + timedelta(minutes=minutes)
    more = {name: changes.pop(name) for name in _OF_THE_CASE if name in changes}
    facts = order(order_id=number, received_at=at, **changes)
    dues = more.pop("dues", None) or tuple(at + timedelta(minutes=m) for m in (60, 240, 1440))
    facts = replace(facts, report_due_at=dues[facts.urgency.rank])
    return Case(facts, at, seconds, dues, **more)


_OF_THE_CASE = ("dues", "ends_at", "reassign_after", "patient", "linked", "earlier")


def played(
    made: Config, *cases: Case, until: float = 600, conduct: Conduct | None = None
) -> dict[int, Study]:
    """Return what became of each, by the order's id."""
    over: dict[int, Study] = {}
    rehearsal = Rehearsal(
        compile_config(made),
        AT,
        lambda study: over.update({study.order.order_id: study}),
        conduct=conduct or Conduct(),
    )
    for one in cases:
        rehearsal.take(one)
    rehearsal.close(AT + timedelta(minutes=until))
    return over


def minutes_of(study: Study) -> float | None:
    return None if study.done_at is None else (study.done_at - AT) / MINUTE


@pytest.mark.parametrize("seed", range(20))
def test_leaving_out_the_trace_changes_no_decision(seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    made = department(
        *"ABCDE",
        rules=(
            rule(1, ActionType.EXCLUDE, random.choice("ABCDE"), is_terminal=False),
            rule(2, ActionType.SET_PRIORITY, random.choice(("STAT", "ROUTINE"))),
        ),
        shifts=(shift(strategy=random.choice([one for one in Strategy if one in _CHOOSING])),),
    )
    held = loads(*(load(id_, str(random.randint(0, 9))) for id_ in "ABCDE"))
    snapshot = Snapshot(compile_config(made), held)
    explained = decide(order(), AT, snapshot)
    plain = decide(order(), AT, snapshot, with_trace=False)
    assert plain == replace(explained, trace={})
    assert explained.trace


_CHOOSING = (
    *(Strategy.LOAD_BALANCED, Strategy.SCORED, Strategy.ROUND_ROBIN),
    *(Strategy.URGENT, Strategy.FAIR),
)


def test_one_reader_reads_one_at_a_time_and_the_urgent_first() -> None:
    over = played(department("A"), case(1), case(2, 1), case(3, 2, urgency=Urgency.STAT))
    assert {number: minutes_of(study) for number, study in over.items()} == {1: 10, 3: 20, 2: 30}


def test_work_goes_to_whoever_has_least() -> None:
    over = played(department("A", "B"), *(case(number, number / 10) for number in range(1, 5)))
    assert Counter(study.reader for study in over.values()) == {"A": 2, "B": 2}


def test_a_slow_reader_takes_longer_and_so_gets_less() -> None:
    def seconds(one: Case, who: str) -> float:
        return one.seconds * (4 if who == "A" else 1)

    cases = [case(number, number * 6) for number in range(1, 41)]
    over = played(department("A", "B"), *cases, conduct=Conduct(seconds))
    shares = Counter(study.reader for study in over.values())
    assert shares["B"] > 2 * shares["A"] > 0


def test_a_freed_seat_is_taken_by_what_waits_the_urgent_and_the_oldest_first() -> None:
    made = department("A", readers=(reader("A", max_concurrent_studies=1),))
    over = played(made, case(1), case(2, 1), case(3, 2), case(4, 3, urgency=Urgency.URGENT))
    assert [
        number for number, _ in sorted(over.items(), key=lambda one: one[1].first_at or AT)
    ] == [
        *(1, 4, 2, 3),
    ]
    assert over[2].first_at == over[4].done_at


def test_an_hourly_limit_lets_go_when_the_first_leaves_the_hour() -> None:
    made = department("A", readers=(reader("A", max_studies_per_hour=1),))
    over = played(made, case(1), case(2, 5))
    assert over[2].first_at == AT + timedelta(minutes=60)


def test_what_has_no_reader_waits_for_a_shift_to_begin() -> None:
    # 22:05 in Brisbane; the shift begins at 23:00.
    late = shift(start_local=time(23), end_local=time(3))
    over = played(department("A", shifts=(late,)), case(1), until=50)
    assert over[1].reason is Reason.NO_SHIFT
    over = played(department("A", shifts=(late,)), case(1), until=120)
    assert over[1].first_at == AT + timedelta(minutes=55)


def test_who_goes_off_duty_finishes_one_and_leaves_the_others() -> None:
    early = shift(start_local=time(12), end_local=time(22, 15))
    over = played(department("A", shifts=(early,)), case(1), case(2, 1), until=300)
    assert (minutes_of(over[1]), over[2].reader, over[2].done_at) == (10, "A", None)


def test_a_cancelled_order_is_never_read_and_gives_its_seat_back() -> None:
    over = played(department("A"), case(1), case(2, 1, ends_at=AT + 5 * MINUTE), case(3, 2))
    assert (over[2].done_at, minutes_of(over[3])) == (None, 20)


def test_what_is_overdue_and_unopened_moves_to_less_load() -> None:
    made = department("A", "B", readers=(reader("A"), reader("B")))
    due = (AT + 5 * MINUTE,) * 3

    def seconds(one: Case, who: str) -> float:
        return 7200 if who == "A" and one.order.order_id == 1 else TEN

    over = played(
        made,
        case(1),
        case(2, 0.1),
        case(3, 0.2, dues=due, reassign_after=MINUTE),
        conduct=Conduct(seconds),
    )
    assert (over[3].reader, over[3].moves, over[3].is_breached) == ("B", 1, True)


def test_a_breach_is_counted_though_the_study_is_read_later() -> None:
    tally = Tally()
    rehearsal = Rehearsal(compile_config(department("A")), AT, tally.add)
    rehearsal.take(case(1, dues=(AT + MINUTE,) * 3))
    rehearsal.close(AT + timedelta(hours=2))
    told = tally.told(rehearsal.hands.by_id, rehearsal.hours())
    assert (told["breached"], told["read"], told["unassigned"]) == (1, 1, 0)
    assert told["turnaround"] == {"p50": 600, "p90": 600, "p99": 600}
    assert told["readers"]["A"] == {
        "studies": 1,
        "rvu": 1.0,
        "units": 1.0,
        "breached": 1,
        "hours": 2.0,
        "most_open": 1,
        "works": {"MR musculoskeletal": 1},
    }


def test_a_list_is_taken_from_by_whoever_has_nothing_to_read() -> None:
    shared = rule(1, ActionType.ASSIGN_TO_WORKLIST, '["MRI_MSK"]')
    over = played(department("A", "B", rules=(shared,)), *(case(one, one) for one in (1, 2, 3)))
    assert {number: study.strategy for number, study in over.items()} == dict.fromkeys(
        (1, 2, 3), "WORKLIST"
    )
    assert minutes_of(over[3]) == 21  # the first of them to be free again began at 11


def test_studies_of_one_patient_stay_together_where_that_is_wanted() -> None:
    cases = [case(1, patient="p"), case(2, 1), case(3, 2, patient="p")]
    apart = played(department("A", "B"), *cases)
    together = played(department("A", "B"), *cases, conduct=Conduct(together="patient"))
    assert (apart[1].reader, apart[2].reader) == ("A", "B")
    assert together[3].reader == together[1].reader


def test_the_reader_of_the_priors_is_preferred_where_that_is_wanted() -> None:
    before = Mate(9, "B", "", "MR", "KNEE", AT - timedelta(days=9))
    one = case(1, patient="p", earlier=(before,))
    assert played(department("A", "B"), one)[1].reader == "A"
    wanted = Conduct(prefers_priors=True)
    assert played(department("A", "B"), one, conduct=wanted)[1].reader == "B"


def test_what_was_there_before_counts_as_load_but_not_as_work() -> None:
    tally = Tally()
    rehearsal = Rehearsal(compile_config(department("A", "B")), AT, tally.add)
    rehearsal.begin_with({"A": Opening(done=((AT - MINUTE, 600),))})
    rehearsal.seat(case(9), "A", "MRI_MSK", AT - MINUTE)
    assert rehearsal.hands["A"].open_studies == 1
    assert rehearsal.hands["A"].mean_turnaround_minutes == 10
    rehearsal.take(case(1))
    rehearsal.close(AT + timedelta(hours=1))
    told = tally.told(rehearsal.hands.by_id, rehearsal.hours())
    assert {id_: one["studies"] for id_, one in told["readers"].items()} == {"A": 0, "B": 1}


def test_a_thousand_orders_over_four_equal_readers_are_250_each() -> None:
    cases = [case(number, number * 5) for number in range(1000)]
    over = played(department(*"ABCD"), *cases, until=6000)
    assert set(Counter(one.reader for one in over.values()).values()) <= {249, 250, 251}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_order_ends_once_and_no_limit_is_ever_passed(seed: int) -> None:
    random = Random(seed)  # noqa: S311 -- plausible data, no secret
    people = tuple(
        reader(id_, max_concurrent_studies=random.randint(1, 4), max_studies_per_hour=6)
        for id_ in "ABC"
    )
    shifts = (shift(), shift("CT", start_local=time(22, 30), end_local=time(4)))
    made = department("A", readers=people, shifts=shifts, roster=(
        *on("MRI_MSK", "A", "B"), *on("CT", "B", "C"),
    ))  # fmt: skip
    cases = _some(random)
    ended: Counter[int] = Counter()
    rehearsal = Rehearsal(
        compile_config(made), AT, lambda study: ended.update([study.order.order_id])
    )
    for one in cases:
        rehearsal.take(one)
        for id_, most in ((person.id, person.max_concurrent_studies) for person in people):
            assert 0 <= rehearsal.hands[id_].open_studies <= most
    rehearsal.close(AT + timedelta(days=2))
    assert ended == Counter(one.order.order_id for one in cases)


def _some(random: Random) -> list[Case]:
    urgencies = list(Urgency)
    minutes = sorted(random.uniform(0, 300) for _ in range(40))
    return [
        case(
            number,
            at,
            random.uniform(30, 1500),
            urgency=random.choice(urgencies),
            ends_at=AT + timedelta(minutes=at + 20) if random.random() < 0.1 else None,
        )
        for number, at in enumerate(minutes)
    ]


def test_the_same_cases_give_the_same_end() -> None:
    random = Random(3)  # noqa: S311 -- plausible data, no secret
    cases = _some(random)

    def told() -> list[tuple[int, str, datetime | None]]:
        over = played(department(*"ABC"), *cases)
        return sorted((number, one.reader, one.done_at) for number, one in over.items())

    assert told() == told()
