"""Tries unassigned orders again, as soon as something changed that could help.

What could help raises a version: an edit of the roster, the rules or the catalogue, a presence,
a freed seat. Whoever retries compares them with those of the last pass. What time alone brings (a
shift that starts, an hour that passes, a credential that becomes valid) has a due time.

What is on a list that several readers share waits for one of them, not for a seat: it is decided
again when what was edited or the time may move it, and when none of them can take it any more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction

from apps.assignment.choices import PARKED, ReasonChoices
from apps.assignment.desk import Case, Desk, load_cases, open_desk
from apps.assignment.desk.clocks import ALL, RETRY_KIND, SWEEP
from apps.assignment.models import Unassigned
from apps.assignment.services.after import after_commit
from apps.assignment.services.lists import has_left_its_list, is_listed, is_offered
from apps.assignment.snapshot.cache import current_view
from apps.assignment.snapshot.ledger import ledger
from apps.core import bulk, clock, due
from apps.core.failures import all_or_each
from apps.engine.decision import Decision
from apps.engine.occurrences import next_change
from apps.orders.choices import OrderStatus

log = logging.getLogger(__name__)

ACTOR = "system:retry"
CHUNK = 50
_CAN_BE_TRIED = frozenset({OrderStatus.UNASSIGNED, OrderStatus.HELD})
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SEATS = "seats"
HELPFUL_AREAS = ("catalog", "roster", "rules", "presence", SEATS)
LISTED_AGAIN = timedelta(minutes=15)
"""Hours that conditions name begin on its multiples, in every zone; a sweep looks at lists then."""


@dataclass
class RetryPass:
    """One walk over the waiting orders, the urgent and the oldest first.

    Orders that look alike to shifts and filters fail alike: after one of a kind failed, the
    others of that kind are left for the sweep, so that a freed seat costs a few decisions and
    not one for each order that waits. ``has_moved`` says whether something else than seats did.
    """

    ids: list[int]
    is_sweep: bool
    has_moved: bool = False
    failed: set[tuple[Any, ...]] = field(default_factory=set)
    placed: int = 0

    def next_ids(self) -> Sequence[int]:
        """Return the next chunk and leave it out from now on."""
        chunk, self.ids = self.ids[:CHUNK], self.ids[CHUNK:]
        return chunk


_last_versions: dict[str, int] | None = None
_pass: RetryPass | None = None


def forget() -> None:
    """Forget the last pass; the next call walks everything."""
    global _last_versions, _pass, _next_at
    _last_versions, _pass, _next_at = None, None, None


def retry_if_helped(versions: Mapping[str, int]) -> int:
    """Try a chunk of waiting orders if something changed since they were tried.

    Args:
        versions: of every area, as just read.

    Returns:
        How many orders were looked at; 0 when there is nothing to do.
    """
    global _last_versions, _pass  # noqa: PLW0603 -- one walk per process
    helpful = {area: versions.get(area, 0) for area in HELPFUL_AREAS}
    if helpful != _last_versions:
        has_moved = _but_seats(helpful) != _but_seats(_last_versions or {})
        _last_versions = helpful
        _pass = _begun_anew(_pass, has_moved=has_moved)
    return _go_on()


def _but_seats(versions: Mapping[str, int]) -> dict[str, int]:
    return {area: version for area, version in versions.items() if area != SEATS}


def _begun_anew(walk: RetryPass | None, *, has_moved: bool) -> RetryPass:
    """Return a pass over what waits; where seats alone are free, without what is on lists."""
    has_moved = has_moved or (walk is not None and walk.has_moved)
    with_lists = has_moved or (walk is not None and walk.is_sweep)
    again = in_turn(waiting=_waiting_ids(with_lists=with_lists), walk=walk)
    again.has_moved = has_moved
    return again


def in_turn(*, waiting: Sequence[int], walk: RetryPass | None) -> RetryPass:
    """Return a pass that begins with the most urgent, then goes on where the last one was.

    Results that free seats come all day; a walk that began at its head each time would never
    reach its end.
    """
    if walk is None:
        return RetryPass(list(waiting), is_sweep=False)
    still = set(waiting)
    head = waiting[:CHUNK]
    rest = [order_id for order_id in walk.ids if order_id in still]
    return RetryPass(list(dict.fromkeys([*head, *rest, *waiting])), is_sweep=walk.is_sweep)


def sweep() -> None:
    """Begin a pass over everything that waits; due times and a clock that passed call it."""
    global _pass  # noqa: PLW0603 -- one walk per process
    has_moved = _pass is not None and _pass.has_moved
    _pass = RetryPass(_waiting_ids(), is_sweep=True, has_moved=has_moved)


def _go_on() -> int:
    global _pass  # noqa: PLW0603 -- one walk per process
    if _pass is None:
        return 0
    chunk = _pass.next_ids()
    if not chunk:
        _pass = None
        schedule_next(at=clock.now())
        return 0
    all_or_each(chunk, partial(_try, walk=_pass))
    return len(chunk)


def _try(ids: Sequence[int], *, walk: RetryPass) -> None:
    with transaction.atomic():
        desk = open_desk(at=clock.now(), actor=ACTOR)
        cases = _still_waiting(ids, load_cases(ids))
        desk.company.learn(case.order.patient_id for case in cases if case.order.patient_id)
        cases = [case for case in cases if walk.has_moved or not _stays_listed(desk, case)]
        seen = {
            one.order.pk: one.queued.attempts for one in cases if one.queued and is_listed(one)
        }
        for case in cases:
            _retry(desk, case, walk, gathers=len(cases) > 1)
        for case, decision in desk.settle():
            if decision.radiologist is None:
                walk.failed.add(_kind(case))
        for case in cases:
            _leave_uncounted(case, seen)
        with bulk.one_round_trip():
            flushed = desk.flush()
    walk.placed += len(flushed.made)
    after_commit(flushed)


def _retry(desk: Desk, case: Case, walk: RetryPass, *, gathers: bool) -> None:
    kind = _kind(case)
    if kind in walk.failed and not walk.is_sweep:
        return
    # What is overdue is widened here too: somebody who could take it may have come on any shift.
    widen = case.order.breached_at is not None or has_left_its_list(case)
    if gathers and desk.gather(case, widen=widen):
        return
    decision: Decision = desk.decide(case, widen=widen)
    if decision.radiologist is None:
        walk.failed.add(kind)


def _kind(case: Case) -> tuple[Any, ...]:
    order = case.order
    return (
        order.site_id,
        order.modality,
        order.body_part,
        order.subspecialty,
        order.urgency,
        order.procedure_code,
        order.patient_class,
        order.sender,
        order.breached_at is None,
        # What stays on its shared list says nothing of a study that waits for a seat.
        is_listed(case),
        case.passed_over,
    )


def _leave_uncounted(case: Case, seen: Mapping[int, int]) -> None:
    """Take back the attempt of a look that left the order on its list, where it is meant to be."""
    if case.queued is not None and case.order.pk in seen and is_listed(case):
        case.queued.attempts = seen[case.order.pk]


def _stays_listed(desk: Desk, case: Case) -> bool:
    """Return whether time moves nothing and one of those who share its list can still take it."""
    queued = case.queued
    if queued is None or not is_listed(case) or case.order.breached_at is not None:
        return False
    quarter_at = desk.at - (desk.at - _EPOCH) % LISTED_AGAIN
    change = next_change(desk.view.compiled, queued.tried_at)
    is_quiet = queued.tried_at >= quarter_at and (change is None or change > desk.at)
    return is_quiet and is_offered(desk, case)


def _still_waiting(ids: Iterable[int], cases: dict[int, Case]) -> list[Case]:
    """Return the cases in the order asked for, but for those that moved on meanwhile."""
    return [
        case
        for order_id in ids
        if (case := cases.get(order_id)) is not None
        and case.order.status in _CAN_BE_TRIED
        and case.queued is not None
        and case.queued.is_waiting
    ]


def _waiting_ids(*, with_lists: bool = True) -> list[int]:
    left_out = PARKED if with_lists else {*PARKED, ReasonChoices.WORKLIST}
    return list(
        Unassigned.objects.filter(is_waiting=True)
        .exclude(reason__in=left_out)
        .order_by("urgency_rank", "since", "order_id")
        .values_list("order_id", flat=True)
    )


# -- what time brings -----------------------------------------------------------------------------

_next_at: datetime | None = None


def make_sure_of_next(*, at: datetime) -> None:
    """Set the due time of the next pass where something nears before the sweep.

    Left out while this process knows of one ahead: the desk has set the sweep in any case.
    """
    if _next_at is None or _next_at <= at:
        schedule_next(at=at)


def schedule_next(*, at: datetime) -> None:
    """Set the due time of the next pass: the next shift, the next free hour, or the sweep.

    Without waiting orders there is none.
    """
    global _next_at  # noqa: PLW0603 -- spares the hot path a look at the table
    if not Unassigned.objects.filter(is_waiting=True).exists():
        _next_at = None
        return
    moments = [
        next_change(current_view().compiled, at),
        ledger().next_hourly_release(at),
        at + SWEEP,
    ]
    _next_at = min(moment for moment in moments if moment is not None and moment > at)
    due.schedule_due(RETRY_KIND, ALL, _next_at)


def on_due(what: due.Due, at: datetime) -> None:  # noqa: ARG001 -- a due handler's form
    """Begin a sweep and set the next; the handler of the due time set by ``schedule_next``.

    The next is set in the transaction that ends this one, so that a process that dies in the
    middle of a pass leaves one behind.
    """
    sweep()
    schedule_next(at=at)


def on_seat_freed(what: due.Due, at: datetime) -> None:  # noqa: ARG001 -- a due handler's form
    """Look again who could use a freed seat; the one who freed it may have died before."""
    global _last_versions  # noqa: PLW0603 -- one walk per process
    if _last_versions is not None:
        _last_versions = {**_last_versions, SEATS: -1}
