"""Queues messages and reads their rows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.core import clock
from apps.orders.models import Order
from apps.outbound.models import Destination, OutboundMessage
from apps.outbound.services.tell import wake_deliverers
from tests.factories import OrderFactory, OutboundMessageFactory
from tests.fakes.peer import wait_until

HEAD = "MSH|^~\\&|ASSIGNMENT_ENGINE|ENTERPRISE|PACS|Robina|20260204120531||ORU^R01"


def queue(
    destination: Destination, *control_ids: str, order: Order | None = None, **values: Any
) -> list[OutboundMessage]:
    """Queue messages, each of an order of its own unless one is given, and wake deliverers."""
    now = clock.now() - timedelta(seconds=1)
    rows = [
        OutboundMessageFactory.create(
            destination=destination,
            order=order or OrderFactory.create(),
            control_id=control_id,
            **({"created_at": now, "payload": payload_of(control_id)} | values),
        )
        for control_id in control_ids
    ]
    wake_deliverers()
    return rows


def payload_of(control_id: str) -> bytes:
    return f"{HEAD}|{control_id}|P|2.5.1\rPID|1||MRN1\r".encode()


def states(destination: Destination) -> dict[str, str]:
    """Return control id to state."""
    found = OutboundMessage.objects.filter(destination=destination).order_by("id")
    return dict(found.values_list("control_id", "state"))


def row(control_id: str) -> OutboundMessage:
    return OutboundMessage.objects.get(control_id=control_id)


def wait_for_states(destination: Destination, expected: dict[str, str]) -> None:
    wait_until(lambda: states(destination) == expected, 10, lambda: str(states(destination)))
