"""Works out one draft: the slow work "auto-roster" of the plan cluster.

The solver runs in a process of its own; this one listens, tells the draft's row each second how
far it is, and looks whether somebody stopped it. Whatever ends it, the best found is kept.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from apps.core import clock
from apps.core.queue import slices
from apps.roster.choices import DraftState
from apps.roster.models import RosterDraft
from apps.roster.planning import solver
from apps.roster.planning.build import build
from apps.roster.planning.complete import values_of
from apps.roster.planning.explain import unmet
from apps.roster.planning.facts import Seat
from apps.roster.planning.greedy import first_seats
from apps.roster.planning.model import Model
from apps.roster.planning.process import Answer, SolverProcess
from apps.roster.planning.solve import written
from apps.roster.planning.wishes import Wishes
from apps.roster.queries.drafting.posing import Posed, pose
from apps.roster.services.drafting import working

NOT_INSTALLED = "The solver is not installed. On the server: make planning."
_TELL_SECONDS = 1.0
_GRACE_SECONDS = 20.0


def plan_once() -> int:
    """Work out the oldest draft that waits; return 0 where none does."""
    draft = working.take_next(clock.now())
    if draft is None:
        return 0
    if draft.state == DraftState.SOLVING:
        _work_out(draft)
    return 1


def _work_out(draft: RosterDraft) -> None:
    posed = pose(draft)
    words = _refusal(posed)
    if words:
        working.fail(draft, words, clock.now())
        return
    search = _Search(draft, posed, Wishes.read(draft.wishes).seconds)
    search.run()
    if search.ending == "stopping":
        working.give_back(draft)
    elif search.ending != "died":  # the next to take it counts one attempt more
        working.settle(draft, posed, search.seats, search.report(), clock.now())


def _refusal(posed: Posed) -> str:
    """Return why there is nothing to be worked out; empty where there is."""
    if not solver.is_installed():
        return NOT_INSTALLED
    if not posed.problem.demands:
        return "No shift of the draft runs in these days."
    return "" if posed.people else "Nobody of the draft is switched on."


@dataclass
class _Search:
    """A solver at work on a draft; ``ending`` is why it ended, ``seats`` the best so far."""

    draft: RosterDraft
    posed: Posed
    seconds: int
    ending: str = "died"
    seats: frozenset[Seat] = frozenset()
    model: Model = field(default_factory=Model)
    best: float | None = None
    bound: float | None = None
    is_sharing: bool = False
    fewest_missing: bool = False
    began: float = field(default_factory=time.monotonic)
    told_at: float = 0.0

    def run(self) -> None:
        """Search until it is proved, out of time, stopped, or its process dies."""
        self.seats = first_seats(self.posed.problem)
        self.model = build(self.posed.problem)
        start = values_of(self.model, self.seats)
        asked = written(self.model, start, self.seconds)
        until = time.monotonic() + self.seconds + _GRACE_SECONDS
        self.best = sum(cost * value for cost, value in zip(self.model.costs, start, strict=True))
        with SolverProcess(asked) as process:
            for answer in process.answers(until=until):
                self._hear(answer)
                if self.ending != "died" or not self._goes_on():
                    return
        if time.monotonic() >= until:
            self.ending = "time"

    def report(self) -> dict[str, Any]:
        """Return what it came to, as the draft keeps it."""
        people = self.posed.people
        lacking = [
            {
                "shift": self.posed.problem.demands[one.demand].turn.shift,
                "on": self.posed.problem.demands[one.demand].turn.on.isoformat(),
                "lacking": one.lacking,
                "barred": {
                    bar.value: [people[place].pk for place in those]
                    for bar, those in one.barred.items()
                },
                "free": [people[place].pk for place in one.free],
            }
            for one in unmet(self.posed.problem, self.seats)
        ]
        return {
            "ending": self.ending,
            "best": self.best,
            "bound": self.bound,
            "fewest_missing": self.fewest_missing,
            "seconds": round(time.monotonic() - self.began, 1),
            "people": len(people),
            "unmet": lacking,
        }

    def _hear(self, answer: Answer) -> None:
        if answer.kind == "nothing":
            return
        values = answer.values
        if answer.kind == "outcome" or values.get("is_sharing"):
            self.is_sharing = True
            self.best, self.bound = values["best"], values["bound"]
        if answer.taken is not None:
            taken = answer.taken
            self.seats = frozenset(
                seat for seat, column in self.model.seats.items() if taken.get(column)
            )
        if answer.kind == "outcome":
            self.ending = "best" if values["is_optimal"] else "time"
            self.fewest_missing = values["fewest_missing"]

    def _goes_on(self) -> bool:
        """Tell how far it is, each second; False where it shall end."""
        if slices.is_stopping():
            self.ending = "stopping"
            return False
        if time.monotonic() - self.told_at < _TELL_SECONDS:
            return True
        self.told_at = time.monotonic()
        if working.tell_progress(self.draft, self._progress()):
            return True
        self.ending = "cancelled"
        return False

    def _progress(self) -> dict[str, Any]:
        missing = map(self.posed.problem.missing, range(len(self.posed.problem.demands)))
        return {
            "seconds": round(time.monotonic() - self.began, 1),
            "limit": self.seconds,
            "best": self.best,
            "bound": self.bound,
            "is_sharing": self.is_sharing,
            "filled": len(self.seats),
            "missing": sum(missing),
        }
