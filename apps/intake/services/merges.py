"""Undoes merges of patients and makes them again, for a person.

Both happen under the assignment lock, like everything that writes orders. The orders keep their
readers, clocks and states, and destinations are told nothing: only whose they are changes.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.assignment.lock import take_assignment_lock
from apps.core import actor, bulk
from apps.intake.exceptions import MergeRefusedError, StaleMergeError
from apps.intake.queries.merges import Plan, repeating, undoing
from apps.orders.merging import take_back, write_merges
from apps.orders.models import PatientMerge


@transaction.atomic
def undo(*, merge_id: int, token: str, at: datetime) -> PatientMerge:
    """Part two patients again: the dead number's own orders go back to it.

    Args:
        merge_id: of a merge that stands.
        token: of the plan that the person saw.
        at: the moment.

    Raises:
        DoesNotExist: there is no such merge.
        MergeRefusedError: it cannot be undone, or not before another one.
        StaleMergeError: it would do something else by now.
    """
    merge = _locked(merge_id)
    plan = undoing(merge)
    _check(plan, token)
    merge.dead.merged_into = None
    merge.dead.save(update_fields=["merged_into"])
    merge.undone_at, merge.undone_by = at, _actor()
    merge.save(update_fields=["undone_at", "undone_by"])
    take_back(merge, plan.order_ids, at=at, actor=merge.undone_by)
    return merge


@transaction.atomic
def make_again(*, merge_id: int, token: str, at: datetime) -> PatientMerge:
    """Make a merge that was undone again; return the new one, the old one stays as history.

    Raises:
        DoesNotExist: there is no such merge.
        MergeRefusedError: it stands, or one of the two was merged away since.
        StaleMergeError: it would do something else by now.
    """
    undone = _locked(merge_id)
    _check(repeating(undone), token)
    merge = PatientMerge(
        id=bulk.next_ids(PatientMerge, 1)[0],
        dead=undone.dead,
        survivor=undone.survivor,
        at=at,
        made_by=_actor(),
        message_id=undone.message_id,
        sender=undone.sender,
    )
    merge.dead.merged_into = merge.survivor
    merge.dead.save(update_fields=["merged_into"])
    write_merges([merge], {merge.dead_id: merge.survivor_id})
    return merge


def _locked(merge_id: int) -> PatientMerge:
    take_assignment_lock()
    return PatientMerge.objects.select_related("dead", "survivor").get(pk=merge_id)


def _check(plan: Plan, token: str) -> None:
    if plan.refused:
        raise MergeRefusedError(plan.refused)
    if plan.token != token:
        raise StaleMergeError


def _actor() -> str:
    return str(actor.current() or actor.Actor.system("intake"))
