"""Understands a message with the catalogue's help; changes nothing.

Pure but for the catalogue it is given, so that a page can show what would be understood and a
parked order can be read again from its own segments.
"""

from __future__ import annotations

from collections.abc import Sequence

from apps.hl7v2.groups import MAX_GROUPS, split_groups
from apps.hl7v2.merges import MERGE_EVENTS
from apps.hl7v2.message import Message
from apps.hl7v2.people import read_patient
from apps.hl7v2.sender import names_of
from apps.intake.keys import issuer_for
from apps.intake.processing.catalogue import Catalogue
from apps.intake.processing.changes import OrderChange, Reading
from apps.intake.processing.groups import read_change
from apps.intake.processing.merging import read_merging
from apps.intake.processing.patients import patient_update
from apps.intake.processing.recognising import Sender

OUR_APPLICATION = "ASSIGNMENT_ENGINE"
OUR_FACILITY = "ENTERPRISE"
ORDER_TYPES = frozenset({"ORM", "OMI", "OMG"})
_ISSUER_CHARS = 200
_UPDATES = frozenset({"A04", "A08", "A01", "A05", "A31", "A28"})


def read_message(raw: bytes, *, catalogue: Catalogue) -> Reading:
    """Return what a stored message asks for.

    Raises:
        FieldError: the bytes have no usable MSH; intake has refused such a message already.
    """
    message, sender = open_message(raw, catalogue=catalogue)
    code, trigger = message.get("MSH-9.1").upper(), message.get("MSH-9.2").upper()
    if _is_our_own(sender):
        return Reading(note="our own message came back")
    if code == "ADT":
        return _read_patients(message, trigger, sender)
    if code in ORDER_TYPES or code == "ORU":
        return _read_orders(message, sender, catalogue, is_result=code == "ORU")
    return Reading(note="not used")


def open_message(raw: bytes, *, catalogue: Catalogue) -> tuple[Message, Sender]:
    """Return a message, decoded as its sender is known to write, and who sent it.

    Raises:
        FieldError: the bytes have no usable MSH.
    """
    message = Message(raw)
    sender = sender_of(message, catalogue)
    known = sender.profile.character_set
    if known and ("charset" in message.flags or not message.header.text(18)):
        message = Message(raw, fallback=known.encode("ascii"))
    return message, sender


def sender_of(message: Message, catalogue: Catalogue) -> Sender:
    """Return who sent a message, with the profile that reads it."""
    application, facility = names_of(message.header)
    found = catalogue.profile(application=application, facility=facility)
    issuer = issuer_for(
        profile_issuer=found.profile.issuer, facility=facility, application=application
    )
    return Sender(application, facility, issuer[:_ISSUER_CHARS], found)


def _is_our_own(sender: Sender) -> bool:
    """Return whether a peer sent back what we told it.

    ZRA does not tell: a RIS may copy it into the report of the study, which must free the seat.
    With a MSH of its own, our message has no result status and so asks for nothing.
    """
    return (sender.application, sender.facility) == (OUR_APPLICATION, OUR_FACILITY)


def _read_orders(
    message: Message, sender: Sender, catalogue: Catalogue, *, is_result: bool
) -> Reading:
    groups = split_groups(message)
    if len(groups) > MAX_GROUPS:
        return Reading(
            problem=f"{len(groups)} order groups in one message; at most {MAX_GROUPS} are taken"
        )
    changes = tuple(
        read_change(
            message,
            group,
            sender=sender,
            catalogue=catalogue,
            is_result=is_result,
        )
        for group in groups
    )
    if is_result:
        return _read_results(message, changes)
    return Reading(
        changes=() if (problem := _unnumbered(changes)) else changes,
        # The door took something for a number that is none (``~P1``): a person must look, for
        # the sender was told that the order is safe with us.
        problem=problem,
        flags=message.flags,
    )


def _read_results(message: Message, changes: Sequence[OrderChange]) -> Reading:
    """Return what the results with a number say; one without tells of no order."""
    numbered = tuple(change for change in changes if change.identities)
    flags = ("result_without_number",) if 0 < len(numbered) < len(changes) else ()
    note = "" if numbered else "no order with a number in it"
    return Reading(changes=numbered, note=note, flags=(*message.flags, *flags))


def _unnumbered(changes: Sequence[OrderChange]) -> str:
    """Return which order has no number: the message then has no effect at all."""
    missing = next((place for place, row in enumerate(changes, 1) if not row.identities), 0)
    if len(changes) > 1 and missing:
        return f"order group {missing} of {len(changes)} has no number in it"
    return "no order with a number in it" if missing or not changes else ""


def _read_patients(message: Message, trigger: str, sender: Sender) -> Reading:
    if trigger in MERGE_EVENTS:
        return read_merging(message, sender)
    if trigger not in _UPDATES:
        return Reading(note="not used")
    patient = patient_update(
        read_patient(message.first("PID"), sender.read_as.mapping), sender.issuer
    )
    return Reading(
        patients=(patient,) if patient else (),
        note="" if patient else "no patient in it",
        flags=tuple(message.flags),
    )
