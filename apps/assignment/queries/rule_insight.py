"""What the rules' pages ask about: past decisions, the latest orders, who is on shift."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from heapq import nsmallest
from typing import Any

from django.db.models import Count

from apps.assignment.models import Assignment
from apps.assignment.queries.latest_orders import example_of, latest_subjects
from apps.assignment.snapshot.cache import ConfigView, current_view
from apps.assignment.snapshot.versions import read_versions
from apps.engine.compiled import CompiledConfig
from apps.engine.conditions import Subject, compile_conditions
from apps.engine.fitness import fitness
from apps.engine.result import Snapshot
from apps.engine.words import refusal_words
from apps.rules.insight import Crew, Miss, Trial
from apps.rules.nearness import Failed, compile_misses

_SHOWN = 3
_IDLE: Mapping[str, Any] = {}


class RuleInsight:
    """The answers, each from the database as it is now."""

    def decided_since(self, since: datetime) -> Mapping[int, int]:
        """Return how many assignments each rule decided since then, by the rule's id."""
        rows = Assignment.objects.filter(rule_id__isnull=False, assigned_at__gte=since)
        counted = rows.order_by().values_list("rule_id").annotate(count=Count("*"))
        return {rule_id: count for rule_id, count in counted if rule_id is not None}

    def crew(self, shift_code: str, *, at: datetime) -> Crew:
        """Return who is on the shift."""
        running = _view().compiled.coverage_at(at).running.get(shift_code)
        return Crew(is_running=running is not None, people=len(running.people) if running else 0)

    def latest(self) -> Sequence[Subject]:
        """Return the latest orders as the rules saw them when they arrived, newest first."""
        return latest_subjects(_view())

    def compiled(self) -> CompiledConfig:
        """Return the configuration as the next decision reads it."""
        return _view().compiled

    def trial(
        self, conditions: Mapping[str, Any], *, at: datetime, radiologist_id: str = ""
    ) -> Trial:
        """Return what the conditions would have done with the latest orders.

        Raises:
            ValueError: the conditions cannot be evaluated.
        """
        view = _view()
        holds = compile_conditions(conditions, view.compiled.regions)
        subjects = latest_subjects(view)
        matched = [subject for subject in subjects if holds(subject)]
        return Trial(
            looked_at=len(subjects),
            matched=len(matched),
            refusals=_refusals(matched, view, radiologist_id, at) if radiologist_id else {},
            examples=tuple(example_of(subject) for subject in matched[:_SHOWN]),
            nearest=() if matched else _nearest(conditions, subjects, view),
        )


def _view() -> ConfigView:
    return current_view(read_versions())


def _nearest(
    conditions: Mapping[str, Any], subjects: Sequence[Subject], view: ConfigView
) -> tuple[Miss, ...]:
    """Return the orders that failed by the fewest conditions, of equals the newest."""
    misses = compile_misses(conditions, view.compiled.regions)
    judged = ((misses(subject), subject) for subject in subjects)
    nearest = nsmallest(_SHOWN, judged, key=_how_far)
    return tuple(Miss(example_of(subject), failed) for failed, subject in nearest)


def _how_far(judged: tuple[Failed, Subject]) -> int:
    return len(judged[0])


def _refusals(
    subjects: Sequence[Subject], view: ConfigView, radiologist_id: str, at: datetime
) -> Mapping[str, int]:
    """Count why the reader may not read the orders; a full one may, later."""
    snapshot = Snapshot(view.compiled, _IDLE)
    found = (
        fitness(
            subject.order,
            at,
            snapshot,
            radiologist_id,
            shift=None,
            count_capacity=False,
            asks_rules=False,  # which other rules stand before this one is told elsewhere
        )
        for subject in subjects
    )
    return Counter(refusal_words(one.code, one.params) for one in found if one is not None)
