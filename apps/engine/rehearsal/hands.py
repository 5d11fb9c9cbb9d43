"""What is on each reader's hands as a rehearsal goes on, as the engine reads it.

The counts are kept as the live ledger keeps them: assignments of the last 60 minutes, the mean
turnaround of the last four hours, and what was given on the present turn of duty.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from heapq import heappop, heappush

from apps.engine.codes import Strategy
from apps.engine.compiled import CompiledConfig
from apps.engine.duty import Duty, Span
from apps.engine.facts import RadiologistFacts, Workload
from apps.engine.rehearsal.facts import Conduct, Opening, Study

HOUR = timedelta(minutes=60)
TURNAROUND_WINDOW = timedelta(hours=4)
_END = datetime.max.replace(tzinfo=UTC)
_MINUTE = Decimal(60)
_HUNDREDTH = Decimal("0.01")
_ZERO = Decimal(0)


@dataclass(slots=True)
class Hands:
    """One reader: the studies that are theirs, what they read now, and what was counted.

    ``worked`` is the time on duty in all, without the stretch since ``here_since``. ``is_called``
    says that they read although they are not on duty, because they were given work there.
    ``kept`` is their workload as it was last asked for, which holds until ``kept_until``.
    ``given`` are the units that were given them on their turn of duty, ``given_units`` their sum.
    ``mean`` is the mean turnaround of what is ``done``, in minutes.
    """

    id: str
    person: RadiologistFacts | None
    is_here: bool = False
    is_called: bool = False
    here_since: datetime | None = None
    worked: timedelta = timedelta(0)
    reading: Study | None = None
    idle_since: datetime | None = None
    most_open: int = 0
    counts: list[int] = field(default_factory=lambda: [0, 0, 0])
    open_rvu: Decimal = _ZERO
    given: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    given_units: Decimal = _ZERO
    last_assigned_at: datetime | None = None
    active_at: datetime | None = None
    turns: dict[str, datetime] = field(default_factory=dict)
    waiting: list[tuple[int, datetime, int, Study]] = field(default_factory=list)
    hour: deque[tuple[datetime, Decimal]] = field(default_factory=deque)
    hour_rvu: Decimal = _ZERO
    done: deque[tuple[datetime, int]] = field(default_factory=deque)
    done_seconds: int = 0
    mean: Decimal | None = None
    kept: Workload | None = None
    kept_until: datetime = _END

    def begin(self, opening: Opening) -> None:
        """Count what was given and done before the rehearsal began."""
        self.hour.extend(opening.hour)
        self.hour_rvu = sum((rvu for _, rvu in opening.hour), _ZERO)
        self.given.extend(opening.given)
        self.given_units = sum((units for _, units in opening.given), _ZERO)
        self.done.extend(opening.done)
        self.done_seconds = sum(seconds for _, seconds in opening.done)
        self._take_mean()
        self.turns.update(opening.turns)
        self.last_assigned_at = max(
            (at for at in (*opening.turns.values(), *(at for at, _ in opening.hour))),
            default=None,
        )

    @property
    def open_studies(self) -> int:
        """Return how many studies are theirs and not read yet."""
        return sum(self.counts)

    @property
    def is_free(self) -> bool:
        """Return whether they are on duty with nothing to read."""
        return self.is_here and self.reading is None and not self.open_studies

    @property
    def is_full(self) -> bool:
        """Return whether the concurrent limits let them have no more."""
        person = self.person
        if person is None:
            return False
        most_rvu = person.max_concurrent_rvu
        return self.open_studies >= person.max_concurrent_studies or (
            most_rvu is not None and self.open_rvu >= most_rvu
        )

    def take_seat(self, study: Study) -> None:
        """Count a study among the open ones, and put it where it is read in its turn."""
        rank = study.urgency.rank
        self.counts[rank] += 1
        self.open_rvu += study.case.order.rvu
        self.most_open = max(self.most_open, self.open_studies)
        heappush(self.waiting, (rank, study.due_at or _END, study.number, study))
        self.kept = None

    def give(self, study: Study, at: datetime) -> None:
        """Count a new assignment: a seat, a line of the hour, a turn on the shift."""
        order = study.case.order
        self.take_seat(study)
        self.hour.append((at, order.rvu))
        self.hour_rvu += order.rvu
        self.given.append((at, order.units))
        self.given_units += order.units
        self.last_assigned_at = at
        if study.shift:
            self.turns[study.shift] = at
        self.is_called = self.is_called or not self.is_here

    def free(self, study: Study) -> None:
        """Give back a seat; the line of the hour stays, for it counts assignments made."""
        self.counts[study.urgency.rank] -= 1
        self.open_rvu -= study.case.order.rvu
        self.is_called = self.is_called and bool(self.open_studies)
        self.kept = None

    def lose(self, study: Study) -> None:
        """Give back a seat of a study that somebody else reads, and its units."""
        self.free(study)
        if study.given_at is None:
            return
        line = (study.given_at, study.order.units)
        if line in self.given:
            self.given.remove(line)
            self.given_units -= line[1]

    def finish(self, study: Study, at: datetime) -> None:
        """Count a study as read."""
        self.free(study)
        if study.given_at is not None:
            seconds = int((at - study.given_at).total_seconds())
            self.done.append((at, seconds))
            self.done_seconds += seconds
            self._take_mean()
        self.reading, self.active_at = None, at

    def next_study(self) -> Study | None:
        """Return what they read next: the urgent first, then by the time left."""
        while self.waiting:
            study = heappop(self.waiting)[-1]
            if study.reader == self.id and not study.is_over and study.begun_at is None:
                return study
        return None

    def come(self, at: datetime) -> None:
        """Begin to be on duty."""
        self.is_here, self.here_since = True, at
        self.idle_since = self.idle_since or at

    def leave(self, at: datetime) -> None:
        """End to be on duty."""
        self.count_hours(at)
        self.is_here, self.here_since = False, None

    def count_hours(self, at: datetime) -> None:
        """Count the time on duty so far."""
        if self.here_since is not None:
            self.worked += at - self.here_since
            self.here_since = at

    def hour_is_full(self, at: datetime) -> bool:
        """Return whether the hourly limits let them have no more now."""
        person = self.person
        self._prune(at)
        if person is None:
            return False
        most_rvu = person.max_rvu_per_hour
        return len(self.hour) >= person.max_studies_per_hour or (
            most_rvu is not None and self.hour_rvu >= most_rvu
        )

    def load(self, at: datetime) -> Workload:
        """Return their workload at a moment, without what it takes the hours to know."""
        kept = self.kept
        if kept is None or at >= self.kept_until:
            kept = self.kept = self._made(at)
        return kept

    def share(self, duty: Duty | None, at: datetime, other_work: Sequence[Span]) -> Workload:
        """Return their workload with the units given and the time worked on a turn of duty."""
        if duty is None:
            return self.load(at)
        since, spans = duty.since(at), duty.reading
        if len(spans) == 1 and not other_work:  # nearly always, and asked of everybody in a pool
            worked = int(
                (min(at, spans[0].end_at) - max(since, spans[0].start_at)).total_seconds()
            )
        else:
            worked = duty.worked_seconds(at, other_work)
        return self._made(at, self._given_since(since), max(worked, 0))

    def _given_since(self, since: datetime) -> Decimal:
        """Return the units given from a moment on, which never goes back."""
        given = self.given
        while given and given[0][0] < since:
            self.given_units -= given.popleft()[1]
        return self.given_units

    def _made(self, at: datetime, given: Decimal = _ZERO, worked: int = 0) -> Workload:
        self._prune(at)
        until = self.hour[0][0] + HOUR if self.hour else _END
        if self.done:
            until = min(until, self.done[0][0] + TURNAROUND_WINDOW)
        self.kept_until = until
        stat, urgent, routine = self.counts
        return Workload(
            radiologist=self.id,
            last_activity_at=self.active_at,
            open_by_urgency=(stat, urgent, routine),
            open_rvu=self.open_rvu,
            assigned_last_hour=len(self.hour),
            rvu_last_hour=self.hour_rvu,
            last_assigned_at=self.last_assigned_at,
            mean_turnaround_minutes=self.mean,
            last_on_shift=self.turns,
            given_units=given,
            worked_seconds=worked,
        )

    def _take_mean(self) -> None:
        self.mean = _mean_minutes(self.done_seconds, len(self.done)) if self.done else None

    def _prune(self, at: datetime) -> None:
        hour, done = self.hour, self.done
        if hour:
            past = at - HOUR
            while hour and hour[0][0] <= past:
                self.hour_rvu -= hour.popleft()[1]
        if done and done[0][0] <= (past := at - TURNAROUND_WINDOW):
            while done and done[0][0] <= past:
                self.done_seconds -= done.popleft()[1]
            self._take_mean()


@lru_cache(maxsize=10_000)
def _mean_minutes(seconds: int, count: int) -> Decimal:
    """Return a mean as the ledger does, to the hundredth of a minute."""
    return (Decimal(seconds) / count / _MINUTE).quantize(_HUNDREDTH)


class AllHands(Mapping[str, Workload]):
    """Everybody's workload at ``at``, made when the engine asks for it."""

    def __init__(self, compiled: CompiledConfig, conduct: Conduct, at: datetime) -> None:
        """Begin with empty hands."""
        people = compiled.people.values()
        self.by_id = {person.id: Hands(person.id, person) for person in people}
        self.at = at
        self._other_work = conduct.other_work
        # Worked out only where something chooses by it: it is asked of everybody in a pool.
        self._duties = compiled.duties if counts_hours(compiled) else None

    def of(self, reader: str) -> Hands:
        """Return a reader's hands; whoever is not known gets empty ones."""
        found = self.by_id.get(reader)
        if found is None:
            found = self.by_id[reader] = Hands(reader, None)
        return found

    def get(self, reader: str, default: Workload | None = None) -> Workload | None:  # type: ignore[override]
        """Return a reader's workload now."""
        hands = self.by_id.get(reader)
        if hands is None:
            return default
        if self._duties is None:
            kept = hands.kept  # nearly always, and asked of everybody in a pool
            if kept is not None and self.at < hands.kept_until:
                return kept
            return hands.load(self.at)
        duty = self._duties.duty_of(reader, self.at)
        return hands.share(duty, self.at, self._other_work.get(reader, ()))

    def __getitem__(self, reader: str) -> Workload:
        found = self.get(reader)
        if found is None:
            raise KeyError(reader)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)


def counts_hours(compiled: CompiledConfig) -> bool:
    """Return whether anything chooses by the hours worked."""
    asking = {Strategy.FAIR, Strategy.OPTIMAL}
    return any(shift.strategy in asking for shift in compiled.shifts.values()) or any(
        rule.target.strategy in asking for rule in compiled.rules.rules
    )
