"""Stored records as the engine takes them; the one place where they become facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from apps.engine.codes import Strategy
from apps.engine.compiled import with_holidays
from apps.engine.roster import RosterBook
from apps.engine.rota import (
    HolidayMode,
    LeaveFacts,
    RosterRow,
    RotationFacts,
    RotationUnit,
    ShiftFacts,
    SwapFacts,
    WorkType,
)
from apps.roster.choices import OverrideKind
from apps.roster.models import RosterAssignment, RosterOverride, Rotation, Shift

Calendars = Mapping[str, frozenset[date]]


@dataclass(slots=True)
class RosterFacts:
    """Who is on which shift, in the engine's words."""

    rows: list[RosterRow] = field(default_factory=list)
    extras: list[RosterRow] = field(default_factory=list)
    swaps: list[SwapFacts] = field(default_factory=list)
    leaves: list[LeaveFacts] = field(default_factory=list)
    rotations: list[RotationFacts] = field(default_factory=list)

    def book(self) -> RosterBook:
        """Return them indexed, to be asked who is where."""
        return RosterBook(
            rows=self.rows,
            extras=self.extras,
            swaps=self.swaps,
            leaves=self.leaves,
            rotations=self.rotations,
        )


def roster_facts(
    *,
    rows: Iterable[RosterAssignment] = (),
    overrides: Iterable[RosterOverride] = (),
    rotations: Iterable[Rotation] = (),
    codes: Mapping[int, str],
) -> RosterFacts:
    """Return records as facts; those of shifts without a code are left out.

    Args:
        rows: what is cancelled must be left out already, here and below.
        overrides: leave names no shift and is always in.
        rotations: with their turns, best prefetched.
        codes: the shifts' codes by key.
    """
    facts = RosterFacts()
    facts.rows += [row_facts(row, codes[row.shift_id]) for row in rows if row.shift_id in codes]
    facts.rotations += [
        rotation_facts(rotation, codes[rotation.shift_id])
        for rotation in rotations
        if rotation.shift_id in codes
    ]
    for override in overrides:
        if override.shift_id is None:
            facts.leaves.append(leave_facts(override))
        elif override.shift_id not in codes:
            continue
        elif override.kind == OverrideKind.SWAP:
            facts.swaps.append(swap_facts(override, codes[override.shift_id]))
        else:
            facts.extras.append(extra_facts(override, codes[override.shift_id]))
    return facts


def row_facts(row: RosterAssignment, code: str) -> RosterRow:
    """Return a row of the roster as the engine takes it."""
    return RosterRow(
        code,
        row.radiologist_id,
        row.start_date,
        row.end_date,
        frozenset(row.weekdays),
        row.every_weeks,
    )


def extra_facts(row: RosterOverride, code: str) -> RosterRow:
    """Return an extra turn as the engine takes it."""
    return RosterRow(
        code,
        row.radiologist_id,
        row.start_date,
        row.end_date,
        start_local=row.start_local,
        end_local=row.end_local,
    )


def swap_facts(row: RosterOverride, code: str) -> SwapFacts:
    """Return a swap as the engine takes it."""
    return SwapFacts(
        code,
        row.radiologist_id,
        row.taker_id or "",
        row.start_date,
        row.end_date,
        row.start_local,
        row.end_local,
    )


def leave_facts(row: RosterOverride) -> LeaveFacts:
    """Return leave or other work as the engine takes it."""
    return LeaveFacts(
        row.radiologist_id,
        row.start_date,
        row.end_date,
        row.start_local,
        row.end_local,
        row.time_zone,
        row.kind == OverrideKind.OTHER_WORK,
    )


def rotation_facts(rotation: Rotation, code: str) -> RotationFacts:
    """Return a rotation as the engine takes it."""
    turns = sorted(rotation.turns.all(), key=lambda turn: turn.position)
    return rotation_of(rotation, code, [turn.radiologist_id or "" for turn in turns])


def rotation_of(rotation: Rotation, code: str, people: Sequence[str]) -> RotationFacts:
    """Return a rotation over these people, who need not be stored yet; "" is nobody."""
    return RotationFacts(
        code,
        tuple(people),
        rotation.start_date,
        rotation.end_date,
        RotationUnit(rotation.unit),
        rotation.length,
        frozenset(rotation.weekdays),
    )


def shift_facts(shift: Shift, calendars: Calendars | None = None) -> ShiftFacts:
    """Return the shift's hours as the engine takes them, its work and sites left out.

    Args:
        shift: with its calendar at hand, where it has one.
        calendars: the days off of every calendar by its code; None leaves them to whoever
            compiles the configuration.
    """
    facts = ShiftFacts(
        code=shift.code,
        name=shift.name,
        work_types=(),
        sites=None,
        priority_level=shift.priority_level,
        start_local=shift.start_local,
        end_local=shift.end_local,
        weekdays=frozenset(shift.weekdays),
        zone=shift.time_zone,
        strategy=Strategy(shift.strategy),
        required_subspecialty=shift.required_subspecialty,
        calendar=shift.calendar.code if shift.calendar else "",
        holiday_mode=HolidayMode(shift.holiday_mode),
    )
    return facts if calendars is None else with_holidays(facts, calendars)


def with_work(
    facts: ShiftFacts, work_types: Iterable[WorkType], sites: Iterable[str] | None
) -> ShiftFacts:
    """Return a shift that says what it reads and where; sites None is everywhere."""
    return replace(
        facts,
        work_types=tuple(work_types),
        sites=None if sites is None else frozenset(sites),
    )
