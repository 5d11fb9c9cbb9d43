"""What the roster's pages of people ask of the studies that were read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from apps.assignment.models import Assignment


class PeopleInsight:
    """Answers from the assignments."""

    def rvu_read(
        self, people: Collection[str], since: datetime, until: datetime
    ) -> Mapping[str, Decimal]:
        """Return the RVU that people reported, by id; the start is included, the end not."""
        rows = Assignment.objects.filter(
            is_current=True, completed_at__gte=since, completed_at__lt=until
        )
        if not people:
            return {}
        summed = rows.filter(radiologist__in=people).values_list("radiologist")
        return dict(summed.order_by().annotate(read=Sum("rvu")).values_list("radiologist", "read"))
