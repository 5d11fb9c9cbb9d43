"""The transition tables of orders and assignments, every pair."""

from __future__ import annotations

from itertools import product

import pytest

from apps.assignment import lifecycle as assignment_lifecycle
from apps.assignment.choices import AssignmentState
from apps.orders.choices import OrderStatus
from apps.orders.exceptions import TransitionError
from apps.orders.lifecycle import REPORTED, TRANSITIONS, WITH_READER, can_move, check_can_move

WAY = [
    "received",
    "unassigned",
    "assigned",
    "acknowledged",
    "in_progress",
    "preliminary",
    "final",
    "amended",
]


@pytest.mark.parametrize("current", OrderStatus)
def test_every_pair_is_allowed_or_refused_with_both_ends_named(current: OrderStatus) -> None:
    for target in OrderStatus:
        if target in TRANSITIONS[current]:
            check_can_move(current, target)
            continue
        with pytest.raises(TransitionError) as raised:
            check_can_move(current, target)
        assert (raised.value.current, raised.value.target) == (current, target)


def test_nothing_moves_to_itself_or_back_to_received() -> None:
    assert [status for status in OrderStatus if can_move(status, status)] == []
    assert [status for status in OrderStatus if can_move(status, "received")] == []


def test_only_a_preliminary_report_is_taken_back_and_only_by_who_has_it_open_again() -> None:
    before = set(OrderStatus) - REPORTED - {OrderStatus.CANCELLED}
    back = [pair for pair in product(REPORTED, before) if can_move(*pair)]
    assert back == [(OrderStatus.PRELIMINARY, OrderStatus.IN_PROGRESS)]


def test_what_ended_stays_ended() -> None:
    assert TRANSITIONS[OrderStatus.CANCELLED] == TRANSITIONS[OrderStatus.AMENDED] == frozenset()
    assert TRANSITIONS[OrderStatus.FINAL] == {OrderStatus.AMENDED}


def test_every_status_without_a_final_report_can_be_cancelled_and_reported() -> None:
    alive = [OrderStatus(name) for name in WAY[:5]] + [OrderStatus.HELD]
    assert [status for status in alive if not can_move(status, "cancelled")] == []
    assert [status for status in alive if not can_move(status, "preliminary")] == []
    assert [status for status in alive if not can_move(status, "final")] == []


def test_every_status_with_a_reader_can_lose_it() -> None:
    assert [status for status in WITH_READER if not can_move(status, "unassigned")] == []


def test_ended_assignments_stay_ended_and_all_others_can_end() -> None:
    ended = AssignmentState.ENDED
    assert assignment_lifecycle.TRANSITIONS[ended] == frozenset()
    others = set(AssignmentState) - {ended}
    assert {state for state in others if assignment_lifecycle.can_move(state, ended)} == others
