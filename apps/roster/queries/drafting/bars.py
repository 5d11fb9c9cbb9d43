"""Who may not have which demand, whatever else they hold: not competent, or away."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from apps.engine import competency
from apps.engine.occurrences import Moments, wall_moments
from apps.roster.models import Licence, Privilege, Radiologist, RosterOverride, Shift
from apps.roster.planning.facts import Bar, Demand, Turn
from apps.roster.queries.competence import demands_of, lacks
from apps.roster.queries.plan import Plan

_DAY = timedelta(days=1)


def barred_of(
    people: Sequence[Radiologist],
    shifts: Sequence[Shift],
    demands: Sequence[Demand],
    plan: Plan,
    *,
    reads_all: bool,
) -> Mapping[str, Mapping[int, Bar]]:
    """Return by person which demands, by place, they may not have and why.

    Args:
        people: with their competencies at hand.
        shifts: those whose readers are judged.
        demands: in the problem's order.
        plan: holds who is away.
        reads_all: whether somebody must be able to read all of a shift's work, or some of it.
    """
    found: dict[str, dict[int, Bar]] = {person.pk: {} for person in people}
    judges = {shift.pk: _Judge(shift, demands, reads_all=reads_all) for shift in shifts}
    for place, demand in enumerate(demands):
        judge = judges.get(demand.turn.shift)
        for person in people:
            if judge is not None and not judge.may(person, demand.turn):
                found[person.pk][place] = Bar.COMPETENCE
    for leave in plan.overrides:
        if leave.shift_id is None and leave.radiologist_id in found:
            for place, demand in enumerate(demands):
                if _is_away(leave, demand.turn):
                    found[leave.radiologist_id].setdefault(place, Bar.AWAY)
    return found


class _Judge:
    """Says who may read a shift's work on which date; asked once for dates that are alike."""

    def __init__(self, shift: Shift, demands: Iterable[Demand], *, reads_all: bool) -> None:
        self._shift = shift
        self._reads_all = reads_all
        turns = [demand.turn for demand in demands if demand.turn.shift == shift.pk]
        self._asked: dict[date, list[competency.Demand]] = defaultdict(list)
        if turns:
            first, last = min(turn.start_at for turn in turns), max(turn.end_at for turn in turns)
            for asked in demands_of(shift, first, last):
                self._asked[asked.on].append(asked)
        self._known: dict[tuple[str, int, int], bool] = {}

    def may(self, person: Radiologist, turn: Turn) -> bool:
        """Return whether somebody may read it from the first to the last date of a turn."""
        edges = _edges(person)
        ends_on = turn.end_at.date() if turn.end_at.date() > turn.on else turn.on
        key = (person.pk, bisect_right(edges, turn.on), bisect_right(edges, ends_on))
        if key not in self._known:
            self._known[key] = self._judge(person, {turn.on, ends_on})
        return self._known[key]

    def _judge(self, person: Radiologist, days: Iterable[date]) -> bool:
        asked = [demand for on in days for demand in self._asked.get(on, ())]
        if not asked:
            required = self._shift.required_subspecialty
            return not required or required in person.specialties
        found = lacks(person, asked, self._shift.required_subspecialty)
        return not found.words if self._reads_all else not found.for_all


def _edges(person: Radiologist) -> list[date]:
    """Return the dates on which what somebody may read changes."""
    rows: list[Licence | Privilege] = [*person.licences.all(), *person.privileges.all()]
    starts = {row.start_date for row in rows if row.start_date is not None}
    ends = {row.end_date + _DAY for row in rows if row.end_date is not None}
    return sorted(starts | ends)


def _is_away(leave: RosterOverride, turn: Turn) -> bool:
    """Return whether somebody on leave or at other work cannot hold all of a turn."""
    if leave.start_local is None or leave.end_local is None:
        return leave.start_date <= turn.on <= leave.end_date
    # Zones differ by a day, and hours may go on into the next.
    near = (turn.on + ahead * _DAY for ahead in range(-2, 4))
    return any(
        piece.start_at < turn.end_at and piece.end_at > turn.start_at
        for on in near
        if leave.start_date <= on <= leave.end_date
        for piece in _hours_on(leave, on)
    )


def _hours_on(leave: RosterOverride, on: date) -> Iterable[Moments]:
    start, end = leave.start_local, leave.end_local
    if start is None or end is None:
        return ()
    until = on if end > start else on + _DAY
    return wall_moments(datetime.combine(on, start), datetime.combine(until, end), leave.time_zone)
