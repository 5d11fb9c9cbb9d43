"""Received messages, what makes a resend a resend, who sends how, and codes nobody knows."""

from __future__ import annotations

from apps.intake.models.codes import SetAsideCode, UnknownCode
from apps.intake.models.messages import BatchMarker, InboundMessage, MessageKey
from apps.intake.models.senders import SenderContact, SenderProfile, SenderProfileVersion

__all__ = [
    "BatchMarker",
    "InboundMessage",
    "MessageKey",
    "SenderContact",
    "SenderProfile",
    "SenderProfileVersion",
    "SetAsideCode",
    "UnknownCode",
]
