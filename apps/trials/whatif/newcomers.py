"""Readers who are not there yet: what somebody else is, on duty whenever they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from apps.engine.compiled import CompiledConfig, compile_config
from apps.engine.facts import Config
from apps.engine.occurrences import Occurrence, occurrences_from
from apps.engine.rota import RosterRow, ShiftFacts
from apps.trials.whatif.wishes import Newcomer


class TakenError(ValueError):
    """Somebody else has the id of a newcomer."""


def with_newcomers(
    config: Config, newcomers: Sequence[Newcomer], first_on: date, last_on: date
) -> Config:
    """Return a configuration with more readers in it.

    Somebody is on duty by rows, turns of rotations and what they swapped. A second turn or a
    second taker cannot be added to those without moving others, so a newcomer gets a row of their
    own for each run on which their model sits. The model's leave is theirs too.

    Args:
        config: into which they come.
        newcomers: who, and whom they are like; one who is like nobody there is left out.
        first_on: the first date on which they work.
        last_on: the last one.

    Raises:
        TakenError: somebody else has the id of one of them.
    """
    if not newcomers:
        return config
    compiled = compile_config(config)
    _check_are_new(compiled, newcomers)
    for newcomer in newcomers:
        model = compiled.people.get(newcomer.like)
        if model is None:
            continue
        added = replace(model, id=newcomer.name, name=newcomer.name)
        theirs = (leave for leave in config.leaves if leave.radiologist == newcomer.like)
        leaves = (replace(leave, radiologist=newcomer.name) for leave in theirs)
        config = replace(
            config,
            radiologists=(*config.radiologists, added),
            roster=(*config.roster, *_rows(compiled, newcomer, first_on, last_on)),
            leaves=(*config.leaves, *leaves),
        )
    return config


def _check_are_new(compiled: CompiledConfig, newcomers: Sequence[Newcomer]) -> None:
    known = set(compiled.people)
    for newcomer in newcomers:
        if newcomer.name in known:
            raise TakenError(f"There is a reader with the id {newcomer.name} already.")
        known.add(newcomer.name)


def _rows(
    compiled: CompiledConfig, newcomer: Newcomer, first_on: date, last_on: date
) -> Iterator[RosterRow]:
    """Yield the newcomer's rows, a run at a time."""
    codes, days = _codes(compiled.config, newcomer.like), (last_on - first_on).days + 1
    for shift in (compiled.shifts[code] for code in sorted(codes & compiled.shifts.keys())):
        for run in occurrences_from(shift, first_on, days):
            yield from _on(compiled, shift, run, newcomer)


def _on(
    compiled: CompiledConfig, shift: ShiftFacts, run: Occurrence, newcomer: Newcomer
) -> Iterator[RosterRow]:
    """Yield a row for each part of a run on which the model sits, away or not."""
    stretches = compiled.roster.stretches(shift, run)
    sat = [
        stretch
        for stretch in stretches
        if newcomer.like in (*stretch.people, *stretch.on_leave, *stretch.on_other_work)
    ]
    row, zone = RosterRow(shift.code, newcomer.name, run.start_on, run.start_on), shift.zone
    if sat and len(sat) == len(stretches):
        yield row
        return
    for stretch in sat:
        start, end = (at.astimezone(ZoneInfo(zone)).time() for at in stretch[:2])
        yield replace(row, start_local=start, end_local=end)


def _codes(config: Config, person: str) -> set[str]:
    """Return the shifts on which somebody may ever sit."""
    codes = {row.shift for row in (*config.roster, *config.extras) if row.radiologist == person}
    codes.update(swap.shift for swap in config.swaps if swap.taker == person)
    codes.update(turns.shift for turns in config.rotations if person in turns.people)
    return codes
