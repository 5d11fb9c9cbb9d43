"""The last few answers that follow from the same parts of a configuration."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

_Answer = TypeVar("_Answer")


class Remembered:
    """Answers by what was asked; when they are too many, what was asked longest ago goes.

    Whoever holds it makes a new one as soon as a part that the answers follow from is another.
    """

    def __init__(self, most: int) -> None:
        """Keep at most so many answers."""
        self._most = most
        # Each kind of question has a type of its own, which the caller knows.
        self._answers: dict[Hashable, Any] = {}

    def get(self, asked: Hashable, work_out: Callable[[], _Answer]) -> _Answer:
        """Return the answer, worked out where it is not remembered."""
        answers = self._answers
        answer: _Answer = answers[asked] if asked in answers else work_out()
        others = [known for known in answers.items() if known[0] != asked]
        # A new dict, so that another thread never reads one that changes.
        self._answers = dict([*others, (asked, answer)][-self._most :])
        return answer
