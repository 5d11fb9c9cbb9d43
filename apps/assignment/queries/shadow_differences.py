"""Orders of which a shadow would have made something else, and why; of the patient nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet, TextChoices

from apps.assignment.choices import ReasonChoices
from apps.assignment.explanation import sentences
from apps.assignment.models import Assignment, ShadowResult
from apps.assignment.naming import naming_of
from apps.core.access import Scope
from apps.core.paging import Page, page_of
from apps.engine.codes import Outcome
from apps.orders.models import Order
from apps.roster.models import Radiologist
from apps.rules.models import Shadow

# What a result holds is the engine's own JSON (``apps.engine.trace``).
Kept = Mapping[str, Any]

GONE = "Its trace is no longer kept."
_LIVE = Q(live__result__outcome=Outcome.ASSIGNED.value)
_DRAFT = Q(draft__result__outcome=Outcome.ASSIGNED.value)


class Kind(TextChoices):
    """What is different."""

    READER = "reader", "Another reader"
    NOBODY = "nobody", "The draft leaves it without a reader"
    FOUND = "found", "Only the draft finds a reader"
    WAITS = "waits", "It waits for another reason"


_KINDS: Mapping[Kind, Q] = {
    Kind.READER: _LIVE & _DRAFT,
    Kind.NOBODY: _LIVE & ~_DRAFT,
    Kind.FOUND: ~_LIVE & _DRAFT,
    Kind.WAITS: ~_LIVE & ~_DRAFT,
}


@dataclass(frozen=True, slots=True)
class DifferenceFilter:
    """What the list is narrowed by; empty values narrow nothing. ``rule_id`` is a live rule's."""

    kind: str = ""
    modality: str = ""
    rule_id: int | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two made of the order.

    ``rule`` decided, empty where none did; ``only`` are rules that held here and not there.
    """

    words: str
    rule: str
    only: Sequence[str]


@dataclass(frozen=True, slots=True)
class DifferenceRow:
    """An order, and what each made of it; ``is_again`` where it was decided before."""

    id: int
    order: Order
    at: datetime
    is_again: bool
    live: Side
    draft: Side


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why each came to what it did, in sentences."""

    row: DifferenceRow
    live: Sequence[str]
    draft: Sequence[str]
    assignment_id: int | None


def difference_list(
    shadow: Shadow, wanted: DifferenceFilter, *, scope: Scope, number: int
) -> Page[DifferenceRow]:
    """Return a page of the orders that would have become something else, the latest first."""
    page = page_of(_narrowed(_differences(shadow, scope), wanted), number)
    names = _names(page.rows)
    return Page([_row(one, names) for one in page.rows], page.number, page.has_next)


def reasons(shadow: Shadow, result_id: int, *, scope: Scope) -> Reasons | None:
    """Return why the two differ over an order, None when the scope holds no such result."""
    found = _differences(shadow, scope).filter(pk=result_id).first()
    if found is None:
        return None
    made = Assignment.objects.filter(order=found.order_id, assigned_at=found.at).first()
    live = found.live.get("trace") or (made.trace if made else None)
    draft = found.draft["trace"]
    return Reasons(
        row=_row(found, _names([found])),
        live=sentences(live, naming_of(live)) if live else [GONE],
        draft=sentences(draft, naming_of(draft)),
        assignment_id=made.pk if made else None,
    )


def _differences(shadow: Shadow, scope: Scope) -> QuerySet[ShadowResult]:
    rows = ShadowResult.objects.filter(shadow=shadow, is_same=False).order_by("-pk")
    return scope.limit(rows, "order__site").select_related("order__site")


def _narrowed(rows: QuerySet[ShadowResult], wanted: DifferenceFilter) -> QuerySet[ShadowResult]:
    if wanted.kind:
        rows = rows.filter(_KINDS[Kind(wanted.kind)])
    if wanted.modality:
        rows = rows.filter(order__modality=wanted.modality)
    if wanted.rule_id == 0:
        return rows.filter(live__result__rule__isnull=True)
    return rows.filter(live__result__rule=wanted.rule_id) if wanted.rule_id else rows


def _names(rows: Iterable[ShadowResult]) -> dict[str, str]:
    """Return the full names of everybody whom one of the two chose, in one read."""
    kept = [side["result"] for row in rows for side in (row.live, row.draft)]
    ids = {result["radiologist"] for result in kept if "radiologist" in result}
    return {person.pk: person.full_name for person in Radiologist.objects.filter(pk__in=ids)}


def _row(found: ShadowResult, names: Mapping[str, str]) -> DifferenceRow:
    return DifferenceRow(
        id=found.pk,
        order=found.order,
        at=found.at,
        is_again=not found.is_first,
        live=_side(found.live, found.draft, names),
        draft=_side(found.draft, found.live, names),
    )


def _side(own: Kept, other: Kept, names: Mapping[str, str]) -> Side:
    held, result = dict(own["rules"]), own["result"]
    there = {rule_id for rule_id, _ in other["rules"]}
    decided = result.get("rule")
    only = [name for rule_id, name in held.items() if rule_id not in there | {decided}]
    return Side(_words(result, other["result"], names), held.get(decided, ""), only)


def _words(result: Kept, other: Kept, names: Mapping[str, str]) -> str:
    """Return what became of it, and what else differs."""
    urgency = f"as {result['urgency']}" if result["urgency"] != other["urgency"] else ""
    is_new = bool(result.get("escalated")) and not other.get("escalated")
    escalated = "escalated" if is_new else ""
    return ", ".join(filter(None, (_becomes(result, names), urgency, escalated)))


def _becomes(result: Kept, names: Mapping[str, str]) -> str:
    if result["outcome"] == Outcome.ASSIGNED:
        id_, shift = result["radiologist"], result.get("shift")
        return f"{names.get(id_, id_)} {f'on {shift}' if shift else 'off shift'}"
    label = str(ReasonChoices(result["reason"]).label)
    text = result.get("reason_text", "")
    return f"{label}: {text}" if text else label
