"""What radiologists have on hand, read live under the lock and kept exact within a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from apps.assignment.snapshot.given import NOTHING
from apps.assignment.snapshot.ledger import LedgerCopy, PassingLedger
from apps.assignment.snapshot.other_work import Credits, current_credits, read_credits
from apps.core import bulk
from apps.engine.codes import Presence, Strategy, Urgency
from apps.engine.compiled import CompiledConfig
from apps.engine.duty import DutyBook
from apps.engine.facts import Workload as Load
from apps.roster.presence import presence_at


@dataclass(frozen=True, slots=True)
class Seat:
    """What one study adds to a load."""

    urgency: Urgency
    rvu: Decimal
    units: Decimal = NOTHING


_Row = tuple[str, str, int | None, int, int, int, str, int | None, int | None]
"""A workload row as it is read: moments in microseconds since 1970, RVU as text."""


class Loads(Mapping[str, Load]):
    """Loads by radiologist id, made from their rows when somebody asks.

    A decision looks at the few who are on shift, so most rows are read and never unpacked.
    """

    def __init__(self, rows: Iterable[_Row], unpack: Callable[[_Row], Load]) -> None:
        """Keep the rows; nothing is unpacked yet."""
        self._rows = {row[0]: row for row in rows}
        self._unpack = unpack
        self._made: dict[str, Load] = {}
        self.changes = 0

    def __getitem__(self, radiologist: str) -> Load:
        load = self._made.get(radiologist)
        if load is None:
            load = self._made[radiologist] = self._unpack(self._rows[radiologist])
        return load

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, load: Load) -> None:
        """Change one; whoever had no row has one from now on. ``changes`` counts it."""
        self.changes += 1
        self._made[load.radiologist] = load
        self._rows.setdefault(load.radiologist, _NO_ROW)


_NO_ROW: _Row = ("", "unknown", None, 0, 0, 0, "0", None, None)


class LoadBook:
    """The loads of every radiologist at one moment, and the changes made to them since.

    The engine reads ``loads``; services call ``take``, ``free`` and ``resize``. ``changed_rows``
    are the workload rows to write.
    """

    def __init__(self, loads: Loads, turn_of: Callable[[str], datetime | None]) -> None:
        """Begin with the loads as read; nothing is changed yet.

        Args:
            loads: of everybody.
            turn_of: says since when a reader is on duty, None where they are not.
        """
        self.loads = loads
        self._turn_of = turn_of
        self.freed = False
        self._changed: set[str] = set()

    def take(self, radiologist: str, seat: Seat, *, shift: str, at: datetime) -> None:
        """Count a new assignment of now: a seat, a line of the hour, a turn on the shift."""
        load = self._with_seat(radiologist, seat, +1)
        turns = {**load.last_on_shift, shift: at} if shift else load.last_on_shift
        self._put(
            replace(
                load,
                assigned_last_hour=load.assigned_last_hour + 1,
                rvu_last_hour=load.rvu_last_hour + seat.rvu,
                given_units=load.given_units + (seat.units if self._turn_of(radiologist) else 0),
                last_assigned_at=at,
                last_on_shift=turns,
            )
        )

    def free(self, radiologist: str, seat: Seat) -> None:
        """Give back a seat; the line of the hour stays, for it counts assignments made."""
        self._put(self._with_seat(radiologist, seat, -1))
        self.freed = True

    def regain(self, radiologist: str, seat: Seat) -> None:
        """Count a seat again that a hold had freed; it is no new assignment of the hour."""
        self._put(self._with_seat(radiologist, seat, +1))

    def take_back(self, radiologist: str, units: Decimal, *, given_at: datetime) -> None:
        """Take what was given on the present turn of duty off it; below zero gives it again."""
        since = self._turn_of(radiologist)
        if since is not None and given_at >= since:
            load = self.loads.get(radiologist) or Load(radiologist)
            self.loads.put(replace(load, given_units=load.given_units - units))

    def changed_rows(self) -> list[dict[str, Any]]:
        """Return the workload columns of everybody whose load changed, by id."""
        return [self._row(self.loads[radiologist]) for radiologist in sorted(self._changed)]

    def _with_seat(self, radiologist: str, seat: Seat, sign: int) -> Load:
        load = self.loads.get(radiologist) or Load(radiologist)
        counts = list(load.open_by_urgency)
        counts[seat.urgency.rank] += sign
        return replace(
            load,
            open_by_urgency=(counts[0], counts[1], counts[2]),
            open_rvu=load.open_rvu + sign * seat.rvu,
        )

    def _put(self, load: Load) -> None:
        self.loads.put(load)
        self._changed.add(load.radiologist)

    @staticmethod
    def _row(load: Load) -> dict[str, Any]:
        stat, urgent, routine = load.open_by_urgency
        return {
            "radiologist_id": load.radiologist,
            "open_stat": stat,
            "open_urgent": urgent,
            "open_routine": routine,
            "open_rvu": load.open_rvu,
            "last_assigned_at": load.last_assigned_at,
        }


class LoadReader:
    """Reads everybody's load at a moment; its errands run under the assignment lock."""

    def __init__(self, *, at: datetime, ledger: LedgerCopy) -> None:
        """Prepare to read; ``errands`` say what."""
        self._at = at
        self._ledger = ledger
        self._rows: list[Any] = []
        self._duties: DutyBook | None = None
        self._credits: Credits = {}

    def errands(
        self, compiled: CompiledConfig, beside: Iterable[CompiledConfig] = ()
    ) -> list[bulk.Errand]:
        """Return what to ask: the ledger's new lines, the workload rows, the turns.

        Args:
            compiled: what decides.
            beside: what is asked with the same loads and decides nothing, as shadows are.
        """
        return [
            *self._ledger.errands(self._at, partial(turns_of_duty, compiled, self._at)),
            ((_WORKLOADS, []), self._take_rows),
            *self._turn_errands((compiled, *beside)),
        ]

    def other_errands(
        self, compiled: CompiledConfig, beside: Iterable[CompiledConfig] = ()
    ) -> list[bulk.Errand]:
        """Return what depends on the configuration, to ask again where another one holds."""
        turns = partial(turns_of_duty, compiled, self._at)
        return [*self._ledger.other_errands(turns), *self._turn_errands((compiled, *beside))]

    def _turn_errands(self, asked: Iterable[CompiledConfig]) -> list[bulk.Errand]:
        """Return what to ask of the shifts that go round now; nothing where none does."""
        return self._ledger.turn_errands(
            code for compiled in asked for code in _that_go_round(compiled, self._at)
        )

    def book(self, compiled: CompiledConfig, versions: Mapping[str, int]) -> LoadBook:
        """Return the loads, once the errands were run.

        Args:
            compiled: who is on duty.
            versions: of every area, as the errands' transaction sees them.
        """
        self._duties = compiled.duties
        is_passing = isinstance(self._ledger, PassingLedger)
        # What a transaction sees of its own, which may yet be rolled back, is for nobody else.
        self._credits = (
            read_credits(self._at) if is_passing else current_credits(versions, self._at)
        )
        return LoadBook(Loads(self._rows, self._load), self._turn_of)

    def _turn_of(self, radiologist: str) -> datetime | None:
        duty = self._duties.duty_of(radiologist, self._at) if self._duties else None
        return duty.since(self._at) if duty else None

    def _load(self, row: _Row) -> Load:
        radiologist, said, active_at, stat, urgent, routine, rvu, assigned_at, until = row
        busy_until = _moment(until)
        presence = presence_at(said, busy_until, self._at)
        count, hour_rvu = self._ledger.hour_of(radiologist, self._at)
        given, worked = self._share_of(radiologist)
        return Load(
            radiologist=radiologist,
            presence=presence,
            busy_until=busy_until if presence is Presence.BUSY else None,
            last_activity_at=_moment(active_at),
            open_by_urgency=(stat, urgent, routine),
            open_rvu=Decimal(rvu),
            assigned_last_hour=count,
            rvu_last_hour=hour_rvu,
            last_assigned_at=_moment(assigned_at),
            mean_turnaround_minutes=self._ledger.mean_turnaround_minutes(radiologist, self._at),
            last_on_shift=self._ledger.turns_of(radiologist),
            given_units=given,
            worked_seconds=worked,
        )

    def _share_of(self, radiologist: str) -> tuple[Decimal, int]:
        """Return the units given on their turn of duty, and its seconds; nothing off duty."""
        duty = self._duties.duty_of(radiologist, self._at) if self._duties else None
        if duty is None:
            return NOTHING, 0
        other_work = self._credits.get(radiologist, ())
        given = self._ledger.given_since(radiologist, duty.since(self._at))
        return given, duty.worked_seconds(self._at, other_work)

    def _take_rows(self, rows: list[tuple[Any, ...]]) -> None:
        self._rows = rows


def _that_go_round(compiled: CompiledConfig, at: datetime) -> list[str]:
    """Return the shifts whose turns may be asked: those that run, all where a rule says so."""
    running = compiled.coverage_at(at).running.values()
    if _has_rule_that_goes_round(compiled):
        return [item.shift.code for item in running]
    return [item.shift.code for item in running if item.shift.strategy is Strategy.ROUND_ROBIN]


def _has_rule_that_goes_round(compiled: CompiledConfig) -> bool:
    """Return whether a rule may have any shift go round; its thousand rules are walked once."""
    known = _by_rule.get(compiled)
    if known is None:
        targets = (rule.target for rule in compiled.rules.rules)
        known = any(target.strategy is Strategy.ROUND_ROBIN for target in targets)
        _by_rule[compiled] = known
    return known


_by_rule: WeakKeyDictionary[CompiledConfig, bool] = WeakKeyDictionary()


def turns_of_duty(compiled: CompiledConfig, at: datetime) -> dict[str, datetime]:
    """Return since when each reader who is on a shift at a moment is on duty, by id."""
    running = compiled.coverage_at(at).running.values()
    people = sorted({person for item in running for person in item.people})
    duties = {person: compiled.duties.duty_of(person, at) for person in people}
    return {person: duty.since(at) for person, duty in duties.items() if duty is not None}


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WORKLOADS = """
    SELECT radiologist_id, presence, (extract(epoch FROM last_activity_at) * 1000000)::bigint,
           open_stat, open_urgent, open_routine, open_rvu::text,
           (extract(epoch FROM last_assigned_at) * 1000000)::bigint,
           (extract(epoch FROM busy_until) * 1000000)::bigint
    FROM roster_workload ORDER BY radiologist_id
"""
