"""What waits on the lists that a reader shares with others, and that they may take now.

Nobody sees a list that they are not on, whatever their shifts read. The patient is not read: whose
study it becomes is not settled yet.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

from django.db.models import F

from apps.assignment.choices import ReasonChoices
from apps.assignment.models import Unassigned
from apps.assignment.queries.shift_work import (
    LOOKED_AT,
    SHOWN,
    Lately,
    Match,
    ShiftWork,
    queue,
    taker_of,
)
from apps.assignment.snapshot.cache import ConfigView
from apps.core.access import Scope
from apps.engine.codes import ActionType
from apps.engine.shared import SharedList
from apps.roster.models import Radiologist


def shared_work(
    reader: Radiologist,
    lately: Lately,
    *,
    view: ConfigView,
    scope: Scope,
    at: datetime,
    zone: tzinfo,
) -> ShiftWork:
    """Return what the reader may take from shared lists, most urgent first, then soonest due.

    Args:
        reader: with their workload.
        lately: what they were given in the last hour.
        view: the configuration.
        scope: the sites at which they may read.
        at: the moment.
        zone: of the words that say when a report is due.
    """
    lists = _lists_of(reader.pk, view, at)
    if not lists:
        return ShiftWork((), 0)
    match = Match(taker_of(reader, lately, view, at), view, zone)
    found = [row for one in _waiting(lists, scope) if (row := match.row(one)) is not None]
    rows = [row for row in found if not row.refusal]
    return ShiftWork(rows[:SHOWN], max(len(rows) - SHOWN, 0))


def _lists_of(radiologist_id: str, view: ConfigView, at: datetime) -> list[int]:
    """Return the ids of the rules whose list the reader shares at the moment."""
    coverage = view.compiled.coverage_at(at)
    return [
        rule.facts.id
        for rule in view.compiled.rules.rules
        if rule.facts.action is ActionType.ASSIGN_TO_WORKLIST
        and SharedList(rule.facts.id, rule.facts.name, rule.target.named).has(
            radiologist_id, coverage
        )
    ]


def _waiting(lists: list[int], scope: Scope) -> list[Unassigned]:
    rows = queue(scope).filter(reason=ReasonChoices.WORKLIST, trace__result__rule__in=lists)
    soonest = F("order__report_due_at").asc(nulls_last=True)
    return list(rows.order_by("urgency_rank", soonest, "since")[:LOOKED_AT])
