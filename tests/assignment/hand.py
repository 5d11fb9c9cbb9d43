"""What the tests of actions by hand share: one order as its pages see it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apps.assignment.models import Assignment
from apps.assignment.queries.states import study_state
from apps.assignment.study import StudyState
from apps.audit.models import AuditEvent
from apps.core import clock
from apps.orders.models import Order
from apps.outbound.models import OutboundMessage
from apps.roster.models import Workload

MANAGER = "user:manager"


def state(accession: str = "P1") -> StudyState:
    return study_state(Order.objects.get(accession=accession).pk)


def act(
    service: Callable[..., StudyState], seen: StudyState | None = None, **values: Any
) -> StudyState:
    """Do something to P1, or to the study as it was ``seen``, as the manager unless said."""
    seen = seen or state()
    asked = {"order_id": seen.order_id, "token": seen.token, "actor": MANAGER, "at": clock.now()}
    return service(**(asked | values))


def history(accession: str = "P1") -> list[tuple[str, str, str]]:
    """Return reader, strategy and how it ended, oldest first."""
    rows = Assignment.objects.filter(order__accession=accession).order_by("pk")
    return list(rows.values_list("radiologist_id", "strategy", "end_reason"))


def told() -> list[tuple[str, str, str]]:
    """Return kind, ZRA-2.1 and ZRA-4.1 of every message to destinations, in their order."""
    return [
        (row.kind, _zra(row, 2), _zra(row, 4)) for row in OutboundMessage.objects.order_by("pk")
    ]


def _zra(row: OutboundMessage, number: int) -> str:
    lines = bytes(row.payload).decode().split("\r")
    (line,) = (line for line in lines if line.startswith("ZRA|"))
    return line.split("|")[number].split("^")[0]


def lines(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(action=action).order_by("pk"))


def open_studies() -> dict[str, int]:
    return {row.pk: row.open_studies for row in Workload.objects.all()}


def loads_are_exact() -> bool:
    """Say whether every workload row equals what the current assignments say."""
    for row in Workload.objects.all():
        held = Assignment.objects.filter(
            radiologist_id=row.pk,
            is_current=True,
            state__in=["assigned", "acknowledged", "in_progress"],
        )
        counted = [held.filter(urgency=name).count() for name in ("STAT", "URGENT", "ROUTINE")]
        if [row.open_stat, row.open_urgent, row.open_routine] != counted:
            return False
        if row.open_rvu != sum(assignment.rvu for assignment in held):
            return False
    return True


NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
