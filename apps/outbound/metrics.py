"""What delivery counts for Prometheus; the queue's length is read from its rows at scrape."""

from __future__ import annotations

from prometheus_client import Counter

SENT = Counter(
    "hl7_emitter_messages_sent",
    "HL7 messages sent to a destination, by what came of the attempt",
    ["destination", "result"],
)


def count_sent(destination: str, result: str) -> None:
    """Count an attempt.

    Args:
        destination: its name.
        result: ``delivered`` (AA, CA), ``error`` (AE, CE), ``rejected`` (AR, CR), ``silent``,
            ``closed``, ``unreachable`` (nothing was sent) or ``unframable``.
    """
    SENT.labels(destination, result).inc()
