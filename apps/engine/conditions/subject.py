"""What a condition looks at: an order at a moment, with what follows from its site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from apps.engine.codes import Urgency
from apps.engine.facts import OrderFacts, SiteFacts
from apps.engine.vocabulary import specialty_for

_MINUTE = timedelta(minutes=1)
_NO_HOLIDAYS: Mapping[str, frozenset[date]] = {}


class Subject:
    """The order as rules see it; ``urgency`` follows the SET_PRIORITY rules met so far.

    Local values (date, weekday, time of day, holiday, the patient's age) are those of the
    site's zone, and unknown where the site is.
    """

    __slots__ = ("_local", "at", "holidays", "order", "site", "subspecialty", "urgency")

    def __init__(
        self,
        order: OrderFacts,
        at: datetime,
        site: SiteFacts | None = None,
        holidays: Mapping[str, frozenset[date]] = _NO_HOLIDAYS,
    ) -> None:
        self.order = order
        self.at = at
        self.site = site
        self.holidays = holidays
        self.urgency: Urgency = order.urgency
        self.subspecialty = order.subspecialty or specialty_for(order.modality, order.body_part)
        self._local: datetime | None = None

    @property
    def local(self) -> datetime | None:
        """Return the moment on the site's wall clock."""
        if self._local is None and self.site is not None:
            self._local = self.at.astimezone(ZoneInfo(self.site.zone))
        return self._local

    @property
    def cluster(self) -> str:
        """Return the cluster of the order's site, empty where unknown."""
        return self.site.cluster if self.site else ""

    @property
    def minute_of_day(self) -> int | None:
        """Return the minutes since local midnight on the wall clock."""
        local = self.local
        return None if local is None else local.hour * 60 + local.minute

    @property
    def weekday(self) -> int | None:
        """Return the local ISO weekday, 1 for Monday."""
        local = self.local
        return None if local is None else local.isoweekday()

    @property
    def local_date(self) -> date | None:
        """Return the date on the site's wall clock."""
        local = self.local
        return None if local is None else local.date()

    @property
    def is_holiday(self) -> bool | None:
        """Say whether today is a holiday of the site or of its cluster."""
        local = self.local
        if local is None or self.site is None:
            return None
        keys = (self.site.code, self.site.cluster)
        return any(local.date() in self.holidays.get(key, ()) for key in keys)

    @property
    def patient_age(self) -> int | None:
        """Return the patient's completed years on the local date."""
        born, local = self.order.patient_birth_on, self.local
        if born is None or local is None:
            return None
        had_birthday = (local.month, local.day) >= (born.month, born.day)
        return local.year - born.year - (not had_birthday)

    @property
    def age_minutes(self) -> int:
        """Return the completed minutes since the order was received."""
        return (self.at - self.order.received_at) // _MINUTE
