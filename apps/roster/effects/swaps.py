"""Says what taking somebody's turn comes to, before it is taken."""

from __future__ import annotations

from datetime import datetime

from apps.audit.editing import Effect
from apps.roster.effects.clashes import clash_effects
from apps.roster.models import Radiologist, SwapRequest
from apps.roster.queries.clashes import clashes_of_change
from apps.roster.queries.swaps import override_of


def taking_effects(request: SwapRequest, taker: Radiologist, *, at: datetime) -> list[Effect]:
    """Return what does not go together if a person takes what is asked for; of them alone."""
    swap = override_of(request, taker)
    found = clashes_of_change(
        [], [swap], first_on=request.start_date, last_on=request.end_date, at=at
    )
    own = [clash for clash in found if clash.person.pk == taker.pk]
    return clash_effects(own) or [Effect("Nothing in your roster stands against it.")]
