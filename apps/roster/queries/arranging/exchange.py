"""Turns each wish into the records that go and those that come in their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from apps.roster.models import Radiologist
from apps.roster.queries.arranging.adding import assigned
from apps.roster.queries.arranging.records import joined
from apps.roster.queries.arranging.taking import stretched, taken_off
from apps.roster.queries.arranging.wish import Act, CannotArrangeError, Exchange, Wish
from apps.roster.queries.plan import Plan


def exchange_of(wish: Wish, plan: Plan) -> Exchange:
    """Return what has to be exchanged to fulfil a wish.

    Raises:
        CannotArrangeError: it cannot be, or is so already.
    """
    return _BUILDERS[wish.act](wish, plan)


def _moved(wish: Wish, plan: Plan) -> Exchange:
    if wish.to_shift is None or wish.to_on is None:
        raise CannotArrangeError("Say where to.")
    if (wish.to_shift.pk, wish.to_on) == (wish.shift.pk, wish.on):
        raise CannotArrangeError(f"{wish.person.full_name} is there already.")
    there = replace(
        wish, act=Act.ASSIGN, shift=wish.to_shift, on=wish.to_on, until=wish.to_on,
        to_shift=None, to_on=None,
    )  # fmt: skip
    if wish.other is not None:
        return _places_changed(wish, there, wish.other, plan)
    off = taken_off(replace(wish, until=wish.on), plan)
    after = plan.with_changes(without=off.without, plus=off.plus)
    # Of one row two dates may be cut, the second from what the first has left of it.
    put = assigned(replace(there, other=None), after)
    return joined(off, put)


def _places_changed(wish: Wish, there: Wish, other: Radiologist, plan: Plan) -> Exchange:
    """Let two people stand in for each other on the runs of either."""
    here = replace(wish, act=Act.ASSIGN, until=wish.on, person=other, other=wish.person)
    one = assigned(here, plan)
    after = plan.with_changes(without=one.without, plus=one.plus)
    return joined(one, assigned(replace(there, other=other), after))


_BUILDERS: Mapping[Act, Callable[[Wish, Plan], Exchange]] = {
    Act.ASSIGN: assigned,
    Act.TAKE_OFF: taken_off,
    Act.MOVE: _moved,
    Act.STRETCH: stretched,
}
