from __future__ import annotations

from radassign.supervisor.backoff import Backoff


def test_the_first_restart_comes_within_two_seconds() -> None:
    assert Backoff().after_death(lived_seconds=0.0) <= 2


def test_quick_deaths_wait_ever_longer_up_to_a_limit() -> None:
    backoff = Backoff()
    waits = [backoff.after_death(lived_seconds=1.0) for _ in range(7)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_a_process_that_lived_long_is_restarted_quickly_again() -> None:
    backoff = Backoff()
    for _ in range(5):
        backoff.after_death(lived_seconds=0.1)
    assert backoff.after_death(lived_seconds=60.0) == 0.5
