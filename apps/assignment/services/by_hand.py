"""What managers do to a study by hand. Source: spec 2, MANUAL.

Each action compares the ``token`` of the state that the person saw with the state under the
assignment lock: of two people at once one wins, the other gets ``StaleStudyError`` with the
fresh state. Each returns the study's new state. What else may be raised is in
``services.acting``.
"""

from __future__ import annotations

from datetime import datetime

from apps.assignment.desk.by_hand import require_reason
from apps.assignment.policies import Action
from apps.assignment.services.acting import Asked, acting
from apps.assignment.study import StudyState
from apps.core.access import EVERYWHERE, Scope
from apps.engine.codes import Urgency


def assign(
    *,
    order_id: int,
    radiologist_id: str,
    token: str,
    at: datetime,
    actor: str,
    reason: str = "",
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Give a study to a reader whom a person chose, for the first time or in another's place.

    The engine's own fitness check stands: only a full reader may be given it nevertheless, with
    a reason. They read it on the most specific shift they are on now that does this work, else
    on none.

    Raises:
        NotFitError: the reader is away or lacks a credential, licence or privilege.
        OverrideNeededError: the reader is full, and no reason was typed.
        ReasonNeededError: it is being read, and no reason was typed.
        NotPossibleError: the reader has it already, or its state does not allow it.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.ASSIGN, asked, reason=reason) as act:
        act.desk.give(act.case, radiologist_id, note=act.reason)
    return act.state


def unassign(
    *,
    order_id: int,
    reason: str,
    token: str,
    at: datetime,
    actor: str,
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Take the reader off; the study waits for a person, or for its SLA to be breached.

    Raises:
        ReasonNeededError: no reason was typed.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.UNASSIGN, asked, reason=reason) as act:
        act.desk.take_off(act.case, note=act.reason)
    return act.state


def decide_again(
    *, order_id: int, token: str, at: datetime, actor: str, scope: Scope = EVERYWHERE
) -> StudyState:
    """Let the engine decide a study without a reader now; it may find nobody again.

    Raises:
        NotPossibleError: the engine lacks its site, modality or patient.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.DECIDE_AGAIN, asked) as act:
        act.desk.decide_again(act.case)
    return act.state


def hold(
    *,
    order_id: int,
    reason: str,
    token: str,
    at: datetime,
    actor: str,
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Hold a study: its seat is freed, its reader kept for the release.

    Raises:
        ReasonNeededError: no reason was typed.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.HOLD, asked, reason=reason) as act:
        require_reason(act.reason, "Holding it needs a reason.")
        act.desk.hold(act.case, act.reason)
    return act.state


def release(
    *, order_id: int, token: str, at: datetime, actor: str, scope: Scope = EVERYWHERE
) -> StudyState:
    """Release a held study: back to its reader if still fit, else decided anew.

    One that a rule would hold again is put among the unassigned, for a person to assign.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.RELEASE, asked) as act:
        act.desk.release_by_hand(act.case)
    return act.state


def change_urgency(
    *,
    order_id: int,
    urgency: Urgency,
    token: str,
    at: datetime,
    actor: str,
    reason: str = "",
    scope: Scope = EVERYWHERE,
) -> StudyState:
    """Change how soon a study must be read; its due times and its reader's load follow.

    It stands against later messages that repeat what the sender said before, and gives way when
    the sender says something new. A study that waits for a reader is tried at once.

    Raises:
        NotPossibleError: it has this urgency already.
    """
    asked = Asked(order_id, token, at, actor, scope)
    with acting(Action.CHANGE_URGENCY, asked, reason=reason) as act:
        act.desk.set_urgency_by_hand(act.case, urgency)
    return act.state
