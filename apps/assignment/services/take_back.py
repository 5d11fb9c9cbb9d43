"""Taking a take-over back: the roster as it was, and the studies to who had them.

What has moved on since stays where it is: a study that its new reader has opened or reported, or
that somebody else has moved again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import transaction

from apps.assignment.desk import Case, load_cases
from apps.assignment.desk.take_over import TakeOverDesk, open_take_over_desk
from apps.assignment.exceptions import NotPossibleError
from apps.assignment.queries.states import state_of
from apps.assignment.queries.take_over import Places
from apps.assignment.queries.taken_over import (
    PERSON,
    TAKEN_BACK,
    TakenOver,
    lines_of,
    taken_over,
)
from apps.assignment.services.after import after_commit
from apps.assignment.services.take_over import hold_roster
from apps.assignment.snapshot.ahead import as_stored
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import decision_versions, read_versions
from apps.audit.models import AuditEvent
from apps.audit.services.undo import undo
from apps.core import bulk, request_id
from apps.core.access import Access
from apps.orders.choices import OrderStatus
from apps.roster.models import Radiologist

_NOTE = "Take-over taken back"
_NOT_BEGUN = frozenset({OrderStatus.ASSIGNED, OrderStatus.ACKNOWLEDGED, OrderStatus.UNASSIGNED})


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was taken back: who had it, how many studies are theirs again, and which are not.

    ``kept`` are accession numbers with the reason why each stayed, in words.
    """

    person: Radiologist
    given_back: int
    kept: Sequence[tuple[str, str]]


class UnknownTakeOverError(NotPossibleError):
    """There is no such take-over where the person may act."""


def take_back(event_id: int, *, actor: str, access: Access, at: datetime) -> TakenBack:
    """Take back what the actor took over, as far as nothing has moved on since.

    Args:
        event_id: of the audit line that holds the take-over together.
        actor: who asks; only their own is taken back.
        access: what they may.
        at: the moment.

    Raises:
        UnknownTakeOverError: there is none, or it is somebody else's.
        NotPossibleError: it was taken back already.
        UndoError: a record of the roster was changed since, or too long ago.
    """
    current_view(read_versions())
    with transaction.atomic():
        found = taken_over(event_id, Places.of(access))
        if found is None or found.event.actor != actor:
            raise UnknownTakeOverError("There is no such take-over of yours.")
        hold_roster()
        _check_not_back(event_id, Places.of(access))
        base = current_view(read_versions())
        if found.records:
            undo(found.event.request_id, actor=actor, access=access)
        view = as_stored(base, versions=decision_versions(read_versions()))
        desk = open_take_over_desk(view, at=at, actor=actor, is_real=True)
        lines = _allowed(lines_of(found.event), {one.order.pk for one in found.studies})
        kept = _give_back(desk, lines)
        desk.pending.audit.append(_line(found, len(lines) - len(kept), at=at, actor=actor))
        with bulk.one_round_trip():
            flushed = desk.flush()
        transaction.on_commit(partial(after_commit, flushed), robust=True)
    return TakenBack(found.person, len(lines) - len(kept), kept)


def _check_not_back(event_id: int, places: Places) -> None:
    """Ask once more, now that nobody else can be taking it back."""
    found = taken_over(event_id, places)
    if found is None or found.back is not None:
        raise NotPossibleError("It was taken back already.")


def _line(found: TakenOver, given_back: int, *, at: datetime, actor: str) -> dict[str, object]:
    return {
        "at": at,
        "entity": PERSON,
        "entity_id": found.person.pk,
        "action": TAKEN_BACK,
        "old_values": None,
        "new_values": {"take_over": found.event.pk, "studies": given_back},
        "actor": actor,
        "request_id": request_id.current(),
    }


def _allowed(lines: Sequence[AuditEvent], order_ids: set[int]) -> list[AuditEvent]:
    return [line for line in lines if int(line.entity_id) in order_ids]


def _give_back(desk: TakeOverDesk, lines: Sequence[AuditEvent]) -> list[tuple[str, str]]:
    cases = load_cases(int(line.entity_id) for line in lines)
    kept = []
    for line in lines:
        case = cases[int(line.entity_id)]
        former = str((line.old_values or {})["radiologist_id"])
        why = _moved_on(case, line.new_values or {}) or desk.give_back(case, former, note=_NOTE)
        if why:
            kept.append((case.order.accession, why))
    return kept


def _moved_on(case: Case, left: dict[str, Any]) -> str:
    """Return what has become of a study since, empty where it is as the take-over left it."""
    now = state_of(case.order, case.assignment)
    if now.status not in _NOT_BEGUN:
        return OrderStatus(now.status).label.lower()
    return "" if now.radiologist_id == left.get("radiologist_id", "") else "moved on since"
