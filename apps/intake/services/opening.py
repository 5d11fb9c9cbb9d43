"""Opening a message: what it says of people is shown only after the trail says to whom."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.intake.models import InboundMessage
from apps.orders.models import PatientMerge
from apps.outbound.models import OutboundMessage


@transaction.atomic
def note_opening(
    message: InboundMessage | OutboundMessage | PatientMerge, *, at: datetime
) -> None:
    """Leave the audit line of somebody who looks at a message's or merge's patient data.

    Whatever goes wrong here is raised, so that nothing is shown that nobody knows of.
    """
    AuditEvent.objects.create(
        at=at,
        entity=message._meta.db_table,  # noqa: SLF001 -- Django's public name for it
        entity_id=str(message.pk),
        action="open",
        actor=str(actor.current() or actor.Actor.system("intake")),
        request_id=request_id.current(),
    )
