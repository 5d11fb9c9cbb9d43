"""What a decision says to the outside, before it is a message for anybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.outbound.choices import OutboundKind


@dataclass(frozen=True, slots=True)
class Reader:
    """A radiologist, as ZRA-2 names one."""

    id: str
    family: str
    given: str
    title: str = "DR"


@dataclass(frozen=True, slots=True)
class Notice:
    """One decision about one order.

    ``header`` and ``group`` are the order's segments as they came (``orders.OrderSegments``).
    ``application`` and ``facility`` are its sender's MSH-3.1 and MSH-4.1; with ``site_id`` they
    choose the destinations. ``reader`` None (unassigned, cancelled) clears ZRA-2, and ``reason``
    then stands in ZRA-4 in place of ``strategy``. ``shift_code`` is empty for a reader who is
    not on a shift. ``at`` is the moment of the decision, aware.

    ``before`` is whom destinations last heard of as the reader, None for nobody. With
    ``only_if_asked`` the order never had one: those destinations hear of it that ask for it.
    """

    order_id: int
    assignment_id: int | None
    kind: OutboundKind
    header: bytes
    group: bytes
    application: str
    facility: str
    site_id: int | None
    at: datetime
    reader: Reader | None = None
    shift_code: str = ""
    shift_name: str = ""
    strategy: str = ""
    reason: str = ""
    before: Reader | None = None
    only_if_asked: bool = False
