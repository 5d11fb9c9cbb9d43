"""One byte budget over all connections: beyond it reading pauses, memory does not grow."""

from __future__ import annotations

from typing import Protocol


class Reader(Protocol):
    """A connection whose reading can be paused."""

    def pause_for_budget(self) -> None:
        """Stop reading."""
        ...

    def resume_for_budget(self) -> None:
        """Read on."""
        ...


class ByteBudget:
    """Counts what connections hold beyond their free allowance.

    Who brings more while the budget is used up stops reading, but for one: the first in line may
    always go on, because a hundred half-read frames would otherwise wait for each other for
    ever. So at most one frame's size is held on top of the budget.
    """

    def __init__(self, limit_bytes: int, read_bytes: int) -> None:
        self._limit = limit_bytes
        self._read = read_bytes
        self._held: dict[Reader, int] = {}
        self._paused: dict[Reader, None] = {}
        self._favoured: Reader | None = None
        self.used = 0

    def hold(self, reader: Reader, size: int) -> None:
        """Say how many bytes the reader holds now; it may be paused, others may be resumed."""
        before = self._held.get(reader, 0)
        if size == before:
            return
        self._account(reader, size)
        if size > before and self.used > self._limit:
            self._pause(reader)
        elif size < before:
            self._resume_others(reader)

    def leave(self, reader: Reader) -> None:
        """Forget a connection that ended."""
        self._paused.pop(reader, None)
        self._account(reader, 0)
        self._resume_others(reader)

    def _account(self, reader: Reader, size: int) -> None:
        self.used += size - self._held.get(reader, 0)
        if size:
            self._held[reader] = size
        else:
            self._held.pop(reader, None)

    def _pause(self, reader: Reader) -> None:
        if self._favoured is None or self._favoured is reader:
            self._favoured = reader
        else:
            self._paused[reader] = None
            reader.pause_for_budget()

    def _resume_others(self, reader: Reader) -> None:
        if self._favoured is reader and reader not in self._held:
            self._favoured = None
        if self._favoured is None and self._paused:
            self._favoured = self._resume_first()
        room = (self._limit - self.used) // self._read
        while room > 0 and self._paused:
            self._resume_first()
            room -= 1

    def _resume_first(self) -> Reader:
        reader = next(iter(self._paused))
        del self._paused[reader]
        reader.resume_for_budget()
        return reader
