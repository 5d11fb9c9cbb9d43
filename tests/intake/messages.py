"""Messages in the store, for the tests of their pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client

from apps.core import clock
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from tests.factories.intake import InboundMessageFactory

VENDOR = Path(settings.BASE_DIR, "fixtures/hl7/orm_vendor.hl7").read_bytes().replace(b"\n", b"\r")


def stored(**values: Any) -> InboundMessage:
    """Return a message that just came and took effect."""
    now = clock.now()
    done = {"state": InboundState.PROCESSED, "processed_at": now, "ack_code": "AA"}
    return InboundMessageFactory.create(**{"received_at": now, **done, **values})


def shown(client: Client, query: str = "") -> list[int]:
    part = client.get(f"/messages/?{query}").context["part"]
    return [row.message.pk for row in part.rows]


def set_aside(**values: Any) -> InboundMessage:
    return stored(state=InboundState.QUARANTINED, attempts=3, error="boom", **values)
