"""Rosters from elsewhere: which there are, how they fare, and the names that were confirmed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet

from apps.audit.queries.history import Subject
from apps.core.access import Scope
from apps.roster.choices import SourceKind
from apps.roster.models import RosterName, RosterSource, RosterSourceState


@dataclass(frozen=True, slots=True)
class FailingSource:
    """A feed that could not be read; what was good last counts until it can."""

    id: int
    name: str
    error: str
    good_at: datetime | None
    tried_at: datetime | None


class SourceNews(NamedTuple):
    """The feeds that failed, and the sources whose changes wait for a look; each by name."""

    failing: Sequence[FailingSource]
    waiting: Sequence[RosterSource]


def seen_sources(scope: Scope) -> QuerySet[RosterSource]:
    """Return the sources of the scope's sites, by name; those of no site only to everywhere."""
    return scope.limit(RosterSource.objects.all(), "site").order_by("name")


def listed_sources(scope: Scope) -> QuerySet[RosterSource]:
    """Return the sources with how they fare; what they hold is not read."""
    rows = seen_sources(scope).select_related("site", "state")
    heavy = ("state__content", "state__events")
    return rows.defer(*heavy).annotate(name_count=Count("names"))


def failing_sources(scope: Scope) -> Sequence[FailingSource]:
    """Return the feeds that failed when they were read last, by name."""
    return news_of_sources(scope).failing


def waiting_sources(scope: Scope) -> Sequence[RosterSource]:
    """Return the sources whose changes wait until a person has looked, by name."""
    return news_of_sources(scope).waiting


def news_of_sources(scope: Scope) -> SourceNews:
    """Return the sources that somebody has to look at, in one query."""
    rows = seen_sources(scope).filter(is_enabled=True, state__isnull=False)
    rows = rows.filter(~Q(state__error="") | Q(state__found__waits=True)).select_related("state")
    shown = ("error", "good_at", "tried_at", "found")
    failing, waiting = [], []
    for source in rows.only("name", *(f"state__{name}" for name in shown)):
        state = source.state
        if state.error:
            said = (state.error, state.good_at, state.tried_at)
            failing.append(FailingSource(source.pk, source.name, *said))
        if state.found.get("waits") is True:
            waiting.append(source)
    return SourceNews(failing, waiting)


def state_of(source: RosterSource) -> RosterSourceState:
    """Return how a source fares; one that was never read fares not at all."""
    found = RosterSourceState.objects.filter(pk=source.pk).first()
    return found or RosterSourceState(source=source)


def progress_of(source: RosterSource) -> RosterSourceState:
    """Return how a source fares without what it holds, as a page asks each second."""
    rows = RosterSourceState.objects.defer("content", "events")
    return rows.filter(pk=source.pk).first() or RosterSourceState(source=source)


def names_of(source: RosterSource) -> QuerySet[RosterName]:
    """Return the names that were confirmed for a source."""
    return source.names.select_related("radiologist", "shift").order_by("kind", "text", "pk")


def due_since(at: datetime) -> datetime | None:
    """Return since when the feed waits that is longest due, None where none is due."""
    rows = RosterSourceState.objects.filter(
        due_at__lte=at, source__is_enabled=True, source__kind=SourceKind.ICAL
    )
    waits = rows.order_by("due_at").values_list("due_at", flat=True).first()
    return waits or (at if never_read().exists() else None)


def never_read() -> QuerySet[RosterSource]:
    """Return the feeds that nobody asked for yet: such as came with a fixture."""
    return RosterSource.objects.filter(kind=SourceKind.ICAL, is_enabled=True, state=None)


def subject_of(source: RosterSource) -> Subject:
    """Return whose history the source's page shows."""
    return Subject("roster_rostersource", str(source.pk))
