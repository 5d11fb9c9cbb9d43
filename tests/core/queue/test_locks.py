from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core.queue.line import Line
from apps.core.queue.locks import is_held, lock_key, try_lock, unlock_all

pytestmark = [pytest.mark.django_db(transaction=True)]

# crc32("high") is above 2**31: the server shows it unsigned, the function takes it signed.
_NAMES = ["decide", "deliver", "high"]


@pytest.mark.parametrize("name", _NAMES)
def test_one_session_holds_a_name_and_all_see_it(
    name: str, make_line: Callable[..., Line]
) -> None:
    holder, other = make_line(), make_line()

    assert try_lock(holder, name)
    assert not try_lock(other, name)
    assert is_held(other, name)
    assert not is_held(other, "another")

    unlock_all(holder)
    assert not is_held(other, name)
    assert try_lock(other, name)


def test_a_holder_that_ends_holds_nothing(make_line: Callable[..., Line]) -> None:
    holder, other = make_line(), make_line()
    try_lock(holder, "decide")

    holder.close()

    assert try_lock(other, "decide")


def test_sharing_holders_let_each_other_in_and_keep_others_out(
    make_line: Callable[..., Line],
) -> None:
    first, second, third = make_line(), make_line(), make_line()

    assert try_lock(first, "deliver", shared=True)
    assert try_lock(second, "deliver", shared=True)
    assert not try_lock(third, "deliver")
    assert is_held(third, "deliver")


def test_names_have_keys_on_both_sides_of_zero() -> None:
    signs = {lock_key(name)[1] < 0 for name in _NAMES}

    assert signs == {True, False}
