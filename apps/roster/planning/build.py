"""Builds the model of a problem."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations

from apps.roster.planning.facts import Problem, Seat, Turn, monday
from apps.roster.planning.fairness import add_fairness
from apps.roster.planning.model import Model
from apps.roster.planning.rules import bar, clash

_DAY = timedelta(days=1)
WISH = 16
"""What a wish costs that is not met: as much as a spread of eight hours, times its weight."""

Option = tuple[Turn, int]
"""A turn that somebody may take, and its column."""


def build(problem: Problem) -> Model:
    """Return the model whose best solution is the best roster."""
    model = Model()
    held = [problem.turns_of(person) for person in range(len(problem.people))]
    options = _add_seats(model, problem, held)
    lacks = _add_demands(model, problem)
    for person, turns in enumerate(options):
        _add_cliques(model, problem, person, turns)
        _add_rows_of_days(model, problem, person, held[person], turns)
        _add_weeks(model, problem, held[person], turns)
    add_fairness(model, problem, held, options, lacks)
    model.lacks = list(lacks.values())
    model.least_missing = _least_missing(model, problem)
    return model


def _least_missing(model: Model, problem: Problem) -> int:
    """Return how many are missing whatever is done: more are wanted than there are for it."""
    able = Counter(seat.demand for seat in model.seats)
    places = range(len(problem.demands))
    return sum(max(problem.missing(place) - able[place], 0) for place in places)


def _add_seats(
    model: Model, problem: Problem, held: Sequence[Sequence[Turn]]
) -> list[list[Option]]:
    """Add a column for each turn that somebody may take; return them by person, by time."""
    found: list[list[Option]] = []
    wanting = [place for place in range(len(problem.demands)) if problem.missing(place)]
    for person, turns in enumerate(held):
        found.append([])
        for place in wanting:
            if bar(problem, person, place, turns) is None:
                turn = problem.demands[place].turn
                column = model.column(_wish(problem, person, turn.on))
                model.seats[Seat(person, place)] = column
                found[-1].append((turn, column))
    return found


def _wish(problem: Problem, person: int, on: date) -> int:
    who = problem.people[person]
    sign = int(on in who.days_off_wished) - int(on in who.days_on_wished)
    return WISH * problem.weights.wishes * sign


def _add_demands(model: Model, problem: Problem) -> dict[int, int]:
    """Add how many each demand lacks; return those columns by the demand's place."""
    taking: dict[int, list[int]] = defaultdict(list)
    for seat, column in model.seats.items():
        taking[seat.demand].append(column)
    lacks: dict[int, int] = {}
    for place in range(len(problem.demands)):
        if missing := problem.missing(place):
            lacks[place] = model.column(0, upper=missing)
            terms = dict.fromkeys([*taking[place], lacks[place]], 1)
            model.row(terms, lower=missing, upper=missing)
    return lacks


def _add_cliques(model: Model, problem: Problem, person: int, options: Sequence[Option]) -> None:
    """Let nobody hold turns that clash."""
    if problem.rules.may_overlap:
        for first, second in _clashing_pairs(problem, person, options):
            model.at_most([first, second], 1)
        return
    rest = timedelta(minutes=problem.people[person].rest_minutes)
    before: set[int] = set()
    for turn, _column in options:
        at = turn.start_at
        clique = {
            column for other, column in options if other.start_at <= at < other.end_at + rest
        }
        if not clique <= before:
            model.at_most(sorted(clique), 1)
            before = clique


def _clashing_pairs(
    problem: Problem, person: int, options: Sequence[Option]
) -> Iterator[tuple[int, int]]:
    who = problem.people[person]
    for place, (turn, column) in enumerate(options):
        for other, second in options[place + 1 :]:
            if clash(problem.rules, who, turn, other) is not None:
                yield column, second


def _add_rows_of_days(
    model: Model,
    problem: Problem,
    person: int,
    held: Sequence[Turn],
    options: Sequence[Option],
) -> None:
    """Limit nights and days in a row."""
    nights = [option for option in options if option[0].is_night]
    dates = {turn.on for turn in held}
    night_dates = {turn.on for turn in held if turn.is_night}
    most_nights, most_days = problem.rules.nights_in_a_row, problem.rules.days_in_a_row
    if nights and most_nights is not None:
        _add_windows(model, _worked(model, problem, person, nights), night_dates, most_nights)
    if options and most_days is not None:
        _add_windows(model, _worked(model, problem, person, options), dates, most_days)


def _add_windows(
    model: Model, working: Mapping[date, Sequence[int]], held: set[date], most: int
) -> None:
    first_on, last_on = min(working), max(working)
    for ahead in range((last_on - first_on).days + most + 1):
        start = first_on + (ahead - most) * _DAY
        window = [start + number * _DAY for number in range(most + 1)]
        columns = [column for on in window if on not in held for column in working.get(on, ())]
        days = sum(on in working and on not in held for on in window)
        room = max(0, most - sum(on in held for on in window))
        if days > room:
            model.row(dict.fromkeys(columns, 1), upper=room)


def _worked(
    model: Model, problem: Problem, person: int, options: Sequence[Option]
) -> dict[date, list[int]]:
    """Return by date the columns of which one is taken where somebody works that day.

    Turns of a day mostly rule each other out; where they may not, a column more stands for them.
    """
    by_date: dict[date, list[Option]] = defaultdict(list)
    for turn, column in options:
        by_date[turn.on].append((turn, column))
    found: dict[date, list[int]] = {}
    for on, those in by_date.items():
        columns = [column for _turn, column in those]
        if not _rule_each_other_out(problem, person, [turn for turn, _column in those]):
            day = model.column()
            for column in columns:
                model.row({column: 1, day: -1}, upper=0)
            columns = [day]
        found[on] = columns
    return found


def _rule_each_other_out(problem: Problem, person: int, turns: Sequence[Turn]) -> bool:
    who = problem.people[person]
    return all(
        clash(problem.rules, who, one, other) is not None for one, other in combinations(turns, 2)
    )


def _add_weeks(
    model: Model, problem: Problem, held: Sequence[Turn], options: Sequence[Option]
) -> None:
    """Limit the minutes of each week."""
    most = problem.rules.minutes_a_week
    if most is None:
        return
    weeks: dict[date, dict[int, int]] = defaultdict(dict)
    for turn, column in options:
        weeks[monday(turn.on)][column] = turn.minutes
    for week, terms in weeks.items():
        room = max(0, most - sum(turn.minutes for turn in held if monday(turn.on) == week))
        if sum(terms.values()) > room:
            model.row(terms, upper=room)
