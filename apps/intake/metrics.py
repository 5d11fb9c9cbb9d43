"""What the MLLP listener counts; true over all listeners of a machine."""

from __future__ import annotations

import os
from pathlib import Path

from prometheus_client import Counter, Gauge

MESSAGES_RECEIVED = Counter(
    "hl7_listener_messages_received_total",
    "Complete HL7 messages by answer (MSA-1); none: not to be answered, closed: the connection "
    "was closed because it is unknown whether the commit arrived.",
    ["answer"],
)
CONNECTIONS = Gauge(
    "hl7_listener_connections",
    "MLLP connections open now.",
    multiprocess_mode="livesum",
)
FRAME_FAULTS = Counter(
    "hl7_listener_frame_faults_total",
    "Blocks that never became a message: cut, oversize, late; and connections closed for it: "
    "garbage, stalled.",
    ["kind"],
)
NOISE_BYTES = Counter(
    "hl7_listener_noise_bytes_total",
    "Bytes between MLLP blocks, skipped.",
)
REFUSED_PEERS = Counter(
    "hl7_listener_refused_peers_total",
    "Refused for who it came from. Connections: not_allowed by address, crowded (too many from "
    "one address), full, handshake (TLS failed), broken. Messages: sender, the connection may "
    "not speak for the message's sender.",
    ["reason"],
)
IDLE_CLOSED = Counter(
    "hl7_listener_idle_connections_closed_total",
    "Connections closed because nothing came for HL7_IDLE_SECONDS.",
)
COMMITS = Counter(
    "hl7_listener_commits_total",
    "Group commits by result: stored, not_now, unknown.",
    ["result"],
)


def forget_ended_processes() -> None:
    """Take away the live gauges of processes that are gone.

    A listener that was killed could not count its connections out; its successor does it.
    """
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return
    for path in Path(folder).glob("gauge_livesum_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not Path("/proc", pid).exists():
            path.unlink(missing_ok=True)
