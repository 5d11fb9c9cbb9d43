"""The SLA policies, looked up by the most specific match."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, datetime, timedelta

from apps.rules.choices import ClockStart
from apps.rules.models import SlaPolicy


@dataclass(frozen=True, slots=True)
class DueTimes:
    """When an order must be acknowledged and reported; None where no policy sets a time."""

    acknowledge_at: datetime | None
    report_at: datetime | None


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

    def due_times(
        self,
        *,
        urgency: str,
        site_id: int | None,
        modality: str,
        starts: Mapping[str, datetime | None],
    ) -> DueTimes:
        """Return the due times of an order.

        Args:
            urgency: STAT, URGENT or ROUTINE.
            site_id: the order's site; None when unknown.
            modality: DICOM code; empty when unknown.
            starts: a moment for each ``ClockStart``; where the policy's own is missing, the
                receipt counts, so that an order without that time is not without a clock.
        """
        policy = self._find(urgency, site_id, modality)
        start = starts.get(policy.clock_start)
        if start is None or start.year == MAXYEAR:
            # 9999 is how senders say never; nothing can be added to it.
            start = starts[ClockStart.RECEIVED]
        return DueTimes(
            _after(start, policy.acknowledge_minutes), _after(start, policy.report_minutes)
        )

    def _find(self, urgency: str, site_id: int | None, modality: str) -> SlaPolicy:
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


def load_policies() -> PolicyBook:
    """Return every policy as the current transaction sees it."""
    rows = SlaPolicy.objects.all()
    return PolicyBook({(row.urgency, row.site_id, row.modality): row for row in rows})


def _after(start: datetime | None, minutes: int | None) -> datetime | None:
    return None if start is None or minutes is None else start + timedelta(minutes=minutes)
