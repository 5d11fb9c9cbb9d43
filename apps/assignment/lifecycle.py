"""The transition table of assignments. Data, walked by the tests; see ``orders.lifecycle``."""

from __future__ import annotations

from collections.abc import Mapping

from apps.assignment.choices import AssignmentState as State

TRANSITIONS: Mapping[State, frozenset[State]] = {
    State.ASSIGNED: frozenset(
        {State.ACKNOWLEDGED, State.IN_PROGRESS, State.HELD, State.COMPLETED, State.ENDED}
    ),
    State.ACKNOWLEDGED: frozenset({State.IN_PROGRESS, State.HELD, State.COMPLETED, State.ENDED}),
    State.IN_PROGRESS: frozenset({State.HELD, State.COMPLETED, State.ENDED}),
    State.HELD: frozenset({State.ASSIGNED, State.COMPLETED, State.ENDED}),
    # Only the reader who said by hand that it is reported takes that back.
    State.COMPLETED: frozenset({State.IN_PROGRESS, State.ENDED}),
    State.ENDED: frozenset(),
}

HOLDS_A_SEAT = frozenset({State.ASSIGNED, State.ACKNOWLEDGED, State.IN_PROGRESS})
"""The states that count against a reader's limits. Source: spec 2, step 5."""

COUNTS = HOLDS_A_SEAT | {State.COMPLETED}
"""The states that count as work given, while their reader has it or has read it."""


def can_move(current: str, target: str) -> bool:
    """Return whether an assignment may go from ``current`` to ``target``."""
    return State(target) in TRANSITIONS[State(current)]
