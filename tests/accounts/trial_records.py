"""What-ifs for the tests of all pages."""

from __future__ import annotations

from datetime import timedelta

from apps.trials.models import WhatIf
from tests.factories.times import NOON


def whatif(*sites: int) -> WhatIf:
    """Return a what-if that waits to be played, made for these sites."""
    return WhatIf.objects.create(
        name="What if",
        since=NOON - timedelta(days=1),
        until=NOON,
        total=1,
        made_by="user:somebody",
        made_at=NOON,
        sites=list(sites),
    )
