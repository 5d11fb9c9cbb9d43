"""A first roster, quickly made: the solver begins with it, and a cancelled run has something."""

from __future__ import annotations

from apps.roster.planning.facts import Problem, Seat, Turn
from apps.roster.planning.rules import bar


def first_seats(problem: Problem) -> frozenset[Seat]:
    """Return seats that break no rule, the scarcest demands filled first, the least busy chosen.

    Equal problems get equal seats.
    """
    held = [problem.turns_of(person) for person in range(len(problem.people))]
    seats: set[Seat] = set()
    for demand in _scarcest_first(problem):
        able = [
            person
            for person in range(len(problem.people))
            if bar(problem, person, demand, held[person]) is None
        ]
        turn = problem.demands[demand].turn
        able.sort(key=lambda person: (_load(problem, person, held[person], turn), person))
        for person in able[: problem.missing(demand)]:
            seats.add(Seat(person, demand))
            held[person].append(turn)
    return frozenset(seats)


def _scarcest_first(problem: Problem) -> list[int]:
    wanting = [place for place in range(len(problem.demands)) if problem.missing(place)]
    able = {
        place: sum(place not in person.barred for person in problem.people) for place in wanting
    }
    return sorted(wanting, key=lambda place: (able[place], place))


def _load(problem: Problem, person: int, held: list[Turn], turn: Turn) -> tuple[float, ...]:
    who = problem.people[person]
    is_unwished = turn.on in who.days_off_wished and problem.weights.wishes > 0
    alike = sum(other.is_night for other in held) if turn.is_night else 0
    alike += sum(other.is_weekend for other in held) if turn.is_weekend else 0
    minutes = sum(other.minutes for other in held) - (who.target_minutes or 0)
    return (is_unwished, alike, minutes)
