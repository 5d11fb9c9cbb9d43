"""The frame of every action by hand: the lock, the state as the person saw it, the commit.

Nothing is written when any of it raises. In a web request, whose transaction is an outer one,
the lock is held until that commits: whoever acts answers at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

from apps.assignment.desk import Case, hand_trail, load_cases
from apps.assignment.desk.by_hand import HandDesk, open_hand_desk
from apps.assignment.exceptions import StaleStudyError, UnknownStudyError
from apps.assignment.policies import Action, check_can, check_is_reader
from apps.assignment.queries.states import state_of
from apps.assignment.services.after import after_commit
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import read_versions
from apps.assignment.study import LONGEST_REASON, StudyState
from apps.core import bulk
from apps.core.access import EVERYWHERE, Scope


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form brings: the study, the ``token`` of its state when shown, when and by whom.

    ``scope`` are the sites at which the person may do this; ``reader`` is the radiologist who
    acts on a study of their own, None for a manager.
    """

    order_id: int
    token: str
    at: datetime
    actor: str
    scope: Scope = EVERYWHERE
    reader: str | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """An action under way: the study under the lock, and the desk to do it at."""

    desk: HandDesk
    case: Case
    reason: str

    @property
    def state(self) -> StudyState:
        """Return the study as it is by now."""
        return state_of(self.case.order, self.case.assignment)


@contextmanager
def acting(action: Action, asked: Asked, *, reason: str = "") -> Iterator[Act]:
    """Run the block as one action on a study; its end writes everything.

    Raises:
        UnknownStudyError: there is no such study within the scope.
        NotYoursError: it is not the reader's own.
        StaleStudyError: it is no longer as the person saw it.
        NotPossibleError: its state does not allow the action.
    """
    # An edit since the last action is read before the lock is taken: nobody waits for it there.
    current_view(read_versions())
    with transaction.atomic():
        desk = open_hand_desk(at=asked.at, actor=asked.actor)
        act = Act(desk, _case(asked), " ".join(reason.split())[:LONGEST_REASON])
        before = act.state
        _check(action, asked, before)
        yield act
        hand_trail.acted(desk, act.case, action, before, act.state, act.reason)
        with bulk.one_round_trip():
            flushed = desk.flush()
        # The action is on disk by then, so a failing counter must not look like a failed action.
        transaction.on_commit(partial(after_commit, flushed), robust=True)


def _case(asked: Asked) -> Case:
    case = load_cases([asked.order_id]).get(asked.order_id)
    if case is None or not asked.scope.covers(case.order.site_id):
        raise UnknownStudyError
    return case


def _check(action: Action, asked: Asked, state: StudyState) -> None:
    if asked.reader is not None:
        check_is_reader(state, asked.reader)
    if state.token != asked.token:
        raise StaleStudyError(state)
    check_can(action, state)
