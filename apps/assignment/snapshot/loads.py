"""What radiologists have on hand, read live under the lock and kept exact within a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.assignment.models import ShiftTurn
from apps.assignment.snapshot.ledger import LedgerCopy
from apps.engine.codes import Presence, Strategy, Urgency
from apps.engine.facts import Config
from apps.engine.facts import Workload as Load
from apps.roster.models import Workload


@dataclass(frozen=True, slots=True)
class Seat:
    """What one study adds to a load."""

    urgency: Urgency
    rvu: Decimal


class LoadBook:
    """The loads of every radiologist at one moment, and the changes made to them since.

    The engine reads ``loads``; services call ``take``, ``free`` and ``resize``. ``changed_rows``
    are the workload rows to write.
    """

    def __init__(self, loads: dict[str, Load]) -> None:
        """Begin with the loads as read; nothing is changed yet."""
        self.loads = loads
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
        self.loads[load.radiologist] = load
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


def read_loads(*, at: datetime, ledger: LedgerCopy, config: Config) -> LoadBook:
    """Return everybody's load at ``at``; call it under the assignment lock."""
    ledger.catch_up(at)
    turns = _turns(config)
    rows = Workload.objects.values_list(
        "radiologist_id", "presence", "last_activity_at", "open_stat", "open_urgent",
        "open_routine", "open_rvu", "last_assigned_at",
    )
    loads = {}
    for radiologist, presence, active_at, stat, urgent, routine, rvu, assigned_at in rows:
        count, hour_rvu = ledger.hour_of(radiologist, at)
        loads[radiologist] = Load(
            radiologist=radiologist,
            presence=Presence(presence),
            last_activity_at=active_at,
            open_by_urgency=(stat, urgent, routine),
            open_rvu=rvu,
            assigned_last_hour=count,
            rvu_last_hour=hour_rvu,
            last_assigned_at=assigned_at,
            mean_turnaround_minutes=ledger.mean_turnaround_minutes(radiologist, at),
            last_on_shift=turns.get(radiologist, {}),
        )
    return LoadBook(loads)


def _turns(config: Config) -> Mapping[str, dict[str, datetime]]:
    codes = [shift.code for shift in config.shifts if shift.strategy is Strategy.ROUND_ROBIN]
    if not codes:
        return {}
    return _by_person(
        ShiftTurn.objects.filter(shift_code__in=codes).values_list(
            "radiologist_id", "shift_code", "last_assigned_at"
        )
    )


def _by_person(rows: Iterable[tuple[str, str, datetime]]) -> dict[str, dict[str, datetime]]:
    turns: dict[str, dict[str, datetime]] = {}
    for radiologist, shift, at in rows:
        turns.setdefault(radiologist, {})[shift] = at
    return turns
