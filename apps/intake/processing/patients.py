"""Understands a PID: which patient, under which authority."""

from __future__ import annotations

from apps.hl7v2.people import PatientFacts
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
