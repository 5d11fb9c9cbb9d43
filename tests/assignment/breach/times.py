"""What the tests of breaches share: what was noted, and time that passes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import time_machine
from prometheus_client import REGISTRY

from apps.audit.models import AuditEvent
from apps.orders.models import Order
from tests.support.department import (
    settle,
)

NOON = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


MINUTE = timedelta(minutes=1)


CaptureOnCommit = Callable[..., AbstractContextManager[object]]


ON_THE_WIRE = timedelta(milliseconds=1)
"""Messages were received that long before they are sent; see the department."""


def breached() -> dict[str, datetime]:
    rows = Order.objects.exclude(breached_at=None)
    return {row.accession: row.breached_at for row in rows if row.breached_at}


def steps(accession: str = "P1") -> list[tuple[int, str, str]]:
    """Return number, action and result of every step that was taken, in turn."""
    lines = AuditEvent.objects.filter(action="sla_step").order_by("id")
    return [
        (line.new_values["step"], line.new_values["action"], line.new_values["result"])
        for line in lines
        if line.new_values["accession"] == accession
    ]


def times_counted() -> float:
    labels = {"shift": "MRI_MSK", "modality": "MR"}
    return REGISTRY.get_sample_value("assignment_engine_sla_breaches_total", labels) or 0.0


def flags(accession: str = "P1") -> list[str]:
    return Order.objects.get(accession=accession).flags


def wait(clock: time_machine.Traveller, minutes: float) -> None:
    clock.shift(timedelta(minutes=minutes))
    settle()
