from __future__ import annotations

import pytest

from apps.hl7v2.answers import Answer
from apps.outbound.delivery.verdicts import Fate, Verdict, verdict_on


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer("AA", "1", "Message received"), Verdict(Fate.DELIVERED, "delivered")),
        (Answer("CA", "1"), Verdict(Fate.DELIVERED, "delivered")),
        (
            Answer("AE", "1", "no PID"),
            Verdict(Fate.DEAD, "error", "the destination answered AE: no PID"),
        ),
        (Answer("CE", "1"), Verdict(Fate.DEAD, "error", "the destination answered CE")),
        (
            Answer("AR", "1", "busy"),
            Verdict(Fate.RETRY, "rejected", "the destination answered AR: busy"),
        ),
        (Answer("CR", "1"), Verdict(Fate.RETRY, "rejected", "the destination answered CR")),
        (Answer("OK", "1"), Verdict(Fate.RETRY, "rejected", "the destination answered OK")),
        (
            Answer("", "1"),
            Verdict(Fate.RETRY, "rejected", "the destination answered an empty MSA-1"),
        ),
    ],
    ids=lambda value: getattr(value, "code", None),
)
def test_what_an_answer_means(answer: Answer, expected: Verdict) -> None:
    assert verdict_on(answer) == expected
