"""Holds the answer of a merge until it is known what became of it.

Whether a merge goes in a circle only the one decider can tell, because it alone sees every merge
in its turn, those of other connections and other listeners too. So the answer of a merge waits
after its commit until the message has taken effect or was refused, and is then the one that
stands on the row: a resend gets the same. Nothing else waits: the writers go on, other
connections hear at once, and later frames of the same connection keep their order.

A decider that is away must not silence the door. After ``Limits.effect_seconds`` the sender hears
what is true: the message is safe (AA). First the row is marked so, in one statement that finds
out if the decider was quicker; a merge that is refused after all then waits in quarantine for a
person, because its sender believes that it was taken. Where the database was away, the row is
marked afterwards, and what was refused meanwhile is put there with the answer that went out.

A frame with very many merges is not held at all (``merges.MOST_HELD``): its rows are stored with
the mark, and its connection goes on.

In enhanced mode accept and application answer go out together, as for any other message; CA
stays CA whatever the application says, and who wants the accept answer alone gets it at once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from apps.core.failures import describe
from apps.hl7v2.late import wants_application_answer
from apps.hl7v2.peek import Peek
from apps.intake.choices import ANSWERED_BEFORE_EFFECT
from apps.intake.listener.limits import Limits
from apps.intake.listener.merges import is_merge_to_decide
from apps.intake.listener.receipts import Receipt, Result, Written
from apps.intake.listener.store import StoreError
from apps.intake.listener.writer import Pending

log = logging.getLogger(__name__)

_MOST_KEYS = 2000


class EffectReader(Protocol):
    """Where it is read what became of messages; keys are those of ``intake_messagekey``."""

    async def settled(self, keys: Sequence[bytes]) -> Mapping[bytes, Written | None]:
        """Return the answers of those that no longer wait; None where the row is gone.

        Raises:
            StoreError: the database is away.
        """

    async def mark_answered(self, key: bytes) -> bool:
        """Note on the row that its sender was told AA; false where it no longer waits.

        Raises:
            StoreError: the database is away.
        """

    async def stand_by(self, key: bytes, answer: Written) -> None:
        """Put a message that was refused into quarantine, with what its sender heard.

        Raises:
            StoreError: the database is away.
        """

    async def close(self) -> None:
        """Let go of the connection."""


class _Held:
    """A frame whose answer waits; ``places`` are where its open messages stand in it."""

    __slots__ = ("pending", "places", "results", "until")

    def __init__(self, pending: Pending, results: Sequence[Result], until: float) -> None:
        self.pending = pending
        self.results = list(results)
        self.until = until
        self.places: dict[bytes, list[int]] = {}


class Effects:
    """What waits for its effect; one task reads for all of it.

    Args:
        reader: where it is read.
        limits: how long an answer waits, and how often is looked.
    """

    def __init__(self, reader: EffectReader, limits: Limits) -> None:
        self._reader = reader
        self._limits = limits
        self._held: list[_Held] = []
        self._unmarked: dict[bytes, Result] = {}
        self._wake = asyncio.Event()
        self.answer: Callable[[list[Pending]], None] = lambda _settled: None

    def hold(self, pending: Pending, results: Sequence[Result]) -> bool:
        """Return whether the frame waits here; if so ``answer`` is told when it no longer does."""
        held = _Held(pending, results, time.monotonic() + self._limits.effect_seconds)
        submission = pending.submission
        rows = zip(submission.receipts, submission.seen, results, strict=True)
        for place, (receipt, seen, result) in enumerate(rows):
            if receipt.key is not None and _is_held(receipt, seen, result):
                held.places.setdefault(receipt.key, []).append(place)
        if not held.places:
            return False
        self._held.append(held)
        self._wake.set()
        return True

    async def run(self) -> None:
        """Look again and again while anything waits, until cancelled; no failure ends this."""
        try:
            while True:
                await self._wake.wait()
                await self._look()
                if not self._held and not self._unmarked:
                    self._wake.clear()
                await asyncio.sleep(self._limits.effect_poll_seconds)
        finally:
            await self._reader.close()

    async def _look(self) -> None:
        is_away = False
        try:
            await self._mark_left_over()
            keys = dict.fromkeys(key for held in self._held for key in held.places)
            if keys:
                self._take(await self._reader.settled(list(keys)[:_MOST_KEYS]))
        except StoreError as error:
            is_away = True
            log.info("effects cannot be read: %s", error)
        except Exception as error:  # noqa: BLE001 -- answers must go out, whatever is wrong
            log.error("effects cannot be read: %s", describe(error))  # noqa: TRY400 -- no values
        now = time.monotonic()
        for held in [held for held in self._held if held.until <= now]:
            is_away = await self._give_up(held, is_away=is_away)
        self._release()

    def _take(self, found: Mapping[bytes, Written | None]) -> None:
        for held in self._held:
            for key in held.places.keys() & found.keys():
                places, written = held.places.pop(key), found[key]
                for place in places if written is not None else ():
                    held.results[place] = written or held.results[place]

    async def _give_up(self, held: _Held, *, is_away: bool) -> bool:
        """Let the answers stand as they were committed, but for what is settled by now.

        A database that is away is not asked again: each try may take seconds, and all who wait
        would wait for it.

        Returns:
            Whether the database is away.
        """
        for key, places in list(held.places.items()):
            is_marked = False
            try:
                is_marked = not is_away and await self._reader.mark_answered(key)
            except StoreError:
                is_away = True
            if is_away:
                # The sender hears AA all the same; the row is told as soon as it can be.
                self._unmarked[key] = held.results[places[0]]
            if is_marked or is_away:
                del held.places[key]
        return is_away

    async def _mark_left_over(self) -> None:
        for key, answer in list(self._unmarked.items()):
            if not await self._reader.mark_answered(key) and isinstance(answer, Written):
                await self._reader.stand_by(key, answer)
            del self._unmarked[key]

    def _release(self) -> None:
        ready = [held for held in self._held if not held.places]
        self._held = [held for held in self._held if held.places]
        for held in ready:
            held.pending.results = held.results
        if ready:
            self.answer([held.pending for held in ready])


def _is_held(receipt: Receipt, seen: Peek, result: Result) -> bool:
    return (
        is_merge_to_decide(receipt)
        and ANSWERED_BEFORE_EFFECT not in receipt.flags
        and isinstance(result, Written)
        and wants_application_answer(seen)
    )
