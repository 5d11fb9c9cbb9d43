"""Where received messages go, as the writer sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from apps.intake.listener.receipts import Receipt, Written


class StoreError(Exception):
    """Messages could not be committed."""


class StoreUnavailableError(StoreError):
    """Surely nothing was stored, and the messages are not to blame; later it may work."""


class OutcomeUnknownError(StoreError):
    """The connection was lost while the commit was under way; it may or may not have arrived."""


class MessageRefusedError(StoreError):
    """Surely nothing was stored, because of what one of the messages holds.

    ``sqlstate`` names the reason without quoting the message.
    """

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate
        super().__init__(f"refused by the database with SQLSTATE {sqlstate}")


class MessageStore(Protocol):
    """Commits batches of messages; each writer has a store of its own."""

    async def write(self, receipts: Sequence[Receipt]) -> list[Written]:
        """Commit all of them in one transaction, durably, or none.

        Returns:
            What stands on disk for each, in the order given.

        Raises:
            StoreUnavailableError: see there.
            OutcomeUnknownError: see there.
            MessageRefusedError: see there.
        """
        ...

    async def wait_ready(self, seconds: float) -> bool:
        """Return whether the store can be written to, after waiting for it at most so long."""
        ...

    async def close(self) -> None:
        """Let go of everything held."""
        ...
