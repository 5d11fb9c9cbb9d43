"""The last few answers are remembered, and no more than those."""

from __future__ import annotations

from apps.engine.remembered import Remembered


def test_an_answer_is_worked_out_once_until_others_push_it_out() -> None:
    remembered, worked_out = Remembered(2), list[str]()

    def ask(question: str) -> str:
        def answer() -> str:
            worked_out.append(question)
            return question.upper()

        return remembered.get(question, answer)

    said = [ask(question) for question in ("a", "b", "a", "c", "a", "b")]

    assert said == ["A", "B", "A", "C", "A", "B"]
    # Asking for a again kept it; b was asked for longest ago when c came.
    assert worked_out == ["a", "b", "c", "b"]


def test_nothing_is_an_answer_too() -> None:
    remembered, worked_out = Remembered(2), list[None]()

    assert remembered.get("a", lambda: worked_out.append(None)) is None
    assert remembered.get("a", lambda: worked_out.append(None)) is None

    assert worked_out == [None]
