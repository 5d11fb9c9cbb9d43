"""May it be done with this message? Each question as a pair: ``check_…`` raises, ``can_…`` asks."""

from __future__ import annotations

from apps.core.access import EVERYWHERE, Access, Permission, Scope
from apps.intake.exceptions import NotCopyableError
from apps.intake.models import InboundMessage

EDITED_BYTES = 256 * 1024
"""Longer messages are not edited on a page."""
EDITED_LINES = 1000


def check_can_copy(message: InboundMessage) -> None:
    """Raise unless a copy of the message can be edited.

    Raises:
        NotCopyableError: it is too long for a page, or there is nothing in it.
    """
    raw = bytes(message.raw)
    size = len(raw)
    if not size:
        raise NotCopyableError("there is nothing in it")
    if size > EDITED_BYTES:
        raise NotCopyableError(f"it is longer than {EDITED_BYTES // 1024} KB")
    if raw.count(b"\r") + raw.count(b"\n") > EDITED_LINES:
        raise NotCopyableError(f"it has more than {EDITED_LINES} lines")


def can_copy(message: InboundMessage) -> bool:
    """Return whether a copy of the message can be edited."""
    try:
        check_can_copy(message)
    except NotCopyableError:
        return False
    return True


def copy_scope(access: Access) -> Scope:
    """Return where somebody may edit copies: where they may both open messages and run them."""
    return _both(access.scope(Permission.MESSAGE_OPEN), access.scope(Permission.MESSAGE_RUN))


def patient_scope(access: Access) -> Scope:
    """Return where somebody may look for a patient's messages.

    They have to know patients by name there, or may read what messages say of them.
    """
    knows = _either(access.scope(Permission.PATIENT_VIEW), access.scope(Permission.MESSAGE_OPEN))
    return _both(access.scope(Permission.MESSAGE_VIEW), knows)


def _both(one: Scope, other: Scope) -> Scope:
    if one.everywhere or other.everywhere:
        return other if one.everywhere else one
    return Scope(site_ids=one.site_ids & other.site_ids)


def _either(one: Scope, other: Scope) -> Scope:
    if one.everywhere or other.everywhere:
        return EVERYWHERE
    return Scope(site_ids=one.site_ids | other.site_ids)
