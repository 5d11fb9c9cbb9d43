"""People as other pages name them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from apps.core.access import Scope
from apps.roster.choices import PresenceChoices
from apps.roster.models import Radiologist


@dataclass(frozen=True, slots=True)
class Person:
    """An active radiologist; ``is_seen`` says whether the viewer may open their page."""

    id: str
    name: str
    presence: PresenceChoices
    is_seen: bool


def active_people(ids: Collection[str], scope: Scope) -> Mapping[str, Person]:
    """Return those of the people who are active, by id, in one read."""
    if not ids:
        return {}
    rows = Radiologist.objects.filter(pk__in=ids, is_active=True).select_related("workload")
    return {
        row.pk: Person(
            row.pk,
            row.full_name,
            PresenceChoices(row.workload.presence),
            scope.sees([home.site_id for home in row.home_sites.all()]),
        )
        for row in rows.prefetch_related("home_sites")
    }
