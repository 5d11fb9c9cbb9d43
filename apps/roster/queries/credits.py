"""Other work that was logged: whose, when, and what of it is logged twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.engine.duty import Span, clipped, joined
from apps.roster.models import Radiologist, WorkCredit
from apps.roster.queries.radiologists import changeable


def credits_of(person: Radiologist) -> QuerySet[WorkCredit]:
    """Return all that somebody logged, the latest first."""
    return WorkCredit.objects.filter(radiologist=person).order_by("-start_at", "-pk")


def own_credits(person: Radiologist, *, since: datetime) -> QuerySet[WorkCredit]:
    """Return what somebody may still change themselves: what began since a moment."""
    return credits_of(person).filter(start_at__gte=since)


def credits_changeable(scope: Scope) -> QuerySet[WorkCredit]:
    """Return the other work of everybody whom the viewer may change."""
    return WorkCredit.objects.filter(radiologist__in=changeable(scope))


def subject_of(credit: WorkCredit) -> Subject:
    """Return whose history the page of one shows."""
    return Subject("roster_workcredit", str(credit.pk))


def logged_already(credit: WorkCredit) -> timedelta:
    """Return how much of it others cover: time counts once."""
    others = credits_of(credit.radiologist).exclude(pk=credit.pk)
    touching = others.filter(start_at__lt=credit.end_at, end_at__gt=credit.start_at)
    spans = joined(Span(one.start_at, one.end_at) for one in touching)
    return length(clipped(spans, credit.start_at, credit.end_at))


def length(spans: Iterable[Span]) -> timedelta:
    """Return how long spans last together."""
    return sum((span.end_at - span.start_at for span in spans), timedelta())
