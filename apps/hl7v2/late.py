"""Answers to a message that was safe on disk before the application refused it.

In enhanced mode two questions are answered: whether the message is in safe storage (MSH-15: CA,
and that stays true) and what the application made of it (MSH-16: AE). In original mode the one
answer is the application's. Source: HL7 v2.5.1 2.9.3.
"""

from __future__ import annotations

from datetime import datetime

from apps.hl7v2.ack import AckCode, Outcome, answer_codes, build_ack
from apps.hl7v2.errors import FieldError
from apps.hl7v2.peek import Peek


def codes_after_refusal(seen: Peek) -> tuple[AckCode, ...]:
    """Return what the sender wants to hear of a message that was stored and then refused."""
    stored = [code for code in answer_codes(seen, Outcome.ACCEPTED) if code is AckCode.CA]
    refused = [code for code in answer_codes(seen, Outcome.ERROR) if code is AckCode.AE]
    return (*stored, *refused)


def wants_application_answer(seen: Peek) -> bool:
    """Return whether a refusal by the application changes what the sender hears."""
    return codes_after_refusal(seen) != answer_codes(seen, Outcome.ACCEPTED)


def build_answers_after_refusal(
    seen: Peek, *, control_id: str, at: datetime, text: str, error: FieldError
) -> list[bytes]:
    """Return the answers in the order to send them; their ids are those of ``build_answers``.

    Args:
        seen: the message.
        control_id: the stem of our MSH-10, at most 19 characters.
        at: the moment of the answer, aware.
        text: MSA-3 of the accept answer.
        error: what is wrong, for MSA-3 and ERR of the application's.
    """
    answers = []
    for code, suffix in zip(codes_after_refusal(seen), ("", "A"), strict=False):
        is_stored = code is AckCode.CA
        answers.append(
            build_ack(
                seen,
                code,
                control_id=control_id + suffix,
                at=at,
                text=text if is_stored else "",
                error=None if is_stored else error,
            )
        )
    return [answer for answer in answers if answer is not None]
