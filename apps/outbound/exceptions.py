"""What can go wrong between us and a destination."""

from __future__ import annotations


class OutboundError(Exception):
    """Something about an outbound message that a person can be told."""


class MessageStateError(OutboundError):
    """The message is in a state in which this cannot be done with it."""

    def __init__(self, message_id: int, state: str, wanted: str) -> None:
        self.message_id = message_id
        self.state = state
        super().__init__(f"message {message_id} is {state}: it cannot be {wanted}")


class DeliveryError(OutboundError):
    """One attempt to send failed without an answer; ``retryable`` decides retry or dead letter.

    ``result`` is the word for metrics and logs; no text of a message is ever part of it.
    """

    result = "failed"
    retryable = True


class UnreachableError(DeliveryError):
    """No connection came about; nothing was sent."""

    result = "unreachable"


class SilentError(DeliveryError):
    """The message went out and no answer to it came in time."""

    result = "silent"


class ClosedError(DeliveryError):
    """The peer closed the connection while its answer was awaited."""

    result = "closed"


class UnframableError(DeliveryError):
    """The payload holds MLLP framing bytes: it would arrive as something else, however often."""

    result = "unframable"
    retryable = False
