"""A configuration with one thing other than it is, which shares all the rest with the one it is of.

Compiling a department anew takes a tenth of a second; asking what one change would do must not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from apps.engine.compiled import CompiledConfig
from apps.engine.conditions.subject import Subject
from apps.engine.coverage import Coverage, OnShift
from apps.engine.facts import RadiologistFacts
from apps.engine.rules import CompiledRule, RuleBook, Skipped


class FewerRules(RuleBook):
    """The rules without some of them."""

    def __init__(self, base: RuleBook, off: frozenset[int]) -> None:
        """Take the rules over as they are compiled.

        Args:
            base: all of them.
            off: ids of those that are switched off.
        """
        self.__dict__.update(vars(base))
        self._base, self._off = base, off

    def matching(
        self, subject: Subject, at: datetime, skipped: list[Skipped]
    ) -> Iterator[CompiledRule]:
        """Yield the rules that hold, but for those switched off."""
        for rule in self._base.matching(subject, at, skipped):
            if rule.facts.id not in self._off:
                yield rule


class Variant(CompiledConfig):
    """A compiled configuration with other people, rules or seats."""

    def __init__(
        self,
        base: CompiledConfig,
        *,
        person: RadiologistFacts | None = None,
        rules: RuleBook | None = None,
        seat: tuple[str, str] | None = None,
    ) -> None:
        """Take everything over and change one thing.

        Args:
            base: as it is.
            person: a reader as they would be.
            rules: the rules as they would be.
            seat: a running shift's code and who would be on it beside the others.
        """
        self.__dict__.update(vars(base))
        self._base, self._seat = base, seat
        self._made: dict[datetime, Coverage] = {}
        if person is not None:
            self.people: dict[str, RadiologistFacts] = {**base.people, person.id: person}
        if rules is not None:
            self.rules: RuleBook = rules

    def coverage_at(self, at: datetime) -> Coverage:
        """Return who is on shift, with pools of its own: they hold the people as they would be."""
        coverage = self._base.coverage_at(at)
        made = self._made.get(coverage.start_at)
        if made is None:
            made = self._made[coverage.start_at] = _with_seat(coverage, self._seat)
        return made


def _with_seat(coverage: Coverage, seat: tuple[str, str] | None) -> Coverage:
    running = coverage.running
    if seat is not None and seat[0] in running:
        running = {**running, seat[0]: _seated(running[seat[0]], seat[1])}
    return Coverage(
        start_at=coverage.start_at,
        end_at=coverage.end_at,
        running=running,
        by_modality={
            modality: _renewed(seats, running) for modality, seats in coverage.by_modality.items()
        },
        open_modality=_renewed(coverage.open_modality, running),
        is_cut_short=coverage.is_cut_short,
    )


def _seated(on_shift: OnShift, person: str) -> OnShift:
    return replace(
        on_shift,
        people=tuple(sorted({*on_shift.people, person})),
        on_leave=tuple(one for one in on_shift.on_leave if one != person),
        on_other_work=tuple(one for one in on_shift.on_other_work if one != person),
    )


def _renewed(seats: tuple[OnShift, ...], running: Mapping[str, OnShift]) -> tuple[OnShift, ...]:
    return tuple(running[seat.shift.code] for seat in seats)
