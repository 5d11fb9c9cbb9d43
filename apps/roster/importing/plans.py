"""What an import would do, before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from functools import cached_property
from typing import NamedTuple

from apps.roster.importing.entries import Problem
from apps.roster.importing.names import Known
from apps.roster.importing.turns import Turns


class Dates(NamedTuple):
    """The dates of a row, both included; no last one is open. A pattern is one made by hand."""

    first_on: date
    last_on: date | None
    weekdays: tuple[int, ...] = ()
    every_weeks: int = 1

    @property
    def is_plain(self) -> bool:
        """Return whether every day counts."""
        return not self.weekdays and self.every_weeks == 1


class PlannedRow(NamedTuple):
    """A row that would be added (no ``before``), taken away (no ``after``), or both: changed.

    ``hours`` are of a turn that is an extra one in part; the others are rows of the roster.
    """

    shift_id: int
    person_id: str
    before: Dates | None
    after: Dates | None
    hours: tuple[time, time] | None = None
    id: int | None = None


@dataclass(frozen=True)
class RosterPlan:
    """What would be done with a source's roster.

    Attributes:
        rows: what would be written, by shift and person.
        turns: what the source says, understood or not.
        known: whom and what it may speak of.
        added: how many turns come.
        removed: how many turns go.
        same: how many turns are there already and stay.
        held: how many are there by another row, a person's or another source's.
        kept: how many it no longer names and which stay all the same.
        clashes: where somebody is away who would be on.
        notes: what else there is to know, in words.
        fault: why nothing can be read yet, in words; empty if it can.
        asks_order: whether somebody must say which of day and month comes first.
    """

    known: Known
    rows: Sequence[PlannedRow] = ()
    turns: Turns = field(default_factory=Turns)
    added: int = 0
    removed: int = 0
    same: int = 0
    held: int = 0
    kept: int = 0
    clashes: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    fault: str = ""
    asks_order: bool = False

    @cached_property
    def new(self) -> Sequence[PlannedRow]:
        """Return the rows that would be added."""
        return [row for row in self.rows if row.before is None]

    @cached_property
    def changed(self) -> Sequence[PlannedRow]:
        """Return the rows whose dates would change."""
        return [row for row in self.rows if row.before is not None and row.after is not None]

    @cached_property
    def gone(self) -> Sequence[PlannedRow]:
        """Return the rows that would be taken away."""
        return [row for row in self.rows if row.after is None]

    @property
    def problems(self) -> Sequence[Problem]:
        """Return what cannot be used."""
        return self.turns.problems

    @cached_property
    def digest(self) -> str:
        """Return what is the same only if the same would be written over the same."""
        return hashlib.sha256(repr(self.rows).encode()).hexdigest()[:32]

    def counts(self) -> dict[str, int]:
        """Return the figures that a source keeps of its last reading."""
        return {
            "new": len(self.new),
            "changed": len(self.changed),
            "gone": len(self.gone),
            "same": self.same,
            "added": self.added,
            "removed": self.removed,
            "unknown": len(self.turns.unknown),
            "problems": len(self.problems),
        }
