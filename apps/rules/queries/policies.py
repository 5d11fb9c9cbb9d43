"""SLA policies: how soon a study must be acknowledged and reported, and what follows if not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When

from apps.audit.editing import Effect
from apps.audit.queries.history import FieldChange, HistoryRow, Subject, history
from apps.catalog.choices import UrgencyChoices
from apps.core.access import Scope
from apps.rules.models import SlaPolicy
from apps.rules.steps import Step


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy, and whether the viewer may change it."""

    policy: SlaPolicy
    urgency: UrgencyChoices
    may_change: bool


def policies(*, scope: Scope) -> QuerySet[SlaPolicy]:
    """Return the policies of the scope's sites and those of every site, STAT first."""
    rank = Case(
        *(
            When(urgency=urgency, then=Value(place))
            for place, urgency in enumerate(UrgencyChoices)
        ),
        output_field=IntegerField(),
    )
    rows = scope.limit_placed(SlaPolicy.objects.select_related("site"), "site")
    return rows.order_by(rank, F("site__code").asc(nulls_first=True), "modality", "pk")


def changeable(rows: Sequence[SlaPolicy], *, scope: Scope) -> list[PolicyRow]:
    """Return the policies, each with whether who has the scope may change it."""
    return [
        PolicyRow(policy, UrgencyChoices(policy.urgency), scope.covers(policy.site_id))
        for policy in rows
    ]


def subject_of(policy: SlaPolicy) -> Subject:
    """Return whose history the policy's page shows."""
    return Subject("rules_slapolicy", str(policy.pk))


def told(policy: SlaPolicy) -> list[HistoryRow]:
    """Return the policy's history, its steps in words too."""
    return [
        replace(row, changes=[_worded(change) for change in row.changes])
        for row in history(subject_of(policy))
    ]


def effects(policy: SlaPolicy) -> list[Effect]:
    """Return what would follow from saving the policy."""
    found = [Effect("Counts for orders that arrive, or change their urgency, from now on.")]
    if not policy.escalation_steps:
        found.append(Effect("No steps named: those that always hold are taken."))
    if policy.report_minutes is None:
        found.append(Effect("No limit for the report: these studies are never overdue.", "warn"))
    ack, report = policy.acknowledge_minutes, policy.report_minutes
    if ack is not None and report is not None and ack > report:
        found.append(Effect("It must be acknowledged only after its report is due.", "warn"))
    return found


def next_best(policy: SlaPolicy) -> str:
    """Return what holds for the policy's studies without it. Source: spec 5."""
    wider = Q(pk__in=[])
    if policy.site_id and policy.modality:
        wider |= Q(site=policy.site_id, modality="")
    if policy.site_id:
        wider |= Q(site=None, modality=policy.modality)
    wider |= Q(site=None, modality="")
    rows = SlaPolicy.objects.select_related("site").filter(wider, urgency=policy.urgency)
    found = max(rows.exclude(pk=policy.pk), key=_closeness, default=None)
    return f"the policy {found}" if found else f"the default for {policy.get_urgency_display()}"


def _closeness(policy: SlaPolicy) -> tuple[bool, bool]:
    return policy.site_id is not None, bool(policy.modality)


def _worded(change: FieldChange) -> FieldChange:
    if change.column != "escalation_steps":
        return change
    return replace(change, old=_steps(change.old), new=_steps(change.new))


def _steps(stored: str) -> str:
    """Return steps in words; the trail tells them as JSON, and none as nothing."""
    steps = json.loads(stored) if stored else []
    said = [str(Step(step)) for step in steps if isinstance(step, dict)]
    return ", ".join(said) or "the default"
