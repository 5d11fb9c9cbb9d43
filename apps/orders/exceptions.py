"""What can go wrong with an order."""

from __future__ import annotations


class TransitionError(Exception):
    """An order cannot go from one status to the other."""

    def __init__(self, *, current: str, target: str) -> None:
        """Keep both ends for whoever explains the refusal."""
        super().__init__(f"An order that is {current} cannot become {target}.")
        self.current = current
        self.target = target
