"""What stood between a reader and an order, and how it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.engine.choice import Tie
from apps.engine.codes import Refused
from apps.engine.considered import ShiftOut
from apps.engine.favour import Cause
from apps.engine.naming import PLAIN, Naming, tidy
from apps.engine.words import refusal_words


class Stage(StrEnum):
    """The steps of a decision, in their order. Source: spec 2."""

    SHIFT = "shift"
    ROSTER = "roster"
    RULE = "rule"
    COMPETENCY = "competency"
    CAPACITY = "capacity"
    SLA = "sla"
    CHOICE = "choice"


class Hurdle(StrEnum):
    """What kind of thing stood in the way."""

    UNKNOWN_SITE = "unknown_site"
    NO_SHIFT = "no_shift"
    NOT_SEATED = "not_seated"
    ELSEWHERE = "elsewhere"
    REFUSED = "refused"
    EXCLUDED = "excluded"
    RULE_SENT = "rule_sent"
    RULE_HELD = "rule_held"
    RULE_LISTED = "rule_listed"
    RULE_STRICT = "rule_strict"
    POOL_BEFORE = "pool_before"
    LATE = "late"
    FAVOUR = "favour"
    LOST = "lost"
    TOGETHER = "together"
    BY_HAND = "by_hand"
    OTHERWISE = "otherwise"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that stood in the way; ``params`` are its figures, in the order of the words.

    ``code`` is set for what the filters say, ``person`` for whoever was before.
    """

    stage: Stage
    hurdle: Hurdle
    params: tuple[int | str, ...] = ()
    code: Refused | None = None
    person: str = ""


_SHIFT_OUT: Mapping[ShiftOut, str] = {
    ShiftOut.OTHER_WORK: "which does other work",
    ShiftOut.OTHER_SITE: "which does not read for this site",
    ShiftOut.NEGATIVE_LEVEL: "which takes work from people only",
    ShiftOut.NOT_RUNNING: "which does not run now",
}
_LOST: Mapping[Tie, str] = {
    Tie.SCORE: "had the lower score, {} against {} of {}",
    Tie.SENIORITY: "has fewer years of seniority, {} against {} of {}",
    Tie.TURN: "had a turn on that shift later, {} against {} of {}",
    Tie.SHARE: "had been given more for the hours worked, {} against {} of {}",
    Tie.COST: "weighed worse in time, fit and load together, {} against {} of {}",
    Tie.LOAD: "had more on hand, {} against {} of {}",
    Tie.LAST: "was equal, but had the last study later, {} against {} of {}",
    Tie.ID: "was equal in everything, and comes after {2} by id",
}
_FAVOUR: Mapping[Cause, str] = {
    Cause.RULE: "{0} puts {1} first",
    Cause.TOGETHER: "{1} has unread studies of the same patient and comes first",
    Cause.PRIORS: "{1} read the patient's earlier studies and comes first",
}


def shift_out_words(cause: ShiftOut) -> str:
    """Return why a shift is not asked, to be read after its name: "which ..."."""
    return _SHIFT_OUT[cause]


def obstacle_words(obstacle: Obstacle, naming: Naming = PLAIN) -> str:
    """Return an obstacle as the rest of a sentence that begins with the reader.

    Args:
        obstacle: what stood in the way.
        naming: what those are called whom it names; by their ids if none is given.
    """
    if obstacle.code is not None:
        return refusal_words(obstacle.code, naming.refused(obstacle.code, obstacle.params))
    return _WORDS[obstacle.hurdle](obstacle, naming)


def _not_seated(obstacle: Obstacle, naming: Naming) -> str:
    codes = ", ".join(naming.shift(str(code)) for code in obstacle.params)
    if len(obstacle.params) == 1:
        return f"is not on the shift that reads it now: {codes}"
    return f"is on none of the shifts that read it now: {codes}"


def _elsewhere(obstacle: Obstacle, naming: Naming) -> str:
    code, *causes = obstacle.params
    said = " and ".join(_SHIFT_OUT[ShiftOut(str(cause))] for cause in causes)
    return f"is on shift {naming.shift(str(code))}, {said}"


def _sent(obstacle: Obstacle, naming: Naming) -> str:
    return f"{_rule(obstacle, naming)} gave it to {naming.person(obstacle.person)}"


def _rule(obstacle: Obstacle, naming: Naming) -> str:
    """Return which rule stood in the way; one of a draft has no version."""
    rule, version = obstacle.params[:2]
    called = naming.rule(int(rule))
    return f"{called} (version {version})" if version else called


def _before(obstacle: Obstacle, naming: Naming) -> str:
    own, asked = (naming.shift(str(code)) for code in obstacle.params)
    return f"is on {own}, which was not asked: {asked} had {naming.person(obstacle.person)}"


def _late(obstacle: Obstacle, _naming: Naming) -> str:
    place, minutes = obstacle.params
    return f"would be late, number {place} in the queue at {minutes} minutes a study"


def _lost(obstacle: Obstacle, naming: Naming) -> str:
    tie, mine, theirs = obstacle.params
    return _LOST[Tie(str(tie))].format(tidy(mine), tidy(theirs), naming.person(obstacle.person))


def _together(obstacle: Obstacle, naming: Naming) -> str:
    """Return that all the orders of one moment had a say; how many is not kept for ever."""
    count = int(obstacle.params[0]) if obstacle.params else 0
    others = f"{count} {'other' if count == 1 else 'others'}" if count else "others"
    who = naming.person(obstacle.person)
    return (
        f"would come before {who} for this study alone; it was given out together with {others}, "
        f"and {who} was the choice for all of them together"
    )


def _favour(obstacle: Obstacle, naming: Naming) -> str:
    cause, rule = obstacle.params
    by = naming.rule(int(rule)) if Cause(str(cause)) is Cause.RULE else ""
    return _FAVOUR[Cause(str(cause))].format(by, naming.person(obstacle.person))


_WORDS: Mapping[Hurdle, Callable[[Obstacle, Naming], str]] = {
    Hurdle.UNKNOWN_SITE: lambda _one, _naming: "cannot be judged, the order's site is unknown",
    Hurdle.NO_SHIFT: lambda _one, _naming: "no shift that runs now reads this work at this site",
    Hurdle.NOT_SEATED: _not_seated,
    Hurdle.ELSEWHERE: _elsewhere,
    Hurdle.EXCLUDED: lambda one, naming: f"{_rule(one, naming)} leaves them out",
    Hurdle.RULE_SENT: _sent,
    Hurdle.RULE_HELD: lambda one, naming: f"{_rule(one, naming)} holds it",
    Hurdle.RULE_LISTED: lambda one, naming: (
        f"{_rule(one, naming)} leaves it on a list that several share"
    ),
    Hurdle.RULE_STRICT: lambda one, naming: (
        f"{_rule(one, naming)} is strict and lets nobody else be asked"
    ),
    Hurdle.POOL_BEFORE: _before,
    Hurdle.LATE: _late,
    Hurdle.FAVOUR: _favour,
    Hurdle.LOST: _lost,
    Hurdle.TOGETHER: _together,
    Hurdle.BY_HAND: lambda one, naming: f"a person chose {naming.person(one.person)}",
    Hurdle.OTHERWISE: lambda _one, _naming: (
        "cannot be told any more: decided again today, it comes out otherwise than it did"
    ),
}
