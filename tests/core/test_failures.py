from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from django.db import OperationalError

from apps.core.failures import all_or_each, describe


def test_failure_is_told_by_kind_and_place_and_never_by_its_values() -> None:
    try:
        int("Zappa")
    except ValueError as error:
        said = describe(error)

    assert said.startswith("ValueError at test_failures.py:")
    assert said.endswith(" test_failure_is_told_by_kind_and_place_and_never_by_its_values")


def test_error_that_was_never_raised_has_no_place() -> None:
    assert describe(KeyError("Zappa")) == "KeyError"


def test_work_that_succeeds_is_done_once_for_all() -> None:
    done: list[Sequence[int]] = []

    all_or_each([1, 2, 3], done.append)

    assert done == [[1, 2, 3]]


def test_one_that_fails_is_told_and_the_others_are_done_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    done: list[int] = []

    def work(ids: Sequence[int]) -> None:
        if 2 in ids:
            raise ValueError("Zappa")
        done.extend(ids)

    with caplog.at_level(logging.ERROR):
        all_or_each([1, 2, 3], work)

    assert done == [1, 3]
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("2 failed, the others go on: ValueError at ")
    assert "Zappa" not in told


def test_database_that_is_away_is_nobodys_fault() -> None:
    asked: list[Sequence[int]] = []

    def work(ids: Sequence[int]) -> None:
        asked.append(ids)
        raise OperationalError

    with pytest.raises(OperationalError):
        all_or_each([1, 2], work)
    assert asked == [[1, 2]]
