"""What lay on everybody's hands when the days that are replayed began."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from apps.assignment.models import Assignment
from apps.engine.codes import Urgency
from apps.engine.duty import LONGEST
from apps.engine.facts import OrderFacts
from apps.engine.rehearsal import Case, Opening, Rehearsal
from apps.engine.rehearsal.hands import HOUR, TURNAROUND_WINDOW
from apps.trials.whatif.paces import Paces

_LOOKED_BACK = timedelta(days=3)


@dataclass(slots=True)
class _Lines:
    hour: list[tuple[datetime, Decimal]] = field(default_factory=list)
    given: list[tuple[datetime, Decimal]] = field(default_factory=list)
    done: list[tuple[datetime, int]] = field(default_factory=list)
    turns: dict[str, datetime] = field(default_factory=dict)

    def opening(self) -> Opening:
        done = tuple(sorted(self.done))
        return Opening(tuple(sorted(self.hour)), tuple(sorted(self.given)), done, self.turns)


@dataclass(frozen=True, slots=True)
class Held:
    """A study that somebody had in hand at the beginning."""

    case: Case
    reader: str
    shift: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class Openings:
    """Everything that a rehearsal begins with; the same for any number of them."""

    hands: dict[str, Opening]
    held: tuple[Held, ...]

    def begin(self, rehearsal: Rehearsal) -> None:
        """Have a rehearsal begin with it."""
        rehearsal.begin_with(self.hands)
        for one in self.held:
            rehearsal.seat(one.case, one.reader, one.shift, one.given_at)


def openings_at(at: datetime, paces: Paces) -> Openings:
    """Return what lay on everybody's hands at a moment, given in the days before it."""
    lines: dict[str, _Lines] = defaultdict(_Lines)
    held = list(_looked_through(at, lines, paces))
    return Openings({reader: one.opening() for reader, one in lines.items()}, tuple(held))


def _looked_through(at: datetime, lines: dict[str, _Lines], paces: Paces) -> Iterator[Held]:
    """Yield what was in hand, and count the others on the way."""
    rows = (
        Assignment.objects.filter(assigned_at__gte=at - _LOOKED_BACK, assigned_at__lt=at)
        .order_by("assigned_at", "pk")
        .select_related("order")
        .only(*_ROW, *(f"order__{name}" for name in _ORDER))
    )
    for row in rows.iterator(chunk_size=2000):
        _count(row, at, lines[row.radiologist_id])
        if (row.completed_at is None or row.completed_at >= at) and (
            row.ended_at is None or row.ended_at >= at
        ):
            yield Held(_case(row, paces), row.radiologist_id, row.shift_code, row.assigned_at)


_ROW = (
    *("radiologist_id", "shift_code", "rvu", "units", "urgency", "assigned_at", "completed_at"),
    *("turnaround_seconds", "ended_at", "end_reason"),
)
_ORDER = (
    *("issuer", "accession", "modality", "body_part", "subspecialty", "procedure_code"),
    *("received_at", "report_due_at", "patient_id", "linked_key"),
)


def _count(row: Assignment, at: datetime, lines: _Lines) -> None:
    if row.assigned_at > at - HOUR:
        lines.hour.append((row.assigned_at, row.rvu))
    if row.assigned_at >= at - LONGEST and row.end_reason == "":
        lines.given.append((row.assigned_at, row.units))
    if row.completed_at is not None and at - TURNAROUND_WINDOW < row.completed_at < at:
        lines.done.append((row.completed_at, row.turnaround_seconds or 0))
    if row.shift_code:
        lines.turns[row.shift_code] = row.assigned_at


def _case(row: Assignment, paces: Paces) -> Case:
    """Return a study as it lies there; it never moves, and its breach is not counted."""
    order = row.order
    facts = OrderFacts(
        order_id=order.pk,
        issuer=order.issuer,
        accession=order.accession,
        site="",
        modality=order.modality,
        body_part=order.body_part,
        subspecialty=order.subspecialty,
        urgency=Urgency(row.urgency),
        received_at=order.received_at,
        rvu=row.rvu,
        units=row.units,
    )
    return Case(
        order=facts,
        ready_at=row.assigned_at,
        seconds=paces.common(order.pk, order.procedure_code, order.modality),
        reassign_after=None,
        ends_at=row.ended_at,
        patient=str(order.patient_id or ""),
        linked=order.linked_key,
    )
