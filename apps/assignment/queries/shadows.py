"""How far shadows agree with the live rules: from counts kept as it happened, never counted here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from django.db.models import Sum

from apps.assignment.models import ShadowTally
from apps.core import bulk
from apps.core.access import Scope
from apps.core.paging import Page, page_of
from apps.rules.choices import ShadowState
from apps.rules.models import Shadow
from apps.rules.queries.shadows import rule_names

_HUNDRED = Decimal(100)
_TENTH = Decimal("0.1")
_SUMMED = """
    SELECT grouping(on_date), grouping(modality), grouping(rule_id), on_date, modality, body_part,
           rule_id, sum(decided)::bigint, sum(agreed)::bigint, sum(again)::bigint,
           sum(failed)::bigint
    FROM assignment_shadowtally WHERE shadow_id = %s AND (%s OR site_id = ANY(%s::bigint[]))
    GROUP BY GROUPING SETS ((), (on_date), (modality, body_part), (rule_id))
"""


@dataclass(frozen=True, slots=True)
class Count:
    """How often a shadow was asked and agreed.

    ``decided`` and ``agreed`` count the first decision of each order, ``again`` the later ones
    that differed, ``failed`` how often the draft gave no answer.
    """

    decided: int = 0
    agreed: int = 0
    again: int = 0
    failed: int = 0

    @property
    def differed(self) -> int:
        """Return how many orders would have gone elsewhere."""
        return self.decided - self.agreed

    @property
    def percent(self) -> Decimal | None:
        """Return the share that agreed, rounded down so that 100 means all; None without any."""
        if not self.decided:
            return None
        share = self.agreed * _HUNDRED / self.decided
        return share.quantize(_TENTH, rounding=ROUND_FLOOR)


_NONE = Count()


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """A shadow in the list."""

    shadow: Shadow
    count: Count


@dataclass(frozen=True, slots=True)
class Line:
    """A part of what was counted; ``key`` is what a filter of the differences takes."""

    label: str
    count: Count
    key: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What one shadow came to so far: days in turn, the others with most differences first."""

    all: Count
    days: Sequence[tuple[date, Count]]
    works: Sequence[Line]
    rules: Sequence[Line]


def shadow_list(scope: Scope, number: int) -> Page[ShadowRow]:
    """Return a page of shadows, those that run first, then the latest; counted within a scope."""
    rows = Shadow.objects.select_related("draft").order_by("-state", "-started_at", "-pk")
    page = page_of(rows, number)
    counts = _counts([shadow.pk for shadow in page.rows], scope)
    found = [ShadowRow(shadow, counts.get(shadow.pk, _NONE)) for shadow in page.rows]
    return Page(found, page.number, page.has_next)


def summary(shadow: Shadow, scope: Scope) -> Summary:
    """Return what the shadow came to at the sites of a scope."""
    asked = [shadow.pk, scope.everywhere, sorted(scope.site_ids)]
    rows = [_Summed(*row) for row in bulk.select(_SUMMED, asked)]
    rule_ids = {row.rule_id for row in rows if not row.no_rule}
    names = rule_names(rule_ids, shadow.draft)
    return Summary(
        all=next((row.count for row in rows if row.is_total), _NONE),
        days=sorted((row.on_date, row.count) for row in rows if not row.no_day),
        works=_worst(Line(_work(row), row.count, row.modality) for row in rows if not row.no_work),
        rules=_worst(
            Line(_rule(row.rule_id, names), row.count, str(row.rule_id))
            for row in rows
            if not row.no_rule
        ),
    )


def is_running(shadow: Shadow) -> bool:
    """Return whether the shadow is asked still."""
    return shadow.state == ShadowState.RUNNING


class _Summed:
    """A row of ``_SUMMED``: what it is summed over, and the counts."""

    def __init__(self, *columns: Any) -> None:
        no_day, no_work, no_rule, self.on_date, self.modality, self.body_part, rule, *sums = (
            columns
        )
        self.no_day, self.no_work, self.no_rule = bool(no_day), bool(no_work), bool(no_rule)
        self.is_total = self.no_day and self.no_work and self.no_rule
        self.rule_id: int = rule or 0
        self.count = Count(*(int(one or 0) for one in sums))


def _counts(shadow_ids: Sequence[int], scope: Scope) -> dict[int, Count]:
    rows = scope.limit(ShadowTally.objects.filter(shadow__in=shadow_ids)).values("shadow")
    summed = rows.annotate(
        n=Sum("decided"), same=Sum("agreed"), later=Sum("again"), none=Sum("failed")
    )
    return {
        row["shadow"]: Count(row["n"], row["same"], row["later"], row["none"]) for row in summed
    }


def _worst(lines: Any) -> list[Line]:  # noqa: ANN401 -- any iterable of lines
    return sorted(lines, key=lambda line: (-line.count.differed, -line.count.decided, line.label))


def _work(row: _Summed) -> str:
    return f"{row.modality or 'modality unknown'} {row.body_part}".strip()


def _rule(rule_id: int, names: Mapping[int, str]) -> str:
    if not rule_id:
        return "No rule: the shifts decided"
    return names.get(rule_id) or f"Rule {rule_id}, since deleted"
