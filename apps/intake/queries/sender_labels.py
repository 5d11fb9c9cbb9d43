"""What the facts are called that are read of an order, and how the pages order them."""

from __future__ import annotations

from collections.abc import Mapping

from apps.hl7v2.places import OWN

OWN_GROUP = "Fields of its own"
"""What the fields are called together that a profile adds."""
GROUPS: Mapping[str, Mapping[str, str]] = {
    "The study": {
        "site": "Site",
        "modality": "Modality",
        "body_part": "Body part",
        "urgency": "Urgency",
        "procedure_code": "Procedure code",
        "procedure_text": "Procedure text",
        "procedure_system": "Coding system",
        "indication": "Indication",
    },
    "Its numbers": {
        "accession": "Accession",
        "placer": "Placer order number",
        "filler": "Filler order number",
        "study_uid": "Study instance UID",
    },
    "What is asked": {
        "control_code": "Control code",
        "order_status": "Order status",
        "result_status": "Result status",
    },
    "When": {
        "exam_at": "Exam",
        "scheduled_at": "Scheduled",
        "ordered_at": "Ordered",
        "sent_at": "Sent",
    },
    "Who": {
        "patient_id": "Patient number",
        "patient_name": "Patient name",
        "birth_date": "Birth date",
        "sex": "Sex",
        "patient_class": "Patient class",
        "patient_location": "Patient location",
        "visit_number": "Visit number",
        "ordering_provider": "Ordering provider",
        "provider_contact": "Provider contact",
    },
}
"""Every fact that is read, by what it is about, as the page lists them."""
LABELS: Mapping[str, str] = {
    fact: label for group in GROUPS.values() for fact, label in group.items()
}


def label_of(fact: str) -> str:
    """Return what a fact is called; of a field of the sender's own its name in words."""
    own = fact.removeprefix(OWN).replace("_", " ").capitalize()
    return LABELS.get(fact, own)
