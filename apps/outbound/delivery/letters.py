"""What the deliverer passes around: who is sent to, what is sent, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.outbound.choices import OutboundState


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often a destination is tried."""

    quick_retries: int
    longest_wait: timedelta
    give_up: timedelta


@dataclass(frozen=True, slots=True)
class Tls:
    """How a peer proves who it is, and whether we do.

    ``authority`` is PEM, empty for what the system trusts; ``server_name`` is the name that the
    peer's certificate must hold.
    """

    authority: str
    server_name: str
    shows_certificate: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """A destination as its lane needs it; without ``tls`` nothing is encrypted."""

    id: int
    name: str
    host: str
    port: int
    answer_timeout: float
    holds_after_dead: bool
    patience: Patience
    tls: Tls | None = None

    @property
    def address(self) -> str:
        """Return ``host:port``."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class LinkState:
    """How reaching a peer goes; None and zero while all is well."""

    failing_since: datetime | None = None
    failures: int = 0
    next_attempt_at: datetime | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A queued message, ready to go out; ``attempts`` counts the earlier ones."""

    id: int
    destination_id: int
    order_id: int
    control_id: str
    payload: bytes
    attempts: int
    first_sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was due for a peer, in order; ``is_all`` unless more of it was left in the rows."""

    letters: tuple[Letter, ...]
    is_all: bool


@dataclass(slots=True)
class Record:
    """What is to be written to a message's row; ``tries`` are added to its attempts.

    ``next_attempt_at`` None leaves the row's own.
    """

    id: int
    tries: int
    sent_at: datetime
    state: OutboundState = OutboundState.QUEUED
    next_attempt_at: datetime | None = None
    answered_at: datetime | None = None
    answer_code: str = ""
    error: str = ""
