"""Keeps the segments of orders as they came, step by step where a study has several."""

from __future__ import annotations

from collections import defaultdict

from apps.assignment.desk import Case
from apps.intake.processing.changes import OrderChange
from apps.intake.processing.steps import (
    MAX_STEPS,
    Step,
    has_steps,
    join,
    joined,
    placed,
    steps_of,
    which,
)
from apps.orders.models import OrderSegments


class StepBook:
    """Puts groups into orders' segments; remembers which of them one message brought."""

    def __init__(self) -> None:
        """Begin with nothing brought."""
        self._fresh: dict[int, list[bytes]] = defaultdict(list)

    def keep(self, case: Case, change: OrderChange, *, more: bool) -> OrderSegments:
        """Return the order's segments with a group taken in; the case has them from now on.

        Args:
            case: the order.
            change: the group that changed it.
            more: the same message had a group of this order before; both are kept.
        """
        fresh = self._fresh[case.order.pk]
        if not more:
            fresh.clear()
        group = self._with(case, change, fresh if more else None)
        fresh.append(change.group)
        case.segments = OrderSegments(order_id=case.order.pk, header=change.header, group=group)
        return case.segments

    def stands_without(self, case: Case, change: OrderChange) -> bool:
        """Return whether steps of the study stand that a cancel does not speak of."""
        steps, step = _stored(case), _own(change)
        if len(steps) < 2 or step is None:
            return False
        named = which(steps, step)
        return any(
            not known.is_cancelled for place, known in enumerate(steps) if place not in named
        )

    def is_of_a_cancelled_step(self, case: Case, change: OrderChange) -> bool:
        """Return whether a change speaks of nothing but cancelled steps, while others stand."""
        steps, step = _stored(case), _own(change)
        if len(steps) < 2 or step is None or all(known.is_cancelled for known in steps):
            return False
        named = which(steps, step)
        return bool(named) and all(steps[place].is_cancelled for place in named)

    def _with(self, case: Case, change: OrderChange, fresh: list[bytes] | None) -> bytes:
        """Return the segments with the group in; ``fresh`` is None for a message's first."""
        if case.segments is None:
            return change.group
        before = bytes(case.segments.group)
        if not (fresh or has_steps(before) or change.is_new_order):
            return change.group
        steps, step = steps_of(bytes(case.segments.header), before), _own(change)
        if step is None or len(steps) > MAX_STEPS:
            return join(before, change.group) if fresh else change.group
        if fresh:
            return joined(placed(steps, step, fresh=fresh))
        if len(steps) == 1:
            is_further = change.is_new_order and step.is_another_than(steps[0])
            return joined([*steps, step]) if is_further else change.group
        is_about_all = len(which(steps, step)) == len(steps)
        return change.group if is_about_all else joined(placed(steps, step))


def _stored(case: Case) -> list[Step]:
    if case.segments is None or not has_steps(bytes(case.segments.group)):
        return []
    return steps_of(bytes(case.segments.header), bytes(case.segments.group))


def _own(change: OrderChange) -> Step | None:
    found = steps_of(change.header, change.group)
    return found[0] if found else None
