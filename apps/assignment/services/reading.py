"""What a radiologist does: acknowledge, start, done, hand back their own, take what waits.

Only its current reader may act on a study; to anybody else it does not exist
(``NotYoursError``). Each action is activity of theirs, compares the ``token`` of the state they
saw, and returns the new state. What else may be raised is in ``services.acting``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from apps.assignment.policies import Action
from apps.assignment.services.acting import Act, Asked, acting
from apps.assignment.study import StudyState
from apps.core.access import EVERYWHERE, Scope
from apps.roster.services.presence import note_activity


def acknowledge(
    *, order_id: int, radiologist_id: str, token: str, at: datetime, actor: str
) -> StudyState:
    """Note that the reader has seen it and will read it."""
    asked = Asked(order_id, token, at, actor, reader=radiologist_id)
    with _reading(Action.ACKNOWLEDGE, asked) as act:
        act.desk.acknowledge(act.case)
    return act.state


def start(
    *, order_id: int, radiologist_id: str, token: str, at: datetime, actor: str
) -> StudyState:
    """Note that the reader has opened it, which acknowledges it too; it moves no more by itself."""
    asked = Asked(order_id, token, at, actor, reader=radiologist_id)
    with _reading(Action.START, asked) as act:
        act.desk.start(act.case)
    return act.state


def done(
    *, order_id: int, radiologist_id: str, token: str, at: datetime, actor: str
) -> StudyState:
    """Note that the reader has reported it: preliminary until a message says that it is final."""
    asked = Asked(order_id, token, at, actor, reader=radiologist_id)
    with _reading(Action.DONE, asked) as act:
        act.desk.finish(act.case)
    return act.state


def reopen(
    *, order_id: int, radiologist_id: str, token: str, at: datetime, actor: str
) -> StudyState:
    """Take back ``done``, as long as no message about the study has come since.

    Raises:
        NotPossibleError: a message has come, so others know of a report.
    """
    asked = Asked(order_id, token, at, actor, reader=radiologist_id)
    with _reading(Action.REOPEN, asked) as act:
        act.desk.reopen(act.case)
    return act.state


def hand_back(
    *, order_id: int, radiologist_id: str, reason: str, token: str, at: datetime, actor: str
) -> StudyState:
    """Give it back; the engine decides at once who reads it, never again who handed it back.

    Where nobody is fit it waits among the unassigned and is tried again by itself.

    Raises:
        ReasonNeededError: no reason was typed.
    """
    asked = Asked(order_id, token, at, actor, reader=radiologist_id)
    with _reading(Action.HAND_BACK, asked, reason=reason) as act:
        act.desk.hand_back(act.case, note=act.reason)
    return act.state


def take(
    *,
    order_id: int,
    radiologist_id: str,
    token: str,
    at: datetime,
    actor: str,
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Take a study that waits on the reader's shifts or shared lists; acknowledges it too.

    Nothing is opened that is closed: the engine's fitness stands with its limits, and so does
    what a rule said.

    Args:
        order_id: the study.
        radiologist_id: who takes it.
        token: the state that they saw.
        at: the moment.
        actor: who the trail names.
        scope: the sites at which they may read.

    Raises:
        UnknownStudyError: there is no such study within the scope.
        NotYoursError: it is not the work of a shift that they are on, nor on a list they share.
        NotFitError: they are offline, full or not fit, or had it and did not take it.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.TAKE, asked) as act:
        act.desk.take(act.case, radiologist_id)
        note_activity(radiologist_id=radiologist_id, at=at)
    return act.state


def take_next(
    *,
    order_id: int,
    radiologist_id: str,
    token: str,
    at: datetime,
    actor: str,
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Take a study that waits, and open it in the same moment; raises what ``take`` does."""
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.TAKE, asked) as act:
        act.desk.take(act.case, radiologist_id)
        act.desk.start(act.case)
        note_activity(radiologist_id=radiologist_id, at=at)
    return act.state


@contextmanager
def _reading(action: Action, asked: Asked, *, reason: str = "") -> Iterator[Act]:
    with acting(action, asked, reason=reason) as act:
        yield act
        note_activity(radiologist_id=asked.reader or "", at=asked.at)
