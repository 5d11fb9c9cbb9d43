"""What an order group asks for: by its control code, and by its status where it tells of one."""

from __future__ import annotations

from apps.hl7v2.groups import Group
from apps.hl7v2.rawfacts import RawFacts
from apps.intake.choices import StatusMeaning
from apps.intake.models import SenderProfile
from apps.intake.processing.changes import (
    CONTROL_CODES,
    ENDED_RESULTS,
    RESULT_STATUSES,
    STATUS_EVENTS,
    Action,
)
from apps.orders.choices import OrderStatus


def asked(
    facts: RawFacts, group: Group, profile: SenderProfile, *, is_result: bool
) -> tuple[Action, OrderStatus | None]:
    """Return what a group asks for, and the status that a result or status event brings."""
    if is_result:
        return Action.RESULT, _result(facts, group, profile)
    if not facts.is_status_event:
        return CONTROL_CODES.get(facts.control_code, Action.NEW), None
    if CONTROL_CODES.get(facts.control_code) is Action.CANCEL:
        return Action.CANCEL, None
    status = STATUS_EVENTS.get(facts.order_status) or STATUS_EVENTS.get(facts.result_status)
    if facts.control_code != "SC" or status is None:
        return Action.NOTE, None
    if status is OrderStatus.CANCELLED:
        return Action.CANCEL, None
    if profile.status_meaning == StatusMeaning.EXAM:
        return Action.NOTE, None
    return Action.STATUS, status


def _result(facts: RawFacts, group: Group, profile: SenderProfile) -> OrderStatus | None:
    """Return what a result makes of the order: OBR-25, else ORC-5 where that speaks of reading.

    With a ZRA it may be our own notice, sent back with the order's ORC as it came.
    """
    speaks = profile.status_meaning != StatusMeaning.EXAM and group.first("ZRA") is None
    if facts.result_status or not speaks:
        return RESULT_STATUSES.get(facts.result_status)
    return ENDED_RESULTS.get(facts.order_status)
