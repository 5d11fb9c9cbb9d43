"""What the listener hands to the store, and what the store says of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Receipt(NamedTuple):
    """One received message as a row of ``intake_inboundmessage``.

    ``key`` makes a resend a resend; None stores the message without one, so that it is tried
    anew. ``ack`` holds the answers one after another, without framing; None where the sender
    wants none. ``flags`` are what was noticed of it before it is understood.
    """

    key: bytes | None
    arrival_seq: int
    received_at: datetime
    sender: str
    peer: str
    control_id: str
    digest: bytes
    message_type: str
    order_control: str
    order_keys: tuple[str, ...]
    is_urgent: bool
    raw: bytes
    state: str
    ack: bytes | None
    ack_code: str
    error: str
    flags: tuple[str, ...] = ()


class Written(NamedTuple):
    """A message that is on disk, with the answer that stands beside it.

    For a resend that is the first one's answer, not the one that was just prepared.
    """

    ack: bytes | None
    ack_code: str


class Failure(StrEnum):
    """Why a message got no row: surely not stored, or nobody knows."""

    NOT_NOW = "not_now"
    UNKNOWN = "unknown"


Result = Written | Failure
