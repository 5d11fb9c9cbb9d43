"""The runs and records that a wish concerns, and those that would fulfil it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from apps.roster.choices import OverrideKind, RosterStatus
from apps.roster.models import Radiologist, RosterAssignment, RosterOverride, Shift
from apps.roster.patterns import lies_within, minutes_between
from apps.roster.queries.arranging.wish import CannotArrangeError, Exchange, Hours, Wish
from apps.roster.queries.cutting import without_days
from apps.roster.queries.plan import Plan, Run
from apps.roster.queries.records import Record, TakingTurns
from apps.roster.queries.swaps import lacking_between

_DAY = timedelta(days=1)


def runs_on(plan: Plan, shift: Shift, first_on: date, last_on: date) -> list[Run]:
    """Return a shift's runs that start on these dates.

    Raises:
        CannotArrangeError: there is none.
    """
    found = runs_if_any(plan, shift, first_on, last_on)
    if not found:
        raise CannotArrangeError(f"{shift.code} does not run then.")
    return found


def runs_if_any(plan: Plan, shift: Shift, first_on: date, last_on: date) -> list[Run]:
    """Return a shift's runs that start on these dates, if there are any."""
    days = max((last_on - first_on).days + 1, 0)
    return [run for run in plan.runs_from(first_on, days) if run.shift.pk == shift.pk]


def swaps_on(plan: Plan, shift: Shift) -> Iterator[RosterOverride]:
    """Return the swaps on a shift that count."""
    return (
        override
        for override in plan.overrides
        if is_swap(override)
        and override.shift_id == shift.pk
        and override.status == RosterStatus.ACTIVE
    )


def concerned(plan: Plan, wish: Wish) -> list[Run]:
    """Return the runs that a wish is about, where somebody goes to included; its own first."""
    found = runs_if_any(plan, wish.shift, wish.on, wish.until)
    if wish.to_shift is not None and wish.to_on is not None:
        found += runs_if_any(plan, wish.to_shift, wish.to_on, wish.to_on)
    return found


def seating(plan: Plan, wish: Wish, runs: Sequence[Run]) -> list[Record]:
    """Return the records that put the person on the shift on one of the runs."""
    stored: Iterable[Record] = (*plan.rows, *plan.overrides, *plan.rotations)
    return [
        record
        for record in stored
        if record.status == RosterStatus.ACTIVE
        and record.shift_id == wish.shift.pk
        and _seats(record, wish.person.pk)
        and any(plan.says(record, wish.person.pk, run.start_on) for run in runs)
    ]


def _seats(record: Record, person: str) -> bool:
    if isinstance(record, TakingTurns):
        return person in record.ids
    if isinstance(record, RosterOverride) and record.kind == OverrideKind.SWAP:
        return record.taker_id == person
    return record.radiologist_id == person


def is_swap(record: Record) -> bool:
    """Return whether a record lets one person stand in for another."""
    return isinstance(record, RosterOverride) and record.kind == OverrideKind.SWAP


def shares(record: RosterOverride, wish: Wish) -> bool:
    """Return whether a record shares a date with a wish."""
    return record.start_date <= wish.until and record.end_date >= wish.on


def hours_said(record: RosterOverride) -> Hours | None:
    """Return the hours of each run that a record is for, None for the whole."""
    if record.start_local is None or record.end_local is None:
        return None
    return Hours(record.start_local, record.end_local)


def is_whole(wish: Wish) -> bool:
    """Return whether a wish is for the whole run."""
    shift, hours = wish.shift, wish.hours
    return hours is None or (
        hours.start == shift.start_local
        and minutes_between(hours.start, hours.end)
        == minutes_between(shift.start_local, shift.end_local)
    )


def override_of(
    wish: Wish,
    kind: OverrideKind,
    person: Radiologist,
    first_on: date,
    last_on: date,
    *,
    taker: Radiologist | None = None,
) -> RosterOverride:
    """Return a new record for the hours of a wish."""
    return RosterOverride(
        kind=kind,
        shift=wish.shift,
        radiologist=person,
        taker=taker,
        start_date=first_on,
        end_date=last_on,
        start_local=wish.hours.start if wish.hours else None,
        end_local=wish.hours.end if wish.hours else None,
    )


def swap_of(wish: Wish, giver: Radiologist, first_on: date, last_on: date) -> RosterOverride:
    """Return a new swap by which the person of a wish stands in for another.

    Raises:
        CannotArrangeError: they may not read some of the shift's work; that is never relaxed.
    """
    lacks = lacking_between(wish.person, wish.shift, first_on, last_on)
    if lacks:
        name, code = wish.person.full_name, wish.shift.code
        raise CannotArrangeError(f"{name} may not take {code}: {'; '.join(lacks)}.")
    return override_of(wish, OverrideKind.SWAP, giver, first_on, last_on, taker=wish.person)


def away_for(wish: Wish, first_on: date, last_on: date, hours: Hours) -> RosterOverride:
    """Return leave for some hours of a run; a time before the shift's start is the next date's."""
    later = _DAY if hours.start < wish.shift.start_local else timedelta()
    return RosterOverride(
        kind=OverrideKind.LEAVE,
        radiologist=wish.person,
        start_date=first_on + later,
        end_date=last_on + later,
        start_local=hours.start,
        end_local=hours.end,
        time_zone=wish.shift.time_zone,
        note=f"Taken off {wish.shift.code}",
    )


def cut_of(record: RosterAssignment | RosterOverride, first_on: date, last_on: date) -> Exchange:
    """Return what takes these days off a record."""
    return Exchange([record], without_days(record, first_on, last_on))


def check_hours(wish: Wish) -> None:
    """Refuse hours that reach beyond the run.

    Raises:
        CannotArrangeError: they do.
    """
    shift, hours = wish.shift, wish.hours
    if hours is None:
        return
    if not lies_within((hours.start, hours.end), shift.start_local, shift.end_local):
        raise CannotArrangeError(
            f"These hours reach beyond the turn, {shift.start_local:%H:%M} to "
            f"{shift.end_local:%H:%M} in {shift.time_zone}."
        )


def check_active(person: Radiologist) -> None:
    """Refuse somebody who is switched off.

    Raises:
        CannotArrangeError: they are.
    """
    if not person.is_active:
        raise CannotArrangeError(f"{person.full_name} is switched off and gets no work.")


def check_present(wish: Wish, after: Plan) -> None:
    """Refuse to put somebody on a run on which they would be away all the time.

    Raises:
        CannotArrangeError: they would.
    """
    for run in runs_on(after, wish.shift, wish.on, wish.until):
        for seat in run.seats:
            if seat.person.pk == wish.person.pk and not seat.is_present:
                on = f"{run.start_on.day} {run.start_on:%b %Y}"
                raise CannotArrangeError(f"{wish.person.full_name} is away on {on}.")


def stretches_of(dates: Sequence[date], order: Sequence[date]) -> Iterator[tuple[date, date]]:
    """Yield the first and last of dates that follow each other among the shift's run dates."""
    place = {on: number for number, on in enumerate(order)}
    known = sorted(set(dates))
    groups: dict[int, list[date]] = {}
    for number, on in enumerate(known):
        groups.setdefault(place[on] - number, []).append(on)
    for group in groups.values():
        yield group[0], group[-1]


def summed(exchanges: Iterable[Exchange]) -> Exchange:
    """Return exchanges that do not touch each other, together."""
    return sum(exchanges, Exchange())


def joined(first: Exchange, then: Exchange) -> Exchange:
    """Return two exchanges of which the second was worked out on what the first left."""
    made = {id(record) for record in first.plus}
    gone = {id(record) for record in then.without}
    return Exchange(
        [*first.without, *(record for record in then.without if id(record) not in made)],
        [*(record for record in first.plus if id(record) not in gone), *then.plus],
    )
