"""The what-ifs, and the orders that move in one of them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from apps.catalog.services.importing.formulas import defused
from apps.core.access import Scope
from apps.engine.codes import Reason
from apps.engine.words import reason_words
from apps.trials.models import MovedOrder, WhatIf
from apps.trials.whatif.seeing import Names

_NO_NAMES: Mapping[str, str] = {}
_HEADINGS = (
    *("study", "received", "site", "modality", "body part", "urgency"),
    *("reader now", "shift now", "late now", "minutes now"),
    *("reader then", "shift then", "late then", "minutes then"),
)


@dataclass(frozen=True, slots=True)
class MoveFilter:
    """What the list of moves is narrowed by; empty values narrow nothing."""

    reader: str = ""
    shift: str = ""
    modality: str = ""
    only: str = ""


def whatifs() -> QuerySet[WhatIf]:
    """Return the what-ifs that are shown, the latest first, without their reports."""
    shown = WhatIf.objects.filter(put_away=None)
    return shown.order_by("-made_at", "-pk").defer("report")


def whatif_rows() -> QuerySet[WhatIf]:
    """Return what-ifs with everything that a page of one shows."""
    found = WhatIf.objects.filter(put_away=None)
    return found.select_related("rule_draft", "roster_draft")


def moves(found: WhatIf, wanted: MoveFilter, scope: Scope) -> QuerySet[MovedOrder]:
    """Return the orders of the scope's sites that move, as they came."""
    rows = found.moves.select_related("order", "order__site").order_by("pk")
    if wanted.reader:
        rows = rows.filter(Q(before__reader=wanted.reader) | Q(after__reader=wanted.reader))
    if wanted.shift:
        rows = rows.filter(Q(before__shift=wanted.shift) | Q(after__shift=wanted.shift))
    if wanted.modality:
        rows = rows.filter(order__modality=wanted.modality)
    if wanted.only:
        rows = rows.filter(_ONLY[wanted.only])
    return scope.limit(rows, "order__site")


_LATE_BEFORE, _LATE_AFTER = Q(before__breached=True), Q(after__breached=True)
_ONLY: Mapping[str, Q] = {
    "late": _LATE_AFTER & ~Q(before__has_key="breached"),
    "in-time": _LATE_BEFORE & ~Q(after__has_key="breached"),
    "unassigned": ~Q(after__has_key="reader"),
}
ONLY_CHOICES = (
    ("", "All that move"),
    ("late", "Late only then"),
    ("in-time", "Late only now"),
    ("unassigned", "Without a reader then"),
)


def in_words(
    told: Mapping[str, Any], names: Names, shifts: Mapping[str, str] = _NO_NAMES
) -> dict[str, Any]:
    """Return one way of a move, in words; a shift without a name keeps its code."""
    reader, reason = told.get("reader", ""), told.get("reason")
    seconds, shift = told.get("seconds"), told.get("shift", "")
    return {
        "reader": names.of(reader),
        "shift": shifts.get(shift, shift),
        "reason": "" if reason is None else reason_words(Reason(reason)),
        "breached": told.get("breached", False),
        "minutes": None if seconds is None else round(seconds / 60),
    }


def moves_as_csv(rows: QuerySet[MovedOrder], names: Names) -> Iterator[bytes]:
    """Yield the moves as CSV; no text in it is a formula to a spreadsheet."""
    yield "\ufeff".encode()
    yield _line(_HEADINGS)
    for move in rows.iterator(chunk_size=1000):
        order = move.order
        before, after = in_words(move.before, names), in_words(move.after, names)
        yield _line(
            (
                *(order.accession, f"{move.at.isoformat(timespec='seconds')}"),
                *(order.site.code if order.site else "", order.modality, order.body_part),
                *(order.urgency, *_told(before), *_told(after)),
            )
        )


def _told(way: Mapping[str, Any]) -> tuple[object, ...]:
    is_late = "yes" if way["breached"] else "no"
    return way["reader"] or way["reason"], way["shift"], is_late, way["minutes"]


def _line(cells: tuple[object, ...]) -> bytes:
    text = io.StringIO(newline="")
    shown = [defused(cell) if isinstance(cell, str) else cell for cell in cells]
    csv.writer(text).writerow(shown)
    return text.getvalue().encode()
