"""Why a reader fell out: the step, the code and its figures, kept apart from the words."""

from __future__ import annotations

from typing import NamedTuple

from apps.engine.codes import Refused, Step


class Refusal(NamedTuple):
    """One reader's way out of the decision.

    ``params`` are the figures or names behind the code, in the order the words use them: for
    a full reader the number open and the limit, for a missing credential its name.
    """

    step: Step
    code: Refused
    params: tuple[int | str, ...] = ()


UNKNOWN_PERSON = Refusal(Step.ROSTER, Refused.UNKNOWN_PERSON)
INACTIVE = Refusal(Step.ROSTER, Refused.INACTIVE)
ON_LEAVE = Refusal(Step.ROSTER, Refused.ON_LEAVE)
NON_READING = Refusal(Step.ROSTER, Refused.NON_READING)
OFFLINE = Refusal(Step.ROSTER, Refused.OFFLINE)
BUSY = Refusal(Step.ROSTER, Refused.BUSY)
PASSED_OVER = Refusal(Step.ROSTER, Refused.PASSED_OVER)
EXCLUDED = Refusal(Step.RULE, Refused.EXCLUDED)
