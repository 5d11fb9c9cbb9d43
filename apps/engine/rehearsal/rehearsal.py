"""The rehearsal itself: one clock, and what happens at its moments.

Orders are decided as they come. Readers read one at a time while they are on duty, the urgent
first, and finish what they began. What has no reader is tried again when a shift begins or ends,
when a seat or an hour comes free that was wanted, and each hour; at its breach everybody is
asked, and a while after it an unopened study may move to somebody with less load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from heapq import heappop, heappush

from apps.engine.codes import Reason
from apps.engine.compiled import CompiledConfig
from apps.engine.occurrences import next_change
from apps.engine.rehearsal.company import Company
from apps.engine.rehearsal.deciders import Decider, EngineDecider, Verdict
from apps.engine.rehearsal.facts import Case, Conduct, Opening, Study
from apps.engine.rehearsal.hands import HOUR, AllHands, Hands
from apps.engine.rehearsal.lasting import Lasting
from apps.engine.rehearsal.waiting import Kind, Waiting

_SWEEP = HOUR
_NO_CONDUCT = Conduct()
_SHARED = "WORKLIST"
Sink = Callable[[Study], None]


class Rehearsal:
    """One department at work; feed it with ``take`` and end it with ``close``.

    Cases come in the order of ``ready_at``. Each study goes to ``sink`` once, when nothing more
    becomes of it. ``decisions`` counts how often was decided.
    """

    def __init__(
        self,
        compiled: CompiledConfig,
        start_at: datetime,
        sink: Sink,
        *,
        conduct: Conduct = _NO_CONDUCT,
        decider: Decider | None = None,
    ) -> None:
        self.at = start_at
        self.decisions = 0
        self._compiled = compiled
        self._sink = sink
        self._conduct = conduct
        self._decider = decider or EngineDecider(compiled)
        self._company = Company(conduct)
        self._waiting = Waiting()
        self._lasting = Lasting(compiled)
        self._events: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._number = 0
        self._open: dict[int, Study] = {}
        self._wanted_hours: set[str] = set()
        self.hands = AllHands(compiled, conduct, start_at)
        self._change_shifts(start_at)
        self._plan(start_at + _SWEEP, self._sweep)

    # -- what is told --------------------------------------------------------------------

    def begin_with(self, openings: Mapping[str, Opening]) -> None:
        """Count what was given and done before; call it before the first case."""
        for reader, opening in openings.items():
            self.hands.of(reader).begin(opening)

    def seat(self, case: Case, reader: str, shift: str, given_at: datetime) -> None:
        """Have a reader hold a study from before; it is read, and not counted."""
        study = self._study(case)
        study.is_counted, study.reader, study.shift = False, reader, shift
        study.first_at = study.given_at = given_at
        hands = self.hands.of(reader)
        hands.take_seat(study)
        self._company.note(study)
        self._follow(study)
        self._read_on(hands, self.at)

    def take(self, case: Case) -> None:
        """Let the clock run to the case, and decide it."""
        self.run_to(case.ready_at)
        study = self._study(case)
        self._follow(study)
        self._decide(study, self.at)

    def run_to(self, at: datetime) -> None:
        """Let everything happen that is due by a moment."""
        events = self._events
        while events and events[0][0] <= at:
            due_at, _, happen = heappop(events)
            self.at = self.hands.at = max(due_at, self.at)
            happen(self.at)
        self.at = self.hands.at = max(at, self.at)

    def hours(self) -> dict[str, timedelta]:
        """Return how long everybody was on duty so far."""
        for hands in self.hands.by_id.values():
            hands.count_hours(self.at)
        return {id_: hands.worked for id_, hands in self.hands.by_id.items()}

    def close(self, at: datetime) -> None:
        """Let the clock run to the end, and hand over what is still under way."""
        self.run_to(at)
        for study in list(self._open.values()):
            self._end(study)

    # -- orders --------------------------------------------------------------------------

    def _study(self, case: Case) -> Study:
        self._number += 1
        urgency = case.order.urgency
        study = Study(case, urgency, case.dues[urgency.rank], self._number)
        self._open[study.number] = study
        return study

    def _follow(self, study: Study) -> None:
        """Plan what happens to a study by itself."""
        if study.case.ends_at is not None:
            self._plan(study.case.ends_at, lambda at: self._cancel(study, at))
        if study.due_at is not None:
            self._plan(study.due_at, lambda at: self._breach(study, at))

    def _decide(
        self, study: Study, at: datetime, *, widen: bool = False, relieve: str = ""
    ) -> Verdict:
        """Decide a study and carry it out; a reader it has gives way only to another."""
        self.decisions += 1
        study.tries += 1
        self.hands.at = at
        order = study.case.order
        passed_over = order.passed_over | study.had_overdue if relieve else order.passed_over
        if study.urgency is not order.urgency or study.due_at != order.report_due_at or relieve:
            order = replace(
                order,
                urgency=study.urgency,
                report_due_at=study.due_at,
                passed_over=passed_over | ({relieve} if relieve else frozenset()),
            )
        order = self._company.facts(study, order)
        verdict = self._decider.decide(order, at, self.hands, widen=widen, relieve=relieve)
        if relieve and not verdict.reader:
            return verdict
        self._take_urgency(study, verdict)
        if verdict.reader:
            self._give(study, verdict, at)
        else:
            self._keep_waiting(study, verdict, at)
        return verdict

    def _take_urgency(self, study: Study, verdict: Verdict) -> None:
        if verdict.urgency is study.urgency:
            return
        if study.reader:
            # The seat is counted under the urgency that it was taken with.
            hands = self.hands.of(study.reader)
            hands.free(study)
            study.urgency = verdict.urgency
            hands.take_seat(study)
        study.urgency = verdict.urgency
        study.due_at = study.case.dues[verdict.urgency.rank]
        if study.due_at is not None:
            self._plan(study.due_at, lambda at: self._breach(study, at))

    def _give(self, study: Study, verdict: Verdict, at: datetime) -> None:
        left = study.reader
        if left:
            self.hands.of(left).lose(study)
            study.moves += 1
        study.reader, study.shift, study.rule = verdict.reader, verdict.shift, verdict.rule
        study.strategy, study.escalated = verdict.strategy, verdict.escalated
        study.given_at, study.reason, study.kind = at, None, None
        study.first_at = study.first_at or at
        study.first_reader = study.first_reader or study.reader
        hands = self.hands.of(study.reader)
        hands.give(study, at)
        self._company.note(study)
        if hands.hour_is_full(at):
            self._want_hour(hands)
        if hands.reading is None:
            self._read_on(hands, at)
        if left:
            self._freed(self.hands.of(left), at)

    def _keep_waiting(self, study: Study, verdict: Verdict, at: datetime) -> None:
        study.reason = verdict.reason or Reason.NO_SHIFT
        kind = self._waiting.put(study, verdict, at)
        if kind.sharing:
            self._offer_shared(kind.sharing, at)

    def _cancel(self, study: Study, at: datetime) -> None:
        if study.is_over or study.begun_at is not None:
            return
        hands = self.hands.of(study.reader) if study.reader else None
        was_full = hands is not None and hands.is_full
        if hands is not None:
            hands.lose(study)
        self._end(study)
        if hands is not None and was_full:
            self._freed(hands, at)

    def _breach(self, study: Study, at: datetime) -> None:
        if study.is_over or study.due_at is None or study.due_at > at or study.is_breached:
            return
        study.is_breached = True
        if not study.reader:
            self._decide(study, at, widen=True)
        if study.case.reassign_after is not None:
            self._plan(at + study.case.reassign_after, lambda later: self._reassign(study, later))

    def _reassign(self, study: Study, at: datetime) -> None:
        if study.is_over or study.begun_at is not None:
            return
        if not study.reader:
            self._decide(study, at, widen=True)
            return
        left = study.reader
        if self._decide(study, at, widen=True, relieve=left).reader:
            study.had_overdue |= {left}

    def _end(self, study: Study) -> None:
        study.is_over = True
        self._open.pop(study.number, None)
        self._company.note(study)
        self._sink(study)

    # -- readers -------------------------------------------------------------------------

    def _read_on(self, hands: Hands, at: datetime) -> None:
        """Have a reader begin with the next study, if they are there and free."""
        if hands.reading is not None or not (hands.is_here or hands.is_called):
            return
        study = hands.next_study()
        if study is None:
            hands.idle_since = at
            self._take_shared(hands, at)
            return
        hands.idle_since = None
        hands.reading, hands.active_at, study.begun_at = study, at, at
        seconds = max(self._conduct.seconds(study.case, hands.id), 1.0)
        self._plan(at + timedelta(seconds=seconds), lambda end: self._done(study, hands, end))

    def _done(self, study: Study, hands: Hands, at: datetime) -> None:
        was_full = hands.is_full
        hands.finish(study, at)
        study.done_at = at
        self._end(study)
        self._read_on(hands, at)
        if was_full:
            self._freed(hands, at)

    def _freed(self, hands: Hands, at: datetime) -> None:
        if self._waiting:
            self._try_again(self._waiting.kinds(helped_by=hands.id), at)

    def _take_shared(self, hands: Hands, at: datetime) -> None:
        """Have a reader with nothing to read take from a list that they share."""
        study = self._waiting.shared_with(hands.id) if self._waiting and hands.is_free else None
        if study is not None:
            self._give(study, Verdict(hands.id, "", _SHARED, study.urgency), at)

    def _offer_shared(self, sharing: Iterable[str], at: datetime) -> None:
        """Have whoever of them is free longest take from the list."""
        free = [hands for id_ in sharing if (hands := self.hands.of(id_)).is_free]
        if free:
            longest = min(free, key=lambda hands: (hands.idle_since or at, hands.id))
            self._take_shared(longest, at)

    # -- time ----------------------------------------------------------------------------

    def _plan(self, at: datetime, happen: Callable[[datetime], None]) -> None:
        self._number += 1
        heappush(self._events, (at, self._number, happen))

    def _change_shifts(self, at: datetime) -> None:
        """Have readers come and go, try what waits again, and plan the next change."""
        running = self._compiled.coverage_at(at).running.values()
        here = {id_ for on_shift in running for id_ in on_shift.people}
        for hands in list(self.hands.by_id.values()):
            if hands.is_here and hands.id not in here:
                hands.leave(at)
        for id_ in sorted(here):
            hands = self.hands.of(id_)
            if not hands.is_here:
                hands.come(at)
                self._read_on(hands, at)
        self._try_again(self._waiting.kinds(), at)
        following = next_change(self._compiled, at)
        if following is not None:
            self._plan(following, self._change_shifts)

    def _sweep(self, at: datetime) -> None:
        kinds = (kind for kind in self._waiting.kinds() if not self._lasting.holds(kind, at))
        self._try_again(kinds, at)
        self._plan(at + _SWEEP, self._sweep)

    def _want_hour(self, hands: Hands) -> None:
        """Plan to try again when the first assignment of a full hour leaves it."""
        if hands.hour and hands.id not in self._wanted_hours:
            self._wanted_hours.add(hands.id)
            self._plan(hands.hour[0][0] + HOUR, lambda at: self._hour_freed(hands, at))

    def _hour_freed(self, hands: Hands, at: datetime) -> None:
        self._wanted_hours.discard(hands.id)
        self._freed(hands, at)
        if hands.hour_is_full(at):
            self._want_hour(hands)

    def _try_again(self, kinds: Iterable[Kind], at: datetime) -> None:
        for kind in kinds:
            while (study := kind.first()) is not None:
                if not self._decide(study, at, widen=study.is_breached).reader:
                    break
