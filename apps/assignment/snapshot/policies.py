"""The SLA policies, looked up by the most specific match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, datetime

from apps.orders.models import Order
from apps.rules.choices import ClockStart
from apps.rules.models import SlaPolicy
from apps.rules.tiers import Tier

DEFAULTS: Mapping[str, SlaPolicy] = {
    "STAT": SlaPolicy(urgency="STAT", acknowledge_minutes=5, report_minutes=60),
    "URGENT": SlaPolicy(urgency="URGENT", acknowledge_minutes=15, report_minutes=240),
    "ROUTINE": SlaPolicy(urgency="ROUTINE", acknowledge_minutes=None, report_minutes=1440),
}
"""What holds where a site has no policy of its own. Source: spec 5."""


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Policies by urgency, site (None: every site) and modality ('': every modality).

    Where none of them fits, ``DEFAULTS`` hold.
    """

    policies: Mapping[tuple[str, int | None, str], SlaPolicy]

    def policy_of(self, order: Order) -> SlaPolicy:
        """Return the policy that holds for the order, as it now is."""
        urgency, site_id, modality = order.urgency, order.site_id, order.modality
        for key in (
            (urgency, site_id, modality),
            (urgency, site_id, ""),
            (urgency, None, modality),
            (urgency, None, ""),
        ):
            policy = self.policies.get(key)
            if policy is not None:
                return policy
        return DEFAULTS[urgency]

    def tiers_of(self, order: Order) -> tuple[Tier, ...]:
        """Return what is done after the order's breach, in the order in which it happens."""
        return self.policy_of(order).tiers


def load_policies() -> PolicyBook:
    """Return every policy as the current transaction sees it."""
    rows = SlaPolicy.objects.all()
    return PolicyBook({(row.urgency, row.site_id, row.modality): row for row in rows})


def start_of(order: Order, event: str) -> datetime:
    """Return the moment of a ``ClockStart`` for an order.

    Where the message that would tell it lacks it the receipt counts, so that no order is without
    a clock.
    """
    moments = {ClockStart.ORDERED: order.ordered_at, ClockStart.EXAM: order.exam_at}
    start = moments.get(ClockStart(event)) if event in ClockStart.values else None
    if start is None or start.year == MAXYEAR:
        # 9999 is how senders say never; nothing can be added to it.
        return order.received_at
    return start
