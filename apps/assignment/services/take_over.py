"""Somebody falls ill and others take over: roster, studies, messages and audit at once.

One transaction: first the roster's version, which every edit of the roster raises, then the
assignment lock. So the roster stands still while it is looked at, the deciders wait only while
studies move, and two managers at once come one after the other.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.db import OperationalError, connection, transaction

from apps.assignment.desk import load_cases
from apps.assignment.desk.by_hand import require_reason
from apps.assignment.desk.take_over import TakeOverDesk, open_take_over_desk
from apps.assignment.exceptions import ByHandError, NotPossibleError
from apps.assignment.queries.take_over import (
    Asked,
    Places,
    TakeOver,
    hand_over_roster,
    hand_over_studies,
    open_orders,
    scene_of,
)
from apps.assignment.queries.taken_over import PERSON, TAKEN_OVER
from apps.assignment.services.after import after_commit
from apps.assignment.snapshot.ahead import with_overrides
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.versions import decision_versions, read_versions
from apps.assignment.study import LONGEST_REASON
from apps.core import bulk, request_id
from apps.core.deadlocks import is_deadlock
from apps.core.models import ConfigVersion


class StaleTakeOverError(ByHandError):
    """Something changed since the person looked; ``str()`` says so."""

    def __init__(self) -> None:
        """Say it calmly: nothing was done."""
        super().__init__("Something changed since you looked. This is how it is now.")


def take_over(asked: Asked, places: Places, *, token: str, actor: str) -> TakeOver:
    """Hand over the turns and the studies, all or nothing; return what was done.

    Args:
        asked: what the person chose; its moment is that of everything that happens.
        places: where the person may change rosters and assign studies.
        token: of the preview that the person saw.
        actor: who the audit lines name.

    Raises:
        Radiologist.DoesNotExist: the person looks after nobody of that id.
        ReasonNeededError: no reason was typed.
        StaleTakeOverError: it would be another deed than the one the person saw.
        NotPossibleError: there is nothing to hand over, or somebody chosen cannot take it.
    """
    asked = replace(asked, reason=" ".join(asked.reason.split())[:LONGEST_REASON])
    require_reason(asked.reason, "Taking over needs a reason.")
    # An edit since the last action is read before anything is held: nobody waits for it there.
    current_view(read_versions())
    try:
        return _taken_over(asked, places, token=token, actor=actor)
    except OperationalError as error:
        if is_deadlock(error):
            raise StaleTakeOverError from error
        raise


@transaction.atomic
def _taken_over(asked: Asked, places: Places, *, token: str, actor: str) -> TakeOver:
    hold_roster()
    done, desk = _carry_out(asked, places, actor=actor)
    _check(done, token)
    desk.pending.audit.append(_line(done, actor))
    with bulk.one_round_trip():
        flushed = desk.flush()
    transaction.on_commit(partial(after_commit, flushed), robust=True)
    return done


def hold_roster() -> None:
    """Let nobody else edit the roster until the transaction ends.

    Every edit raises the roster's version, so it waits for this row. The tables come first, as
    in every edit and import: whoever took the version before them could wait in a circle.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "LOCK TABLE roster_rosterassignment, roster_rosteroverride IN ROW EXCLUSIVE MODE"
        )
    list(ConfigVersion.objects.select_for_update().filter(area="roster"))


# -- inside ------------------------------------------------------------------------------


def _carry_out(asked: Asked, places: Places, *, actor: str) -> tuple[TakeOver, TakeOverDesk]:
    """Store the records, take the lock, and move the studies on the desk that is returned."""
    scene, base = scene_of(asked, places), current_view(read_versions())
    handed = hand_over_roster(asked, scene, base)
    for record in handed.records:
        record.save()
    view = with_overrides(base, handed.records, versions=decision_versions(read_versions()))
    desk = open_take_over_desk(view, at=asked.period.at, actor=actor, is_real=True)
    if decision_versions(desk.versions) != view.versions:
        raise StaleTakeOverError
    order_ids, elsewhere = open_orders(asked, places)
    scene = replace(scene, order_ids=order_ids, elsewhere=elsewhere)
    cases = load_cases(order_ids).values()
    return hand_over_studies(asked, scene, handed, desk, cases), desk


def _check(done: TakeOver, token: str) -> None:
    if done.token != token:
        raise StaleTakeOverError
    if done.problems:
        raise NotPossibleError(" ".join(done.problems))
    if done.is_empty:
        raise NotPossibleError("There is nothing to hand over.")


def _line(done: TakeOver, actor: str) -> dict[str, object]:
    """Return the audit line that holds the take-over together."""
    became = [fate.became.value for fate in done.fates]
    takers = {one.pk for chosen in done.handed.takers.values() for one in chosen}
    return {
        "at": done.asked.period.at,
        "entity": PERSON,
        "entity_id": done.asked.ill,
        "action": TAKEN_OVER,
        "old_values": None,
        "new_values": {
            "reason": done.asked.reason,
            "takers": sorted(takers),
            "records": len(done.handed.records),
            "turns": sum(len(turns.own) for turns in done.scene.left.turns),
            "studies": {name: became.count(name) for name in sorted(set(became))},
        },
        "actor": actor,
        "request_id": request_id.current(),
    }
