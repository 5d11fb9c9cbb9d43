"""The simulated RIS's day: orders at random moments, and what follows each of them.

Everything is an entry on one agenda, done one at a time in the order it falls due. While the
listener is away nothing is ordered, so nothing piles up; results that fell due are sent later.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.core import clock
from apps.intake.tools.ris.desk import Desk, Standing
from apps.intake.tools.ris.outlet import Outlet
from apps.intake.tools.ris.studies import Inventor, Study
from apps.intake.tools.ris.writing import order_message, result_message

_MAX_OPEN = 2000
_LATER_SECONDS = 60.0
_MAX_LATER = 10
_PAIR_SHARE = 0.05
_CANCEL_SHARE = 0.03
_CHANGE_SHARE = 0.06
_HOLD_SHARE = 0.02
_PACE = {"STAT": 0.5, "URGENT": 0.8, "ROUTINE": 1.0}
_READING_BEGINS_AT = 0.5


class Step(StrEnum):
    """What happens to a study; order control codes, or the result's status."""

    CHANGE = "XO"
    CANCEL = "CA"
    HOLD = "HD"
    RELEASE = "RL"
    START = "SC"
    PRELIMINARY = "P"
    FINAL = "F"


_RESULTS = frozenset({Step.PRELIMINARY, Step.FINAL})
_ENDS = frozenset({Step.CANCEL, Step.FINAL})
_WORDS = {
    Step.CHANGE: "changed",
    Step.CANCEL: "cancelled",
    Step.HOLD: "held",
    Step.RELEASE: "released",
    Step.START: "reading began",
    Step.PRELIMINARY: "preliminary report",
    Step.FINAL: "final report",
}


@dataclass(frozen=True, slots=True)
class Pace:
    """``per_minute`` orders on average; reading goes ``reading_speed`` times as fast as real."""

    per_minute: float = 12.0
    reading_speed: float = 2.0


@dataclass(slots=True)
class _Case:
    study: Study
    is_over: bool = False
    times_put_off: int = 0


_Entry = tuple[float, int, _Case | None, Step | None]


class Simulator:
    """Orders, changes and reports until told to stop."""

    def __init__(
        self,
        *,
        inventor: Inventor,
        rng: random.Random,
        pace: Pace,
        outlet: Outlet,
        desk: Desk,
        tell: Callable[[str], None],
        now: Callable[[], float],
    ) -> None:
        self._inventor = inventor
        self._rng = rng
        self._pace = pace
        self._outlet = outlet
        self._desk = desk
        self._tell = tell
        self._now = now
        self._agenda: list[_Entry] = []
        self._order = itertools.count()
        self._control_ids = itertools.count(1)
        self._run = f"{int(clock.now().timestamp()):X}"
        self.open_cases = 0

    def run(self, pause: Callable[[float], bool]) -> None:
        """Work through the agenda; ``pause`` waits so many seconds and says when to stop."""
        self._adopt(self._desk.left_open())
        self._put(self._gap(), None, None)
        while self._agenda:
            if pause(max(self._agenda[0][0] - self._now(), 0.0)):
                return
            _, _, case, step = heapq.heappop(self._agenda)
            if case is None or step is None:
                self._order_new()
            elif not case.is_over:
                self._perform(case, step)

    # -- new orders -----------------------------------------------------------------------

    def _order_new(self) -> None:
        if self.open_cases < _MAX_OPEN:
            at = clock.now()
            is_pair = self._rng.random() < _PAIR_SHARE
            studies = self._inventor.pair(at) if is_pair else [self._inventor.study(at)]
            answer = self._outlet.deliver(order_message(studies, "NW", self._control_id(), at))
            for study in studies:
                self._tell(f"ordered {_describe(study)}: {answer}")
                if answer == "AA":
                    self._follow(study)
        self._put(self._gap(), None, None)

    def _gap(self) -> float:
        return self._rng.expovariate(self._pace.per_minute / 60)

    def _follow(self, study: Study) -> None:
        case, reading = _Case(study), self._reading_seconds(study)
        self.open_cases += 1
        luck = self._rng.random()
        if luck < _CANCEL_SHARE:
            self._put(self._rng.uniform(0.1, 0.8) * reading, case, Step.CANCEL)
        elif luck < _CANCEL_SHARE + _HOLD_SHARE:
            self._put(0.1 * reading, case, Step.HOLD)
            self._put(0.4 * reading, case, Step.RELEASE)
        elif luck < _CANCEL_SHARE + _HOLD_SHARE + _CHANGE_SHARE and study.urgency != "STAT":
            self._put(self._rng.uniform(0.1, 0.4) * reading, case, Step.CHANGE)
        self._put(_READING_BEGINS_AT * reading, case, Step.START)
        self._put_reports(case, reading)

    def _reading_seconds(self, study: Study) -> float:
        usual = study.exam.minutes * 60 / self._pace.reading_speed * _PACE[study.urgency]
        return usual * min(self._rng.lognormvariate(0, 0.4), 3.0)

    def _put_reports(self, case: _Case, reading: float) -> None:
        if self._rng.random() < 1 / 2:
            self._put(reading, case, Step.PRELIMINARY)
            reading += self._rng.uniform(10, 60)
        self._put(reading, case, Step.FINAL)

    def _adopt(self, studies: Sequence[Study]) -> None:
        """Finish what an earlier run left open, spread over the time that reading takes."""
        if studies:
            self._tell(f"{len(studies)} studies of an earlier run are still open")
        for study in studies:
            self.open_cases += 1
            seconds = self._rng.uniform(0, 1) * self._reading_seconds(study)
            self._put(seconds, _Case(study), Step.FINAL)

    # -- what follows an order ------------------------------------------------------------

    def _perform(self, case: _Case, step: Step) -> None:
        if step in _RESULTS or step is Step.START:
            standing = self._desk.standing(case.study)
            if standing is Standing.OVER:
                self._close(case)
                return
            if standing in (Standing.WAITING, Standing.HELD):
                self._put_off(case, step, standing)
                return
        self._send(case, step)

    def _put_off(self, case: _Case, step: Step, standing: Standing) -> None:
        """Nobody reads it yet, so nobody can report: later; in the end it is withdrawn."""
        if step is not Step.FINAL:
            return
        case.times_put_off += 1
        if case.times_put_off <= _MAX_LATER:
            self._put(_LATER_SECONDS, case, step)
        elif standing is Standing.WAITING:
            self._send(case, Step.CANCEL)
        else:
            self._close(case)

    def _send(self, case: _Case, step: Step) -> None:
        if step is Step.CHANGE:
            case.study = case.study.hurried()
        at, control_id = clock.now(), self._control_id()
        if step in _RESULTS:
            payload = result_message(case.study, step.value, control_id, at)
        else:
            payload = order_message([case.study], step.value, control_id, at)
        answer = self._outlet.deliver(payload)
        self._tell(f"{_WORDS[step]} {_describe(case.study)}: {answer}")
        if step in _ENDS:
            self._close(case)

    def _close(self, case: _Case) -> None:
        case.is_over = True
        self.open_cases -= 1

    def _put(self, seconds: float, case: _Case | None, step: Step | None) -> None:
        heapq.heappush(self._agenda, (self._now() + seconds, next(self._order), case, step))

    def _control_id(self) -> str:
        return f"SIM{self._run}{next(self._control_ids)}"


def _describe(study: Study) -> str:
    return f"{study.shown} {study.urgency} {study.exam.code} at {study.facility}"
