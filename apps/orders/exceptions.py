"""What can go wrong with an order."""

from __future__ import annotations


class TransitionError(Exception):
    """An order cannot go from one status to the other."""

    def __init__(self, *, current: str, target: str) -> None:
        """Keep both ends for whoever explains the refusal."""
        super().__init__(f"An order that is {current} cannot become {target}.")
        self.current = current
        self.target = target


class MergeError(Exception):
    """A merge that was asked for cannot be; ``place`` counts the merges of one message from 1."""

    def __init__(self, place: int) -> None:
        """Keep which one it is."""
        super().__init__(f"merge {place} cannot be made")
        self.place = place


class CircularMergeError(MergeError):
    """The number that is to survive was merged into the other before."""


class MergedElsewhereError(MergeError):
    """The number that is to go was merged into another patient before."""
