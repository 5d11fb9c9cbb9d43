"""The days themselves: one event after the other, in order of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import Any

from apps.engine.codes import Urgency
from apps.engine.facts import Workload
from apps.trials.simulation.arrivals import Study, moment
from apps.trials.simulation.deciders import ByEngine, Given, Question
from apps.trials.simulation.department import Department
from apps.trials.simulation.duty import Duties
from apps.trials.simulation.known import configs
from apps.trials.simulation.reader import Held, Reader

_RETRY_SECONDS = 60


@dataclass(slots=True)
class Done:
    """What became of a study; ``reported_at`` None while it waits at the end."""

    study: Study
    reader: str = ""
    shift: str = ""
    reported_at: int | None = None
    moves: int = 0
    first_reader_at: int | None = None


class World(Mapping[str, Workload]):
    """What every run has in common: the readers, the clock, what became of each study."""

    def __init__(self, department: Department, planned: Duties, days: int) -> None:
        self.department, self.duties, self.days = department, planned, days
        self.now = 0
        self.readers = {
            person.id: Reader(person.id, department.speeds.get(person.id, 1.0))
            for person in sorted(department.config.radiologists, key=lambda p: p.id)
        }
        self.done: dict[int, Done] = {}
        self._events: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._number = 0

    def __getitem__(self, id_: str) -> Workload:
        return self.readers[id_].workload(self.now, self.department)

    def __iter__(self) -> Iterator[str]:
        return iter(self.readers)

    def __len__(self) -> int:
        return len(self.readers)

    def at(self, second: int, what: Callable[[Any], None], whom: Any = None) -> None:  # noqa: ANN401 -- the event's own
        """Have something happen; what is planned first for one second happens first."""
        self._number += 1
        heappush(self._events, (second, self._number, what, whom))

    def run(self, until: int) -> None:
        """Let everything happen up to a moment."""
        while self._events and self._events[0][0] <= until:
            self.now, _number, what, whom = heappop(self._events)
            what(whom)
        self.now = until


class Days(World):
    """Days in which each study is given to a reader when it comes."""

    def __init__(self, department: Department, planned: Duties, days: int, by: ByEngine) -> None:
        super().__init__(department, planned, days)
        self.by = by
        self.held: dict[int, Held] = {}
        self.waiting: dict[int, Study] = {}
        self.lost_by: dict[int, set[str]] = {}
        people = department.config.radiologists
        self._seats = {person.id: person.max_concurrent_studies for person in people}
        self._retried_at = 0

    def begin(self, studies: Sequence[Study]) -> None:
        """Plan what is known: what comes in, who comes and goes, what becomes known when."""
        for study in studies:
            self.done[study.order.order_id] = Done(study)
            self.at(study.at, self._arrive, study)
        self._plan_duties()
        for second, config in configs(self.department, self.days):
            if second == 0:
                self.by.know(config)
            else:
                self.at(second, self.by.know, config)
        for second in sorted(set(self.duties.changes)):
            self.at(second, self._retry)

    def _plan_duties(self) -> None:
        for id_, spans in self.duties.on.items():
            reader = self.readers[id_]
            for start, end in spans:
                self.at(start, self._come, reader)
                self.at(end, self._leave, reader)
            for start, end in self.duties.breaks[id_]:
                self.at(start, self._rest, reader)
                self.at(end, self._resume, reader)

    # -- readers -------------------------------------------------------------------------

    def _come(self, reader: Reader) -> None:
        reader.come(self.now)
        self._see(reader)
        self._start(reader)

    def _leave(self, reader: Reader) -> None:
        reader.leave(self.now)

    def _rest(self, reader: Reader) -> None:
        if reader.is_on:
            reader.rest(self.now)

    def _resume(self, reader: Reader) -> None:
        reader.resume(self.now)
        self._see(reader)
        self._start(reader)

    def _see(self, reader: Reader) -> None:
        """Acknowledge what came while they were away."""
        if reader.is_on and not reader.is_resting:
            for held in reader.held.values():
                held.is_seen = True

    def _start(self, reader: Reader) -> None:
        held = reader.start_next() if reader.can_start else None
        if held is not None:
            seconds = max(round(held.study.seconds / reader.speed), 1)
            self.at(self.now + seconds, self._finish, reader)

    def _finish(self, reader: Reader) -> None:
        held = reader.finish(self.now)
        order_id = held.study.order.order_id
        del self.held[order_id]
        done = self.done[order_id]
        done.reader, done.shift, done.reported_at = reader.id, held.shift, self.now
        # A seat of who was full may be what something waits for; the rest is looked at by the minute.
        was_full = reader.open_count + 1 >= self._seats.get(reader.id, 0)
        if was_full or self.now >= self._retried_at + _RETRY_SECONDS:
            self._retry(None)
        self._start(reader)

    # -- studies -------------------------------------------------------------------------

    def _arrive(self, study: Study) -> None:
        self.at(study.due, self._overdue, study)
        habits = self.department.habits
        self.at(study.due + habits.reassign_minutes * 60, self._reassign, study)
        if not self._place(study):
            self.waiting[study.order.order_id] = study

    def _place(self, study: Study, *, widen: bool = False) -> bool:
        given = self.by.choose(self._question(study, widen=widen))
        if given is not None:
            self._give(study, given)
        return given is not None

    def _question(
        self,
        study: Study,
        *,
        widen: bool = False,
        but: frozenset[str] = frozenset(),
        relieve: str = "",
    ) -> Question:
        order = replace(study.order, passed_over=but) if but else study.order
        return Question(order, moment(self.department, self.now), self, widen, relieve)

    def _give(self, study: Study, given: Given) -> None:
        order_id, reader = study.order.order_id, self.readers[given.reader]
        held = self.held[order_id] = Held(study, given.reader, given.shift, self.now)
        held.is_seen = reader.is_on and not reader.is_resting
        self.waiting.pop(order_id, None)
        done = self.done[order_id]
        done.first_reader_at = self.now if done.first_reader_at is None else done.first_reader_at
        reader.take(held, self.now)
        self._start(reader)
        if study.urgency is Urgency.STAT:
            minutes = self.department.habits.acknowledge_minutes
            self.at(self.now + minutes * 60, self._offer_on, held)

    def _retry(self, _nothing: object) -> None:
        """Try what waits, the most urgent and oldest first."""
        self._retried_at = self.now
        waiting = sorted(self.waiting.values(), key=by_need)
        if waiting and self.by.gathers:
            self._place_together(waiting)
        else:
            self._place_each(waiting)

    def _place_each(self, waiting: Sequence[Study]) -> None:
        """Give one after the other; what is alike fails alike."""
        failed: set[tuple[str, ...]] = set()
        for study in waiting:
            kind = kind_of(study)
            if kind not in failed and not self._place(study, widen=study.due <= self.now):
                failed.add(kind)

    def _place_together(self, waiting: Sequence[Study]) -> None:
        """Give out at once what somebody could have; of what is alike one is asked for first."""
        could: dict[tuple[object, ...], bool] = {}
        asked: list[Question] = []
        for study in waiting:
            question = self._question(study, widen=study.due <= self.now)
            kind = (question.widen, *kind_of(study))
            if kind not in could:
                could[kind] = self.by.choose(question) is not None
            if could[kind]:
                asked.append(question)
        for order_id, given in self.by.choose_together(asked).items():
            self._give(self.waiting[order_id], given)

    def _overdue(self, study: Study) -> None:
        if study.order.order_id in self.waiting:
            self._place(study, widen=True)

    def _reassign(self, study: Study) -> None:
        """Move what is overdue and not opened to a reader with less load, as the product does."""
        held = self.held.get(study.order.order_id)
        if held is None:
            self._overdue(study)
        elif not held.is_open:
            self._pass_on(held, but=frozenset({held.reader}), relieve=held.reader)

    def _offer_on(self, held: Held) -> None:
        """Offer a STAT that nobody acknowledged to somebody who never had it."""
        order_id = held.study.order.order_id
        if held.is_seen or self.held.get(order_id) is not held:
            return
        had = self.lost_by.setdefault(order_id, set()) | {held.reader}
        self.lost_by[order_id] = had
        if not self._pass_on(held, but=frozenset(had), relieve=""):
            minutes = self.department.habits.acknowledge_minutes
            self.at(self.now + minutes * 60, self._offer_on, held)

    def _pass_on(self, held: Held, *, but: frozenset[str], relieve: str) -> bool:
        study = held.study
        question = self._question(study, widen=True, but=but, relieve=relieve)
        given = self.by.choose(question)
        if given is None:
            return False
        self.readers[held.reader].lose(held)
        self.done[study.order.order_id].moves += 1
        self._give(study, given)
        return True


def kind_of(study: Study) -> tuple[str, ...]:
    """Return what decides who may read a study."""
    order = study.order
    return (order.site, order.modality, order.body_part, order.procedure, order.urgency)


def by_need(study: Study) -> tuple[int, int, int]:
    """Return what sorts studies by what is to be read first."""
    return (study.urgency.rank, study.due, study.order.order_id)
