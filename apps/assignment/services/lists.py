"""Takes a STAT order off the list that several readers share when none of them took it in time.

An order that is offered to one reader goes on to the next when its acknowledge time passes; on a
list it is offered to all who share it, and the same time is theirs. Then it is decided anew as an
overdue one is: one of those who share the list is given it, and only where none of them is fit the
next rules are asked, the order's own shifts and in the end everybody. Source: spec 3, STAT.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain

from django.db import transaction

from apps.assignment.choices import ReasonChoices
from apps.assignment.desk import Case, Desk, load_cases, open_desk
from apps.assignment.services.after import after_commit
from apps.assignment.services.clock import ACTOR
from apps.assignment.taking import Taker, Waiting, why_not_take
from apps.core import bulk, due
from apps.engine.codes import Urgency
from apps.engine.result import Snapshot
from apps.engine.shared import list_of


def on_over(what: due.Due, at: datetime) -> None:
    """Decide anew what nobody took; the handler of ``LIST_KIND``, whose subject is the order."""
    desk = open_desk(at=at, actor=ACTOR)
    for case in load_cases([int(what.subject)]).values():
        if is_listed(case) and case.order.urgency == Urgency.STAT:
            desk.decide(case, widen=True)
    with bulk.one_round_trip():
        flushed = desk.flush()
    transaction.on_commit(lambda: after_commit(flushed))


def has_left_its_list(case: Case) -> bool:
    """Return whether the order was on none when it was last tried, for its time there was over.

    It never goes back to a list, or it would come and go with each try.
    """
    queued = case.queued
    was_widened = queued is not None and bool(queued.trace.get("widen"))
    return was_widened and case.order.urgency == Urgency.STAT


def is_listed(case: Case) -> bool:
    """Return whether the order waits on a list that several readers share."""
    return case.queued is not None and case.queued.reason == ReasonChoices.WORKLIST


def is_offered(desk: Desk, case: Case) -> bool:
    """Return whether one of those who share the order's list can take it at the desk's moment."""
    trace = case.queued.trace if case.queued else {}
    shared, compiled = list_of(trace), desk.view.compiled
    if shared is None:
        return False
    waiting = Waiting(desk.facts_to_decide(case), ReasonChoices.WORKLIST.value, trace)
    running = compiled.coverage_at(desk.at).running
    on_shifts = (running[name].people for name in shared.names if name in running)
    sharing = dict.fromkeys([*shared.names, *chain.from_iterable(on_shifts)])
    snapshot = Snapshot(compiled, desk.book.loads)
    return any(_may_take(waiting, Taker(id_, desk.at, snapshot)) for id_ in sharing)


def _may_take(waiting: Waiting, taker: Taker) -> bool:
    place = taker.place_for(waiting)
    return place is not None and not why_not_take(waiting, place, taker)
