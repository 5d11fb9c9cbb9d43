"""Shadows and what they came to, for the pages that show them."""

from __future__ import annotations

from apps.assignment.models import ShadowResult
from apps.catalog.models import Site
from apps.rules.models import Shadow
from tests.factories import OrderFactory
from tests.factories.shadows import ShadowFactory
from tests.factories.times import NOON

_HELD = {"outcome": "held", "reason": "held", "urgency": "ROUTINE"}
_TRACE = {"at": NOON.isoformat(), "order": {"order_id": 1, "urgency": "ROUTINE"}}


def shadow_id() -> dict[str, object]:
    shadow: Shadow = ShadowFactory.create()
    return {"shadow_id": shadow.pk}


def difference_at(site: Site) -> dict[str, object]:
    """Return an order of the site that the draft would have held."""
    kept = {"result": _HELD, "rules": [], "trace": _TRACE | {"result": _HELD | {"rule": 1}}}
    found = ShadowResult.objects.create(
        shadow=ShadowFactory.create(),
        order=OrderFactory.create(site=site),
        at=NOON,
        is_same=False,
        live=kept,
        draft=kept,
    )
    return {"shadow_id": found.shadow_id, "result_id": found.pk}
