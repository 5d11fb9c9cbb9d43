"""Looks again for a reader of a STAT order that nobody acknowledged and nobody was left for.

Each such order has a due time of its own, one acknowledgement time after the last look: somebody
may have come on shift, got a seat or a privilege. Only a look that finds somebody leaves a trace.
Source: spec 3, STAT.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.assignment.choices import AssignmentState
from apps.assignment.desk import Case, Desk, load_cases, open_desk
from apps.assignment.services.after import after_commit
from apps.assignment.services.clock import ACTOR
from apps.assignment.taking_off import NOBODY_LEFT
from apps.core import bulk, due
from apps.engine.codes import Urgency
from apps.orders.choices import OrderStatus


def on_look(what: due.Due, at: datetime) -> None:
    """Look again; the handler of ``OFFER_KIND``, whose subject is the order's id."""
    desk = open_desk(at=at, actor=ACTOR)
    for case in load_cases([int(what.subject)]).values():
        _look(desk, case)
    with bulk.one_round_trip():
        flushed = desk.flush()
    transaction.on_commit(lambda: after_commit(flushed))


def _look(desk: Desk, case: Case) -> None:
    """Offer it on if it still waits for that; a held order is asked for again after a while."""
    if NOBODY_LEFT not in case.order.flags or case.order.urgency != Urgency.STAT:
        return
    assignment = case.assignment
    if case.order.status == OrderStatus.HELD:
        desk.look_again(case)
    elif assignment is not None and assignment.state == AssignmentState.ASSIGNED:
        desk.offer_on(case)
