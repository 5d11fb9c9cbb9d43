"""What may be done with an outbound message, asked the same way by pages and services."""

from __future__ import annotations

from apps.outbound.choices import OutboundState
from apps.outbound.exceptions import MessageStateError
from apps.outbound.models import OutboundMessage

_RESENDABLE = frozenset({OutboundState.DEAD, OutboundState.DELIVERED, OutboundState.CANCELLED})
_WITHDRAWABLE = frozenset({OutboundState.QUEUED, OutboundState.DEAD})


def can_resend(message: OutboundMessage) -> bool:
    """Return whether the message can be sent again; one that is queued goes anyway."""
    return message.state in _RESENDABLE


def can_withdraw(message: OutboundMessage) -> bool:
    """Return whether the message can still be kept from going out."""
    return message.state in _WITHDRAWABLE


def check_can_resend(message: OutboundMessage) -> None:
    """Raise MessageStateError unless the message can be sent again."""
    if not can_resend(message):
        raise MessageStateError(message.pk, message.state, "sent again")


def check_can_withdraw(message: OutboundMessage) -> None:
    """Raise MessageStateError unless the message can still be kept from going out."""
    if not can_withdraw(message):
        raise MessageStateError(message.pk, message.state, "withdrawn")
