"""Taking somebody off, for whole runs or for some hours of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from apps.roster.choices import OverrideKind
from apps.roster.models import RosterOverride
from apps.roster.queries.arranging.adding import assigned
from apps.roster.queries.arranging.records import (
    away_for,
    check_hours,
    cut_of,
    is_swap,
    is_whole,
    override_of,
    runs_on,
    seating,
    stretches_of,
    summed,
    swap_of,
)
from apps.roster.queries.arranging.wish import CannotArrangeError, Exchange, Hours, Wish
from apps.roster.queries.plan import Plan, Run
from apps.roster.queries.records import Record, TakingTurns


def taken_off(wish: Wish, plan: Plan) -> Exchange:
    """Return what takes a person off the runs of a wish.

    Raises:
        CannotArrangeError: they are not on any of them, or would stay on.
    """
    runs = runs_on(plan, wish.shift, wish.on, wish.until)
    if not any(wish.person.pk in run.seated for run in runs):
        raise CannotArrangeError(f"{wish.person.full_name} is not on {wish.shift.code} then.")
    exchange = summed(
        without_person(record, wish, runs, plan) for record in seating(plan, wish, runs)
    )
    after = plan.with_changes(without=exchange.without, plus=exchange.plus)
    for run in runs_on(after, wish.shift, wish.on, wish.until):
        if any(seat.person.pk == wish.person.pk for seat in run.present):
            raise CannotArrangeError(f"{wish.person.full_name} would still be on.")
    return exchange


def without_person(record: Record, wish: Wish, runs: Sequence[Run], plan: Plan) -> Exchange:
    """Return what takes a person off the dates of a wish, as far as one record put them on."""
    if not isinstance(record, TakingTurns):
        return cut_of(record, wish.on, wish.until)
    shift = wish.shift
    dates = [run.start_on for run in runs if plan.says(record, wish.person.pk, run.start_on)]
    order = list(dict.fromkeys(run.start_on for run in runs))
    whole = Hours(shift.start_local, shift.end_local)
    return Exchange(
        (), [away_for(wish, first, last, whole) for first, last in stretches_of(dates, order)]
    )


def stretched(wish: Wish, plan: Plan) -> Exchange:
    """Return what puts a person on for more dates, or for other hours of one run.

    Raises:
        CannotArrangeError: they are not on it, or nothing would change.
    """
    if wish.hours is None:
        return assigned(replace(wish, other=None), plan)
    runs = runs_on(plan, wish.shift, wish.on, wish.on)
    if wish.person.pk not in runs[0].seated:
        raise CannotArrangeError(f"{wish.person.full_name} is not on {wish.shift.code} then.")
    check_hours(wish)
    one = replace(wish, until=wish.on)
    records = seating(plan, one, runs)
    exchange = (
        _narrowed(one, records) if _is_by_turns(records) else _anew(one, records, runs, plan)
    )
    after = plan.with_changes(without=exchange.without, plus=exchange.plus)
    if [run.stretches for run in runs_on(after, one.shift, one.on, one.on)] == [
        run.stretches for run in runs
    ]:
        raise CannotArrangeError("These are the hours already.")
    return exchange


def _anew(wish: Wish, records: Sequence[Record], runs: Sequence[Run], plan: Plan) -> Exchange:
    """Take a person off a run, and put them on it for other hours in the same way."""
    off = summed(without_person(record, wish, runs, plan) for record in records)
    swap = next((one for one in records if is_swap(one)), None)
    hours = None if is_whole(wish) else wish.hours
    put = replace(wish, hours=hours)
    if isinstance(swap, RosterOverride):
        record = swap_of(put, swap.radiologist, wish.on, wish.on)
    else:
        record = override_of(put, OverrideKind.EXTRA, wish.person, wish.on, wish.on)
    return off + Exchange((), [record])


def _narrowed(wish: Wish, records: Sequence[Record]) -> Exchange:
    """Let somebody whose turn it is be away before and after the hours they shall be there."""
    shift, hours = wish.shift, wish.hours
    if hours is None or is_whole(wish):
        raise CannotArrangeError(f"The whole turn is theirs by {records[0]} already.")
    pieces = []
    if hours.start != shift.start_local:
        pieces.append(Hours(shift.start_local, hours.start))
    if hours.end != shift.end_local:
        pieces.append(Hours(hours.end, shift.end_local))
    return Exchange((), [away_for(wish, wish.on, wish.on, piece) for piece in pieces])


def _is_by_turns(records: Sequence[Record]) -> bool:
    return any(isinstance(record, TakingTurns) for record in records)
