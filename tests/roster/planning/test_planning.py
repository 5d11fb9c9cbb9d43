"""The rosters that come out: the best there is, no rule broken, reasons that are true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.roster.planning.build import build
from apps.roster.planning.complete import values_of
from apps.roster.planning.explain import unmet
from apps.roster.planning.facts import Bar, Demand, Person, Problem, Rules, Seat, Turn, Weights
from apps.roster.planning.greedy import first_seats
from apps.roster.planning.model import Model
from apps.roster.planning.rules import bar
from apps.roster.planning.solver import Listener, solve
from tests.roster.planning.department import DAY, MONDAY, demands, department, turn

_LOOSE = 1e-6
DEAF = Listener(tell=lambda _: None, found=lambda _: None)


def solved(problem: Problem, *, seconds: float = 20) -> tuple[frozenset[Seat], float, Model]:
    model = build(problem)
    start = values_of(model, first_seats(problem))
    outcome = solve(model, start=start, seconds=seconds, listener=DEAF)
    assert outcome.is_optimal
    return model.seats_of(outcome.values), outcome.best, model


def cost(model: Model, values: list[float]) -> tuple[float, float]:
    """Return how many are missing, and how unfair it is."""
    missing = sum(values[column] for column in model.lacks)
    return missing, sum(one * value for one, value in zip(model.costs, values, strict=True))


def is_allowed(model: Model, values: list[float]) -> bool:
    return all(
        row.lower - _LOOSE
        <= sum(factor * values[column] for column, factor in row.terms.items())
        <= row.upper + _LOOSE
        for row in model.rows
    )


def broken_rules(problem: Problem, seats: frozenset[Seat]) -> list[tuple[Seat, Bar]]:
    """Return the seats that their holder could not have beside all the others."""
    found = []
    for seat in sorted(seats):
        held = problem.turns_of(seat.person, seats - {seat})
        why = bar(problem, seat.person, seat.demand, held)
        if why is not None:
            found.append((seat, why))
    return found


def every_roster(problem: Problem) -> Iterator[frozenset[Seat]]:
    """Yield all ways to seat one person or nobody at each demand that break no rule."""
    people = range(-1, len(problem.people))
    for choice in product(people, repeat=len(problem.demands)):
        seats = frozenset(
            Seat(person, demand) for demand, person in enumerate(choice) if person >= 0
        )
        if all(seat.demand in _wanting(problem) for seat in seats) and not broken_rules(
            problem, seats
        ):
            yield seats


def _wanting(problem: Problem) -> set[int]:
    return {place for place in range(len(problem.demands)) if problem.missing(place)}


def people(number: int, rest_hours: int = 11, **values: object) -> tuple[Person, ...]:
    return tuple(
        Person(f"DR_{place}", rest_minutes=rest_hours * 60, **values)  # type: ignore[arg-type] # as said
        for place in range(number)
    )


_SMALL = {
    "three take turns at day and night": Problem(
        demands(3, ("day", "night")),
        people(3),
        Rules(nights_in_a_row=1, days_in_a_row=2),
    ),
    "one has a target, one is not competent": Problem(
        demands(6, ("day",)),
        (
            Person("A", target_minutes=4 * 480),
            Person("B", barred={0: Bar.COMPETENCE, 1: Bar.AWAY}),
            Person("C"),
        ),
        Rules(days_in_a_row=2, minutes_a_week=3 * 480),
    ),
    "not enough people": Problem(
        demands(3, ("day", "night")),
        people(1),
        Rules(nights_in_a_row=1),
    ),
    "wishes decide": Problem(
        demands(5, ("day",)),
        (
            Person("A", days_off_wished=frozenset({MONDAY, MONDAY + DAY})),
            Person("B", days_on_wished=frozenset({MONDAY + 2 * DAY})),
            Person("C"),
        ),
        weights=Weights(hours=1, nights=0, weekends=0, wishes=3),
    ),
    "what stands counts": Problem(
        demands(4, ("day",)),
        (
            Person("A", held=(turn("day", MONDAY), turn("day", MONDAY + DAY))),
            Person("B", rest_minutes=660, held=(turn("night", MONDAY + DAY),)),
        ),
        Rules(days_in_a_row=3),
    ),
    "two at once where neither is exclusive": Problem(
        demands(3, ("day", "evening")),
        people(1, rest_hours=0),
        Rules(may_overlap=True, days_in_a_row=2),
    ),
}


@pytest.mark.parametrize("problem", _SMALL.values(), ids=_SMALL.keys())
def test_the_solver_finds_the_best_of_all_rosters(problem: Problem) -> None:
    seats, best, model = solved(problem)
    tried = [values_of(model, found) for found in every_roster(problem)]

    assert all(is_allowed(model, values) for values in tried)
    assert cost(model, values_of(model, seats)) == min(cost(model, values) for values in tried)
    assert best == pytest.approx(cost(model, values_of(model, seats))[1])
    assert broken_rules(problem, seats) == []


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_roster_breaks_a_rule_or_fills_a_turn_twice(data: st.DataObject) -> None:
    problem = department(
        data.draw(st.integers(1, 8)),
        data.draw(st.integers(1, 14)),
        wanted=data.draw(st.integers(0, 3)),
        away=data.draw(st.sampled_from([0, 0.3])),
        narrow=data.draw(st.sampled_from([0, 0.3])),
        seed=data.draw(st.integers(0, 1000)),
        rules=Rules(
            nights_in_a_row=data.draw(st.sampled_from([None, 1, 2, 4])),
            days_in_a_row=data.draw(st.sampled_from([None, 1, 3, 6])),
            minutes_a_week=data.draw(st.sampled_from([None, 480, 1440, 2400])),
            may_overlap=data.draw(st.booleans()),
        ),
    )
    fixed = data.draw(
        st.frozensets(
            st.builds(
                Seat,
                st.integers(0, len(problem.people) - 1),
                st.integers(0, len(problem.demands) - 1),
            ),
            max_size=4,
        )
    )
    problem = replace(problem, fixed=fixed)
    model = build(problem)
    first = first_seats(problem)
    start = values_of(model, first)

    assert is_allowed(model, start)
    outcome = solve(model, start=start, seconds=3, listener=DEAF)
    seats = model.seats_of(outcome.values)

    for found in (first, seats):
        assert broken_rules(problem, found) == []
        counts = [
            sum(seat.demand == place for seat in found) for place in range(len(problem.demands))
        ]
        assert all(count <= problem.missing(place) for place, count in enumerate(counts))
    assert cost(model, values_of(model, seats)) <= cost(model, start)


def test_equal_problems_get_equal_rosters() -> None:
    problem = department(12, 14, away=0.2)

    assert solved(problem)[0] == solved(problem)[0]


def test_turns_are_shared_out_as_evenly_as_can_be() -> None:
    problem = Problem(demands(28, ("night",)), people(7), Rules(nights_in_a_row=2))

    seats, best, _model = solved(problem)

    assert [sum(seat.person == number for seat in seats) for number in range(7)] == [4] * 7
    # Eight nights of weekends among seven: one has one more.
    assert best == 16


def test_hours_follow_the_targets() -> None:
    problem = Problem(
        demands(20, ("day",)),
        (Person("full", target_minutes=15 * 480), Person("half", target_minutes=5 * 480)),
    )

    seats, _best, _model = solved(problem)

    assert sum(seat.person == 0 for seat in seats) == 15


def test_fixed_seats_stay_and_count() -> None:
    fixed = frozenset({Seat(0, 0), Seat(0, 1)})
    problem = Problem(demands(4, ("day",)), people(2), fixed=fixed)

    seats, _best, _model = solved(problem)

    assert seats == {Seat(1, 2), Seat(1, 3)}


def test_a_turn_nobody_can_take_stays_open_and_the_others_are_filled() -> None:
    wanting = demands(2, ("day", "night"))
    names = ("A", "B", "C", "D", "E")
    nobody_at_night = tuple(
        Person(name, barred=dict.fromkeys((1, 3), Bar.COMPETENCE)) for name in names
    )

    seats, _best, _model = solved(Problem(wanting, nobody_at_night))

    assert {seat.demand for seat in seats} == {0, 2}


def test_reasons_name_what_keeps_each_from_the_turn() -> None:
    night = turn("night", MONDAY + DAY)
    week = MONDAY - timedelta(days=MONDAY.weekday())
    rows = tuple(turn("night", MONDAY - ahead * DAY) for ahead in range(3))
    early = replace(turn("day", MONDAY + 2 * DAY), shift=9)
    long = replace(turn("day", week), minutes=44 * 60, shift=9)
    problem = Problem(
        (Demand(night, 1),),
        (
            Person("incompetent", barred={0: Bar.COMPETENCE}),
            Person("away", barred={0: Bar.AWAY}),
            Person("elsewhere", held=(replace(night, shift=9),)),
            Person("tired", rest_minutes=660, held=(early,)),
            Person("nightly", held=rows),
            Person("busy", held=(long,)),
        ),
        Rules(nights_in_a_row=3, minutes_a_week=48 * 60),
    )

    [found] = unmet(problem, [])

    assert (found.demand, found.lacking, found.free) == (0, 1, [])
    assert found.barred == {
        Bar.COMPETENCE: [0],
        Bar.AWAY: [1],
        Bar.ELSEWHERE: [2],
        Bar.REST: [3],
        Bar.NIGHTS: [4],
        Bar.HOURS: [5],
    }


def test_an_exclusive_turn_is_held_alone() -> None:
    wanting = tuple(
        Demand(replace(turn(name, MONDAY), is_exclusive=name == "evening"), 1)
        for name in ("day", "evening")
    )

    seats, _best, _model = solved(Problem(wanting, people(1, 0), Rules(may_overlap=True)))

    assert len(seats) == 1


def test_nothing_to_fill_is_solved_at_once() -> None:
    held = Turn(0, MONDAY, *(turn("day", MONDAY).start_at, turn("day", MONDAY).end_at), 480)
    problem = Problem(demands(1, ("day",)), (Person("A", held=(held,)),))

    assert first_seats(problem) == frozenset()
    assert unmet(problem, []) == []
