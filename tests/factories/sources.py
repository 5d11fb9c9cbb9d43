from __future__ import annotations

from datetime import UTC, datetime

import factory

from apps.roster.choices import SourceKind
from apps.roster.models import RosterSource

MORNING = datetime(2026, 2, 2, 22, 0, tzinfo=UTC)
"""Tuesday 3 February 2026, 08:00 in Brisbane."""


class RosterSourceFactory(factory.django.DjangoModelFactory[RosterSource]):
    class Meta:
        model = RosterSource

    name = factory.Sequence(lambda n: f"Roster {n}")
    kind = SourceKind.FILE
    time_zone = "Australia/Brisbane"


class FeedFactory(RosterSourceFactory):
    name = factory.Sequence(lambda n: f"Feed {n}")
    kind = SourceKind.ICAL
    url = "https://calendar.example/roster.ics"
