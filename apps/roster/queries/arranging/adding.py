"""Putting somebody on: an extra turn, or in the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from apps.roster.choices import OverrideKind
from apps.roster.models import Radiologist
from apps.roster.patterns import part_words, share_hours
from apps.roster.queries.arranging.records import (
    check_active,
    check_hours,
    check_present,
    cut_of,
    hours_said,
    override_of,
    runs_if_any,
    runs_on,
    shares,
    stretches_of,
    summed,
    swap_of,
    swaps_on,
)
from apps.roster.queries.arranging.wish import CannotArrangeError, Exchange, Wish
from apps.roster.queries.cutting import lengthened
from apps.roster.queries.plan import Plan, Run
from apps.roster.queries.records import covers

_DAY = timedelta(days=1)


def assigned(wish: Wish, plan: Plan) -> Exchange:
    """Return what puts a person on the runs of a wish, beside who is there or instead of one.

    Raises:
        CannotArrangeError: there is no run, or they are on already, away or switched off.
    """
    check_active(wish.person)
    runs = runs_on(plan, wish.shift, wish.on, wish.until)
    check_hours(wish)
    if wish.other is not None:
        exchange = _instead(wish, wish.other, plan, runs)
    else:
        exchange = _beside(wish, plan, runs)
    check_present(wish, plan.with_changes(without=exchange.without, plus=exchange.plus))
    return exchange


def _beside(wish: Wish, plan: Plan, runs: Sequence[Run]) -> Exchange:
    """Add a person to runs: a turn they gave away comes back, else it is an extra turn."""
    given = [
        swap
        for swap in swaps_on(plan, wish.shift)
        if swap.radiologist_id == wish.person.pk and shares(swap, wish)
    ]
    back = summed(cut_of(swap, wish.on, wish.until) for swap in given)
    after = plan.with_changes(without=back.without, plus=back.plus)
    missing = [
        run.start_on
        for run in runs_on(after, wish.shift, wish.on, wish.until)
        if wish.person.pk not in run.seated
    ]
    if not missing and not back:
        name = wish.person.full_name
        raise CannotArrangeError(f"{name} is on {wish.shift.code} then already.")
    order = list(dict.fromkeys(run.start_on for run in runs))
    return back + summed(
        _extra(wish, plan, first_on, last_on) for first_on, last_on in stretches_of(missing, order)
    )


def _extra(wish: Wish, plan: Plan, first_on: date, last_on: date) -> Exchange:
    """Return an extra turn; one that ended on the run before is made longer instead."""
    for known in plan.overrides:
        is_same = (
            known.kind == OverrideKind.EXTRA
            and known.shift_id == wish.shift.pk
            and known.radiologist_id == wish.person.pk
            and hours_said(known) == wish.hours
        )
        if is_same and known.end_date < first_on:
            between = runs_if_any(plan, wish.shift, known.end_date + _DAY, first_on - _DAY)
            if not between:
                return Exchange([known], [lengthened(known, last_on)])
    return Exchange((), [override_of(wish, OverrideKind.EXTRA, wish.person, first_on, last_on)])


def _instead(wish: Wish, giver: Radiologist, plan: Plan, runs: Sequence[Run]) -> Exchange:
    """Put a person in the place of another; who took their place before just gives it back."""
    dates = [run.start_on for run in runs if giver.pk in run.seated]
    if not dates:
        raise CannotArrangeError(f"{giver.full_name} is not on {wish.shift.code} then.")
    if any(wish.person.pk in run.seated for run in runs if run.start_on in dates):
        raise CannotArrangeError(
            f"{wish.person.full_name} is on {wish.shift.code} then already: "
            f"take {giver.full_name} off instead."
        )
    back = [
        swap
        for swap in swaps_on(plan, wish.shift)
        if (swap.radiologist_id, swap.taker_id) == (wish.person.pk, giver.pk)
        and shares(swap, wish)
    ]
    if back:
        return summed(cut_of(swap, wish.on, wish.until) for swap in back)
    _refuse_given(wish, giver, plan, dates)
    order = list(dict.fromkeys(run.start_on for run in runs))
    # Not from the first to the last: between them the seat may be somebody else's by a swap.
    return Exchange(
        (), [swap_of(wish, giver, first, last) for first, last in stretches_of(dates, order)]
    )


def _refuse_given(wish: Wish, giver: Radiologist, plan: Plan, dates: Sequence[date]) -> None:
    """Refuse to give a seat away of which the same time is given away already."""
    wanted = (wish.hours.start, wish.hours.end) if wish.hours else (None, None)
    for swap in swaps_on(plan, wish.shift):
        is_given = swap.radiologist_id == giver.pk and any(covers(swap, on) for on in dates)
        if is_given and share_hours((swap.start_local, swap.end_local), wanted):
            hours = part_words(swap.start_local, swap.end_local) or "all"
            taker = swap.taker.full_name if swap.taker else ""
            raise CannotArrangeError(
                f"{giver.full_name} gave {hours} of it to {taker} already: "
                "change that swap first, or choose other hours."
            )
