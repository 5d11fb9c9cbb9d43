"""Who can be put on a turn from the roster's page."""

from __future__ import annotations

from django.db.models import QuerySet

from apps.core.access import Scope
from apps.roster.models import Radiologist
from apps.roster.queries.places import seen_people

MOST = 400
"""Beyond it nobody looks for a name among the others; the sheet of a turn finds them."""


def people_offered(scope: Scope) -> QuerySet[Radiologist]:
    """Return the active people of a scope, by family name."""
    return seen_people(scope).filter(is_active=True).order_by("family_name", "pk")[:MOST]
