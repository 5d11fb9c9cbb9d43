"""Understands a PID: which patient, under which authority; tells when it was another before."""

from __future__ import annotations

from typing import Any

from apps.assignment.desk import Case, Desk
from apps.core import request_id
from apps.hl7v2.people import PatientFacts
from apps.orders.models import Patient
from apps.orders.patients import PatientUpdate


def patient_update(facts: PatientFacts, issuer: str) -> PatientUpdate | None:
    """Return what a PID says of its patient, None where it names no number."""
    mrn = facts.mrn
    if mrn is None:
        return None
    return PatientUpdate(
        authority=(mrn.authority or issuer)[:120],
        mrn=mrn.value[:400],
        family_name=facts.family,
        given_name=" ".join(part for part in (facts.given, facts.middle) if part),
        birth_on=facts.birth_on,
        sex=facts.sex[:8],
    )


def changed_line(desk: Desk, case: Case, before: Patient) -> dict[str, Any]:
    """Return the audit line of an order that its sender has given to another patient."""
    return {
        "at": desk.at,
        "entity": "orders_order",
        "entity_id": str(case.order.pk),
        "action": "patient_changed",
        "old_values": {"patient": before.pk},
        "new_values": {"patient": case.order.patient_id},
        "actor": desk.actor,
        "request_id": request_id.current(),
    }
