"""What can go wrong when a person works with messages."""

from __future__ import annotations


class NothingToRunError(Exception):
    """The message is in a state in which there is nothing to run again."""

    def __init__(self, message_id: int, state: str) -> None:
        self.message_id = message_id
        self.state = state
        super().__init__(f"message {message_id} is {state}: there is nothing to run again")


class NotCopyableError(Exception):
    """A copy of the message cannot be edited; the text says why."""


class NotRunnableError(Exception):
    """An edited copy cannot be run; the text says why."""


class StaleCopyError(Exception):
    """What a copy would do is not what the person was shown; nothing was run."""


class MergeRefusedError(Exception):
    """A merge cannot be undone or made again as things are now; the message says why."""


class StaleMergeError(Exception):
    """Undoing a merge or making it again would do something else than the person saw."""
