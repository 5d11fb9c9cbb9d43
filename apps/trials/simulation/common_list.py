"""The other way to work: a list that everybody takes from, which assigns nothing ahead."""

from __future__ import annotations

from collections.abc import Sequence

from apps.trials.simulation.arrivals import Study, moment
from apps.trials.simulation.deciders import Given, Question
from apps.trials.simulation.reader import Held, Reader
from apps.trials.simulation.run import Days, by_need, kind_of


class CommonList(Days):
    """Days in which whoever is free takes the most urgent and oldest of what they may read."""

    def begin(self, studies: Sequence[Study]) -> None:
        """Plan what is known; who may read what is asked once for each kind and crew."""
        self._eligible: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}
        super().begin(studies)

    def _arrive(self, study: Study) -> None:
        self.waiting[study.order.order_id] = study
        able = self._able(study)
        free = [self.readers[id_] for id_ in able if self.readers[id_].can_start]
        if free:
            self._start(min(free, key=lambda reader: (reader.idle_since, reader.id)))

    def _start(self, reader: Reader) -> None:
        if reader.can_start:
            study = self._next_for(reader)
            if study is not None:
                self._give(study, Given(reader.id, self._able(study)[reader.id]))
        super()._start(reader)

    def _give(self, study: Study, given: Given) -> None:
        order_id, reader = study.order.order_id, self.readers[given.reader]
        del self.waiting[order_id]
        self.held[order_id] = Held(study, given.reader, given.shift, self.now)
        self.done[order_id].first_reader_at = self.now
        reader.take(self.held[order_id], self.now)

    def _next_for(self, reader: Reader) -> Study | None:
        may: dict[tuple[str, ...], bool] = {}
        best: Study | None = None
        for study in self.waiting.values():
            kind = kind_of(study)
            if kind not in may:
                may[kind] = reader.id in self._able(study)
            if may[kind] and (best is None or by_need(study) < by_need(best)):
                best = study
        return best

    def _able(self, study: Study) -> dict[str, str]:
        on = tuple(id_ for id_, reader in self.readers.items() if reader.is_on)
        key = (kind_of(study), on)
        if key not in self._eligible:
            at = moment(self.department, self.now)
            fit = self.by.eligible(Question(study.order, at, {}))
            self._eligible[key] = {given.reader: given.shift for given in fit}
        return self._eligible[key]

    def _retry(self, _nothing: object) -> None:
        """Have everybody who is free look at the list again."""
        for reader in self.readers.values():
            if reader.can_start:
                self._start(reader)

    def _finish(self, reader: Reader) -> None:
        held = reader.finish(self.now)
        order_id = held.study.order.order_id
        del self.held[order_id]
        done = self.done[order_id]
        done.reader, done.shift, done.reported_at = reader.id, held.shift, self.now
        self._start(reader)

    def _overdue(self, study: Study) -> None:
        """Nothing: the list is open to all who may read it."""

    def _reassign(self, study: Study) -> None:
        """Nothing: nobody has what nobody reads."""
