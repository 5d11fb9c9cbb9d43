"""New priorities for a moved rule: the order is kept, and hardly any other rule is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rules.ordering import Place, moved, next_priority


def places(*priorities: int) -> list[Place]:
    return [Place(priority, number) for number, priority in enumerate(priorities, start=1)]


@pytest.mark.parametrize(
    ("priorities", "rule_id", "index", "changes"),
    [
        pytest.param((10, 20, 30), 3, 1, {3: 15}, id="into a gap"),
        pytest.param((10, 20, 30), 3, 0, {3: 5}, id="to the top"),
        pytest.param((10, 20, 30), 1, 2, {1: 40}, id="to the bottom"),
        pytest.param((1, 2, 3), 3, 0, {3: 0}, id="below one where there is no other way"),
        pytest.param((1, 2, 3, 50), 4, 1, {4: 1}, id="beside an equal one of a lower id"),
        pytest.param((50, 1, 2, 3), 1, 1, {1: 2}, id="beside an equal one of a higher id"),
        pytest.param((100, 100, 100), 3, 0, {3: 50}, id="all alike, to the top"),
        pytest.param((100, 100, 100), 3, 1, {3: 101, 2: 102}, id="between two alike"),
        pytest.param((10, 20), 1, 0, {}, id="where it stands already"),
        pytest.param((5, 2**31 - 1), 1, 1, {1: 2**31 - 1, 2: 2**31 - 2}, id="no number above"),
    ],
)
def test_few_rules_get_another_priority(
    priorities: tuple[int, ...], rule_id: int, index: int, changes: dict[int, int]
) -> None:
    assert moved(places(*priorities), rule_id, index) == changes


@given(
    st.lists(st.integers(-5, 25), min_size=1, max_size=12),
    st.integers(0, 11),
    st.integers(0, 11),
)
def test_rule_stands_where_it_was_put_and_the_others_keep_their_order(
    priorities: list[int], which: int, index: int
) -> None:
    order = sorted(Place(priority, pk) for pk, priority in enumerate(priorities, start=1))
    rule_id, index = order[which % len(order)].id, index % len(order)
    wanted = [place.id for place in order if place.id != rule_id]
    wanted.insert(index, rule_id)

    changes = moved(order, rule_id, index)

    after = sorted(Place(changes.get(place.id, place.priority_order), place.id) for place in order)
    assert [place.id for place in after] == wanted


def test_new_rule_is_placed_last_with_room_before_it() -> None:
    assert [next_priority([]), next_priority(places(10, 25))] == [10, 35]
