"""Proves that stored decisions can be made again: a sample each night, byte for byte.

A decision's trace holds what it was made on, the basis what was in force. Whether both still say
all of it shows only when the decision is made again: what a change of the engine, of a table or of
somebody's hand has broken is found the night after, and not on the day on which somebody asks why.
Source: ADR 22.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from django.conf import settings

from apps.assignment.choices import CheckState
from apps.assignment.models import Assignment, ReplayCheck, Unassigned
from apps.assignment.services.pruning import prune_bursts
from apps.assignment.services.replay import forget, replay_stored
from apps.assignment.snapshot.basis import BasisMissingError
from apps.core import clock
from apps.core.queue import slices
from apps.engine.codes import Reason
from apps.engine.difference import first_difference

log = logging.getLogger(__name__)

NAME = "replay check"
MOST_ASSIGNED = 500
MOST_UNASSIGNED = 100
MOST_KEPT = 100
"""Drifts named in one check; beyond them only the number is kept."""
_CHUNK = 50
_DAY = timedelta(days=1)
_OF_RESULT = ("radiologist", "shift", "strategy", "rule", "rule_version")
# What an order says of its patient stays in the trace alone.
_UNTOLD = "$.order"


class Stored(NamedTuple):
    """A decision as it is stored; ``columns`` are those of its row that its result says too."""

    what: str
    id: int
    order_id: int
    site_id: int | None
    trace: dict[str, Any]
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What making one decision again came to; where it differs, the place and both values."""

    state: CheckState
    path: str = ""
    stored: str = ""
    made: str = ""


@dataclass(slots=True)
class Tally:
    """What a check has come to so far."""

    looked_at: int = 0
    same: int = 0
    no_basis: int = 0
    drifted: int = 0
    drifts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, stored: Stored, found: Found) -> None:
        """Count one decision."""
        self.looked_at += 1
        self.same += found.state is CheckState.SAME
        self.no_basis += found.state is CheckState.NO_BASIS
        self.drifted += found.state is CheckState.DRIFTED
        if found.state is not CheckState.SAME and len(self.drifts) < MOST_KEPT:
            self.drifts.append(_entry(stored, found))


def prove(
    *,
    since: datetime,
    at: datetime,
    most_assigned: int | None = MOST_ASSIGNED,
    most_unassigned: int | None = MOST_UNASSIGNED,
    seed: int = 0,
    by_hand: bool = False,
) -> ReplayCheck | None:
    """Make a sample of decisions again and keep what came of it.

    Args:
        since: decisions made from here on.
        at: until here, and when the check is said to be made.
        most_assigned: how many assignments at most; None takes all.
        most_unassigned: how many unassigned orders at most; None takes all.
        seed: of the sample; the same one gives the same sample of the same decisions.
        by_hand: somebody asked for it; the night's check is made all the same.

    Returns:
        The check; None where the process was asked to end on the way.
    """
    began, tally = time.monotonic(), Tally()
    forget()  # what is proved is what is stored now
    random = Random(seed)  # noqa: S311 -- a sample, no secret
    assigned = _sample(_assigned_ids(since, at), most_assigned, random)
    unassigned = _sample(_unassigned_ids(since, at), most_unassigned, random)
    for stored in (*_assignments(assigned), *_unassigned(unassigned)):
        if slices.is_stopping():
            return None
        tally.add(stored, made_again(stored))
    is_whole = most_assigned is None and most_unassigned is None
    settles = _settles(tally, since, by_hand=by_hand, is_whole=is_whole)
    took = time.monotonic() - began
    return _kept(tally, since=since, at=at, took=took, by_hand=by_hand, settles=settles)


def made_again(stored: Stored) -> Found:
    """Make one decision again and compare it, byte for byte, with what is stored."""
    try:
        decision = replay_stored(stored.trace)
    except BasisMissingError:
        return Found(CheckState.NO_BASIS)
    except Exception as error:  # noqa: BLE001 -- a trace that cannot be read is a drift, too
        return Found(CheckState.DRIFTED, "$", made=type(error).__name__)
    difference = first_difference(stored.trace, decision.trace) or _column_difference(stored)
    return Found(CheckState.DRIFTED, *difference) if difference else Found(CheckState.SAME)


def prove_nightly() -> int:
    """Check the last day's decisions once a night; the work of the slow cluster."""
    due_at = waiting_since()
    if due_at is None:
        return 0
    at = clock.now()
    if prove(since=at - _DAY, at=at, seed=due_at.toordinal()) is None:
        return 0
    prune_bursts(at)
    return 1


def waiting_since() -> datetime | None:
    """Return since when the night's check waits to be made, None where it was."""
    due_at = _last_hour(clock.now())
    nightly = ReplayCheck.objects.filter(by_hand=False).order_by("-at")
    newest = nightly.values_list("at", flat=True).first()
    if newest is not None and newest >= due_at:
        return None
    made = Assignment.objects.order_by("-assigned_at").values_list("assigned_at", flat=True)
    last = made.first()
    # A system at which nothing is decided has nothing to prove.
    return due_at if last is not None and last >= due_at - _DAY else None


def _last_hour(at: datetime) -> datetime:
    """Return when the server's clock last showed the hour of the check."""
    local = at.astimezone()
    due_at = local.replace(hour=settings.REPLAY_CHECK_HOUR, minute=0, second=0, microsecond=0)
    return due_at if due_at <= local else due_at - _DAY


def _assigned_ids(since: datetime, until: datetime) -> Sequence[int]:
    rows = Assignment.objects.filter(assigned_at__gte=since, assigned_at__lte=until)
    return list(rows.exclude(trace={}).order_by("pk").values_list("pk", flat=True))


def _unassigned_ids(since: datetime, until: datetime) -> Sequence[int]:
    rows = Unassigned.objects.filter(tried_at__gte=since, tried_at__lte=until)
    return list(rows.exclude(trace={}).order_by("pk").values_list("pk", flat=True))


def _sample(ids: Sequence[int], most: int | None, random: Random) -> list[int]:
    if most is None or len(ids) <= most:
        return list(ids)
    return sorted(random.sample(ids, most))


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[first : first + _CHUNK] for first in range(0, len(ids), _CHUNK))


def _assignments(ids: Sequence[int]) -> Iterator[Stored]:
    """Yield assignments by their keys, so that those of one version come together."""
    for chunk in _chunks(ids):
        rows = Assignment.objects.filter(pk__in=chunk).select_related("order").order_by("pk")
        for row in rows.only(
            *("trace", "radiologist_id", "shift_code", "strategy", "rule_id", "rule_version"),
            *("order__site_id",),
        ):
            columns = (row.radiologist_id, row.shift_code or None, row.strategy)
            said = dict(zip(_OF_RESULT, (*columns, row.rule_id, row.rule_version), strict=True))
            yield Stored("assignment", row.pk, row.order_id, row.order.site_id, row.trace, said)


def _unassigned(ids: Sequence[int]) -> Iterator[Stored]:
    for chunk in _chunks(ids):
        rows = Unassigned.objects.filter(pk__in=chunk).select_related("order").order_by("pk")
        for row in rows.only("trace", "reason", "order__site_id"):
            # Put aside by a person, whatever the decision before came to.
            said = {} if row.reason == Reason.BY_HAND else {"reason": row.reason}
            yield Stored("unassigned", row.pk, row.pk, row.order.site_id, row.trace, said)


def _column_difference(stored: Stored) -> tuple[str, str, str] | None:
    """Return where the row says another result than its own trace, or says nothing of it."""
    result = stored.trace.get("result", {})
    said = {name: value for name, value in stored.columns.items() if value is not None}
    told = {name: result[name] for name in stored.columns if result.get(name) is not None}
    return first_difference(said, told, "row")


def _entry(stored: Stored, found: Found) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "what": stored.what,
        "id": stored.id,
        "order": stored.order_id,
        "site": stored.site_id,
        "state": found.state.value,
        "path": found.path,
    }
    if not found.path.startswith(_UNTOLD) and found.path != "$":
        entry |= {"stored": found.stored, "made": found.made}
    elif found.path == "$":
        entry |= {"made": found.made}
    return entry


def _settles(tally: Tally, since: datetime, *, by_hand: bool, is_whole: bool) -> bool:
    """Return whether a check raises the alarm, or may take it away.

    The night's may, and by hand one of all decisions that those were among that differed.
    """
    if tally.drifted or not tally.looked_at:
        return tally.drifted > 0
    last = ReplayCheck.objects.filter(settles=True).order_by("-at").first()
    return not by_hand or (is_whole and (last is None or since <= last.since))


def _kept(
    tally: Tally, *, since: datetime, at: datetime, took: float, by_hand: bool, settles: bool
) -> ReplayCheck:
    check = ReplayCheck.objects.create(
        at=at,
        since=since,
        by_hand=by_hand,
        settles=settles,
        looked_at=tally.looked_at,
        same=tally.same,
        no_basis=tally.no_basis,
        drifted=tally.drifted,
        drifts=tally.drifts,
        took_ms=round(took * 1000),
    )
    if tally.drifted:
        log.error("%s of %s decisions drifted", tally.drifted, tally.looked_at)
    return check
