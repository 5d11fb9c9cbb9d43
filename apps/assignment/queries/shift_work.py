"""What waits for a reader and is the work of the shifts that somebody is on now.

Matched by the engine's own shift match. The patient is not read: whose study it becomes is not
settled yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from apps.assignment.choices import PARKED, EndReason, ReasonChoices
from apps.assignment.desk.case import Case
from apps.assignment.models import Assignment, Unassigned
from apps.assignment.queries.rows import StudyRow, study_row
from apps.assignment.queries.states import StudyState, state_of
from apps.assignment.snapshot.cache import ConfigView
from apps.assignment.taking import Place, Taker, Waiting, why_not_take
from apps.core.access import Scope
from apps.engine.codes import Presence
from apps.engine.coverage import OnShift
from apps.engine.facts import OrderFacts, Workload
from apps.engine.occurrences import occurrences
from apps.engine.result import Snapshot
from apps.engine.rota import ShiftFacts
from apps.engine.shared import list_of
from apps.orders.choices import OrderStatus
from apps.roster.models import Radiologist
from apps.roster.presence import presence_at

LOOKED_AT = 200
SHOWN = 25
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ShiftNow:
    """A shift that the reader is on, and until when."""

    code: str
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A study that waits; ``refusal`` says why the reader may not take it, empty when they may.

    ``shift`` is the code of the shift through which it concerns them, empty for who shares its
    list by name; ``shared`` the rule that put it on a list.
    """

    study: StudyRow
    state: StudyState
    shift: str
    since: datetime
    reason: ReasonChoices
    refusal: str
    shared: str = ""


@dataclass(frozen=True, slots=True)
class ShiftWork:
    """What waits, soonest urgency and longest wait first; ``not_shown`` counts some of the rest."""

    rows: Sequence[WorkRow]
    not_shown: int


_NOTHING = ShiftWork((), 0)


@dataclass(frozen=True, slots=True)
class Lately:
    """What the reader was given in the last hour, which the hourly limits count."""

    studies: int
    rvu: Decimal


def shifts_now(radiologist_id: str, view: ConfigView, at: datetime) -> list[ShiftNow]:
    """Return the shifts that the reader is on at the moment, the one that ends last first."""
    found = [
        ShiftNow(one.shift.code, one.shift.name, _until(radiologist_id, one.shift, view, at))
        for one in _running(radiologist_id, view, at)
    ]
    return sorted(found, key=lambda shift: shift.until, reverse=True)


def shift_work(
    reader: Radiologist,
    lately: Lately,
    *,
    view: ConfigView,
    scope: Scope,
    at: datetime,
    zone: tzinfo,
) -> ShiftWork:
    """Return what waits for somebody on the reader's shifts.

    Args:
        reader: with their workload.
        lately: what they were given in the last hour.
        view: the configuration.
        scope: the sites at which they may read.
        at: the moment.
        zone: of the words that say when a report is due.
    """
    running = _running(reader.pk, view, at)
    if not running:
        return _NOTHING
    match = Match(taker_of(reader, lately, view, at), view, zone)
    rows = [row for one in _waiting(running, scope) if (row := match.row(one)) is not None]
    return ShiftWork(rows[:SHOWN], max(len(rows) - SHOWN, 0))


def taker_of(reader: Radiologist, lately: Lately, view: ConfigView, at: datetime) -> Taker:
    """Return the reader as who would take a study now."""
    load = _load(reader, lately, at)
    return Taker(reader.pk, at, Snapshot(view.compiled, {reader.pk: load}))


class Match:
    """What is the same for every waiting study, with the shift of each kind of work remembered."""

    def __init__(self, taker: Taker, view: ConfigView, zone: tzinfo) -> None:
        """Begin with nothing remembered.

        Args:
            taker: the reader.
            view: the configuration.
            zone: of the words that say when a report is due.
        """
        self._taker = taker
        self._view = view
        self._zone = zone
        self._places: dict[tuple[object, ...], Place | None] = {}

    def row(self, queued: Unassigned) -> WorkRow | None:
        """Return the study as a line, None when it does not concern the reader."""
        waiting = Waiting(self._facts(queued), queued.reason, queued.trace)
        place = self._place(waiting)
        if place is None:
            return None
        shared = list_of(queued.trace) if queued.reason == ReasonChoices.WORKLIST else None
        return WorkRow(
            study=study_row(queued.order, None, at=self._taker.at, zone=self._zone),
            state=state_of(queued.order, None),
            shift=place.shift.code if place.shift else "",
            since=queued.since,
            reason=ReasonChoices(queued.reason),
            refusal=why_not_take(waiting, place, self._taker),
            shared=shared.rule if shared else "",
        )

    def _facts(self, queued: Unassigned) -> OrderFacts:
        order = queued.order
        site = self._view.site_codes.get(order.site_id, "") if order.site_id else ""
        case = Case(order=order, procedure=order.procedure)
        return case.facts(
            site, at=self._taker.at, passed_over=frozenset(getattr(queued, "declined_by", ()))
        )

    def _place(self, waiting: Waiting) -> Place | None:
        if waiting.reason == ReasonChoices.WORKLIST:
            return self._taker.place_for(waiting)
        facts = waiting.order
        kind = (facts.site, facts.modality, facts.body_part, facts.subspecialty, facts.urgency)
        if kind not in self._places:
            self._places[kind] = self._taker.place_for(waiting)
        return self._places[kind]


def _running(radiologist_id: str, view: ConfigView, at: datetime) -> list[OnShift]:
    running = view.compiled.coverage_at(at).running.values()
    return [one for one in running if radiologist_id in one.people]


def _until(radiologist_id: str, shift: ShiftFacts, view: ConfigView, at: datetime) -> datetime:
    """Return until when the reader is there: to the run's end, or for a part of it."""
    until = at
    for run in occurrences(shift, at, at + _MOMENT):
        for part in view.compiled.roster.stretches(shift, run):
            if part.start_at <= until < part.end_at and radiologist_id in part.people:
                until = part.end_at
    return until


def _waiting(running: Iterable[OnShift], scope: Scope) -> list[Unassigned]:
    """Return the head of the queue, by unassigned_waiting; of other modalities nothing."""
    modalities = {work.modality for one in running for work in one.shift.work_types}
    rows = queue(scope).exclude(reason__in={*PARKED, ReasonChoices.WORKLIST})
    if "" not in modalities:
        rows = rows.filter(order__modality__in=modalities)
    return list(rows.order_by("urgency_rank", "since")[:LOOKED_AT])


def queue(scope: Scope) -> QuerySet[Unassigned]:
    """Return what is tried by itself at the sites of a scope, with what a line shows.

    ``declined_by`` of a row are those who had the study and did not take it.
    """
    rows = Unassigned.objects.filter(is_waiting=True, order__status=OrderStatus.UNASSIGNED)
    rows = scope.limit(rows, "order__site").annotate(declined_by=ArraySubquery(_DECLINED))
    return rows.select_related("order__site", "order__procedure")


# Asked by order alone: a reader's own history is long, an order's is short.
_DECLINED = Assignment.objects.filter(
    order=OuterRef("order"), end_reason__in=(EndReason.HANDED_BACK, EndReason.NOT_ACKNOWLEDGED)
).values("radiologist_id")


def _load(reader: Radiologist, lately: Lately, at: datetime) -> Workload:
    row = reader.workload
    presence = presence_at(row.presence, row.busy_until, at)
    return Workload(
        radiologist=reader.pk,
        presence=presence,
        busy_until=row.busy_until if presence is Presence.BUSY else None,
        open_by_urgency=(row.open_stat, row.open_urgent, row.open_routine),
        open_rvu=row.open_rvu,
        assigned_last_hour=lately.studies,
        rvu_last_hour=lately.rvu,
    )
