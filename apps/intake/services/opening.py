"""Opening a message, finding a patient: shown only after the trail says to whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model

from apps.audit.models import AuditEvent
from apps.core import actor, request_id
from apps.intake.models import InboundMessage
from apps.orders.models import Patient, PatientMerge
from apps.outbound.models import OutboundMessage


@transaction.atomic
def note_opening(
    message: InboundMessage | OutboundMessage | PatientMerge, *, at: datetime
) -> None:
    """Leave the audit line of somebody who looks at a message's or merge's patient data.

    Whatever goes wrong here is raised, so that nothing is shown that nobody knows of.
    """
    AuditEvent.objects.create(**_line(message, str(message.pk), "open", at))


@transaction.atomic
def note_finding(patients: Collection[int], *, at: datetime) -> None:
    """Leave the audit lines of somebody who looks for a patient by number, before anything shows.

    Args:
        patients: the keys of those found, one line each; of none there is one without a key. The
            number itself is never kept: it is a patient's.
        at: when they look.
    """
    keys = [str(key) for key in sorted(patients)] or [""]
    AuditEvent.objects.bulk_create(AuditEvent(**_line(Patient, key, "find", at)) for key in keys)


def _line(record: Model | type[Model], key: str, action: str, at: datetime) -> dict[str, Any]:
    return {
        "at": at,
        "entity": record._meta.db_table,  # noqa: SLF001 -- Django's public name for it
        "entity_id": key,
        "action": action,
        "actor": str(actor.current() or actor.Actor.system("intake")),
        "request_id": request_id.current(),
    }
