"""What can go wrong when a person works with messages."""

from __future__ import annotations


class NothingToRunError(Exception):
    """The message is in a state in which there is nothing to run again."""

    def __init__(self, message_id: int, state: str) -> None:
        self.message_id = message_id
        self.state = state
        super().__init__(f"message {message_id} is {state}: there is nothing to run again")
