"""A reader's own list, in their own order. Source: spec 3, My list.

It is read as a whole, since nobody has more open studies than they have seats, and put in order
here. Whoever looks at it works on it, so nothing moves under their hands: the page says in which
order it shows the studies, they keep their places, what is over stays there until the reader
asks for a fresh order, and what is new comes last.

Whose study it is decides who may see it, not the sites of their role: what the engine or a
manager gave to a reader must never be invisible to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from apps.assignment.models import Assignment
from apps.assignment.queries.filters import day_of
from apps.assignment.queries.own_rows import OwnRow, own_row
from apps.catalog.choices import UrgencyChoices
from apps.orders.choices import OrderStatus
from apps.roster.models import Radiologist

MOST = 200
"""How many open studies are shown; far above what a reader is ever given."""
_DONE_SHOWN = 5
_NO_PLACE = MOST * 10


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the list is narrowed by; empty values narrow nothing. ``sort`` is a key or ``-key``."""

    urgency: str = ""
    modality: str = ""
    site: str = ""
    status: str = ""
    shift: str = ""
    sort: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Return whether anything narrows the list."""
        return any((self.urgency, self.modality, self.site, self.status, self.shift))


@dataclass(frozen=True, slots=True)
class Pinned:
    """The order in which the page shows the studies, and which of them are new to it."""

    shown: tuple[int, ...]
    new: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Worklist:
    """What a reader owns: STAT studies to acknowledge before all others, then the rest.

    ``hidden`` counts what the filters leave out; ``done`` are the last reported today, newest
    first.
    """

    offers: Sequence[OwnRow]
    rows: Sequence[OwnRow]
    hidden: int
    done: Sequence[OwnRow]
    is_cut: bool

    @property
    def all(self) -> Sequence[OwnRow]:
        """Return every line, in the order of the page."""
        return [*self.offers, *self.rows]

    @property
    def new(self) -> Sequence[OwnRow]:
        """Return the lines that came since the reader put the list in order."""
        return [row for row in self.rows if row.is_new]

    @property
    def next(self) -> OwnRow | None:
        """Return the first study to start, None when none is left."""
        return next((row for row in self.all if row.is_startable), None)


def reader_of(user_id: int | None) -> Radiologist | None:
    """Return the radiologist who signs in as this user, with their workload."""
    return Radiologist.objects.select_related("workload").filter(user=user_id).first()


def worklist(
    radiologist_id: str,
    *,
    wanted: Wanted,
    pinned: Pinned | None,
    at: datetime,
    zone: tzinfo,
) -> Worklist:
    """Return a reader's list.

    Args:
        radiologist_id: whose.
        wanted: what it is narrowed by and sorted by; a STAT study to acknowledge is never left
            out.
        pinned: the order to keep; None sorts it anew.
        at: the moment.
        zone: decides what *today* means.
    """
    rows = [own_row(row, at=at, zone=zone) for row in _open(radiologist_id)]
    is_cut, rows = len(rows) > MOST, rows[:MOST]
    seen = [row for row in rows if row.is_offer or _matches(row, wanted)]
    hidden = len(rows) - len(seen)
    if pinned is not None:
        open_ids = {row.id for row in rows}
        seen += _over(
            radiologist_id, [id_ for id_ in pinned.shown if id_ not in open_ids], at, zone
        )
    placed = _in_order(seen, wanted.sort, pinned)
    return Worklist(
        offers=_by_deadline(row for row in placed if row.is_offer),
        rows=[row for row in placed if not row.is_offer],
        hidden=hidden,
        done=[own_row(row, at=at, zone=zone) for row in _done(radiologist_id, at, zone)],
        is_cut=is_cut,
    )


def choices_of(rows: Iterable[OwnRow]) -> Mapping[str, list[tuple[str, str]]]:
    """Return what the filters offer: only what stands on the list."""
    known = list(rows)
    urgencies = {row.order.urgency for row in known}
    return {
        "urgency": [(one.value, one.label) for one in UrgencyChoices if one.value in urgencies],
        "modality": _offered((row.order.modality, row.order.modality) for row in known),
        "site": _offered((str(row.order.site_id or ""), _site(row)) for row in known),
        "status": [
            (one.value, one.label)
            for one in OrderStatus
            if any(row.state.status == one for row in known)
        ],
        "shift": _offered((row.assignment.shift_code,) * 2 for row in known),
    }


def _offered(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted({pair for pair in pairs if pair[0]}, key=lambda pair: pair[1])


# -- reading -----------------------------------------------------------------------------


def _open(radiologist_id: str) -> list[Assignment]:
    """Return what the reader has open; assignment_open_by_reader holds nothing else.

    Sorted here: an order or a limit would tempt the planner to walk another index of history.
    """
    rows = Assignment.objects.filter(
        radiologist=radiologist_id, is_current=True, completed_at__isnull=True
    )
    rows = rows.select_related("order__site", "order__procedure", "order__patient")
    return sorted(
        rows.defer("trace"), key=lambda row: (_missing_last(row.order.report_due_at), row.pk)
    )


def _over(
    radiologist_id: str, order_ids: Sequence[int], at: datetime, zone: tzinfo
) -> list[OwnRow]:
    """Return how it ended for the reader with studies that are open to them no longer."""
    if not order_ids:
        return []
    rows = Assignment.objects.filter(radiologist=radiologist_id, order__in=order_ids)
    rows = rows.select_related("order__site", "order__procedure", "order__patient")
    latest = {row.order_id: row for row in rows.defer("trace").order_by("pk")}
    return [own_row(row, at=at, zone=zone) for row in latest.values()]


def _done(radiologist_id: str, at: datetime, zone: tzinfo) -> list[Assignment]:
    """Return what the reader reported last today, by assignment_done_by_reader."""
    rows = Assignment.objects.filter(
        radiologist=radiologist_id, is_current=True, completed_at__gte=day_of(at, zone)[0]
    )
    rows = rows.select_related("order__site", "order__procedure", "order__patient")
    return list(rows.defer("trace").order_by("-completed_at")[:_DONE_SHOWN])


# -- narrowing and order -----------------------------------------------------------------


def _matches(row: OwnRow, wanted: Wanted) -> bool:
    order = row.order
    asked = (
        (wanted.urgency, order.urgency),
        (wanted.modality, order.modality),
        (wanted.site, str(order.site_id or "")),
        (wanted.status, order.status),
        (wanted.shift, row.assignment.shift_code),
    )
    return all(value in ("", has) for value, has in asked)


def _in_order(rows: list[OwnRow], sort: str, pinned: Pinned | None) -> list[OwnRow]:
    rows = _sorted(rows, sort)
    if pinned is None:
        return rows
    places = {id_: place for place, id_ in enumerate(pinned.shown)}
    marked = [replace(row, is_new=_is_new(row, pinned)) for row in rows]
    return sorted(marked, key=lambda row: places.get(row.id, _NO_PLACE))


def _is_new(row: OwnRow, pinned: Pinned) -> bool:
    return row.is_unanswered and (row.id in pinned.new or row.id not in pinned.shown)


def _by_deadline(rows: Iterable[OwnRow]) -> list[OwnRow]:
    return sorted(rows, key=lambda row: (row.acknowledge_by is None, row.acknowledge_by, row.id))


def _sorted(rows: list[OwnRow], sort: str) -> list[OwnRow]:
    own_order = sorted(rows, key=lambda row: (_rank(row), _missing_last(row.study.due_at), row.id))
    key = SORTS.get(sort.removeprefix("-"))
    if key is None:
        return own_order
    # What lacks the value stands last either way.
    having = [row for row in own_order if key(row) not in (None, "")]
    lacking = [row for row in own_order if key(row) in (None, "")]
    return [*sorted(having, key=key, reverse=sort.startswith("-")), *lacking]


def _rank(row: OwnRow) -> int:
    return UrgencyChoices.values.index(row.order.urgency)


def _missing_last(moment: datetime | None) -> tuple[bool, float]:
    return moment is None, moment.timestamp() if moment else 0


def _site(row: OwnRow) -> str:
    return row.order.site.name if row.order.site else ""


def _patient(row: OwnRow) -> str:
    patient = row.patient
    return f"{patient.family_name}, {patient.given_name}".casefold() if patient else ""


_Key = Callable[[OwnRow], Any]
SORTS: Mapping[str, _Key] = {
    "study": lambda row: row.order.accession,
    "urgency": _rank,
    "modality": lambda row: (row.order.modality, row.order.body_part),
    "procedure": lambda row: row.study.procedure.casefold(),
    "patient": _patient,
    "indication": lambda row: row.indication.casefold(),
    "site": _site,
    "assigned": lambda row: row.assignment.assigned_at,
    "due": lambda row: row.study.due_at,
    "status": lambda row: list(OrderStatus).index(OrderStatus(row.order.status)),
}
"""The columns by which the list can be sorted: all of them."""
