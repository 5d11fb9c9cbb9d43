"""Group commit: whatever waits goes into the next transaction.

No timer holds a message back: while one batch commits, the next one gathers, so batches grow
with the load by themselves. Two writers keep one batch filling while the other commits.
Messages that tell of one order must be committed in the order of arrival, so they go to the
writer that still has an earlier one; where two writers have one each, the message waits for the
other writer's before it lets itself be taken.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Protocol

from apps.core.failures import describe
from apps.intake import metrics
from apps.intake.choices import InboundState
from apps.intake.listener.limits import Limits
from apps.intake.listener.receipts import Failure, Receipt, Result, Written
from apps.intake.listener.reception import Submission, bare
from apps.intake.listener.store import (
    MessageRefusedError,
    MessageStore,
    OutcomeUnknownError,
    StoreUnavailableError,
)

log = logging.getLogger(__name__)

# SQLSTATE classes by which the database refuses what a row holds: data exception, integrity
# constraint, program limit. The same bytes will fail again.
_CONTENT_CLASSES = frozenset({"22", "23", "54"})


class Owner(Protocol):
    """Who waits for the answers of a submission."""

    def settled(self) -> None:
        """Some of its submissions got their results."""

    def abort(self) -> None:
        """Its answers cannot be sent; whoever sent the messages must find out by itself."""


class Holder(Protocol):
    """Holds answers back, after the commit, for something more than that."""

    answer: Callable[[list[Pending]], None]  # told of frames whose results it has set

    def hold(self, pending: Pending, results: Sequence[Result]) -> bool:
        """Return whether it takes the frame over; if not, it can be answered now."""

    async def run(self) -> None:
        """Work until cancelled."""


class Pending:
    """One frame on its way to the disk.

    ``results`` is None until the fate of every message in it is known. ``behind`` is an earlier
    message of the same order at another writer, until ``is_stored``.
    """

    __slots__ = (
        *("behind", "is_stored", "order_keys", "owner", "results"),
        *("size", "submission", "writer"),
    )

    def __init__(self, submission: Submission, owner: Owner) -> None:
        self.submission = submission
        self.owner = owner
        self.results: Sequence[Result] | None = None
        self.is_stored = False
        self.behind: list[Pending] = []
        self.writer: Writer | None = None
        receipts = submission.receipts
        self.size = sum(len(receipt.raw) for receipt in receipts)
        self.order_keys = (
            receipts[0].order_keys
            if len(receipts) == 1
            else tuple({key for receipt in receipts for key in receipt.order_keys})
        )

    @property
    def is_settled(self) -> bool:
        """Return whether the answers can be sent."""
        return self.results is not None

    def may_go(self) -> bool:
        """Return whether every earlier message of its orders at other writers is stored."""
        if self.behind:
            self.behind = [other for other in self.behind if not other.is_stored]
        return not self.behind


_Committed = list[tuple[Pending, Sequence[Result]]]


class Writer:
    """One store, and the submissions that wait for it, in the order of arrival."""

    def __init__(
        self, store: MessageStore, limits: Limits, stored: Callable[[_Committed], None]
    ) -> None:
        self._store = store
        self._limits = limits
        self._stored = stored
        self._waiting: deque[Pending] = deque()
        self._wake = asyncio.Event()

    def put(self, pending: Pending) -> None:
        """Queue a submission for the next commit."""
        self._waiting.append(pending)
        self._wake.set()

    def look_again(self) -> None:
        """Wake up: what the first in line waited for may be settled."""
        if self._waiting:
            self._wake.set()

    async def run(self) -> None:
        """Commit batch after batch until cancelled; no failure ends this."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while batch := self._take():
                await self._commit(batch)

    def _take(self) -> list[Pending]:
        batch: list[Pending] = []
        rows = size = 0
        while self._waiting and self._waiting[0].may_go():
            following = self._waiting[0]
            rows += len(following.submission.receipts)
            size += following.size
            if batch and (rows > self._limits.batch_rows or size > self._limits.batch_bytes):
                break
            batch.append(self._waiting.popleft())
        return batch

    async def _commit(self, batch: list[Pending]) -> None:
        receipts = [receipt for pending in batch for receipt in pending.submission.receipts]
        try:
            results = await self._write(receipts)
        except MessageRefusedError as refused:
            log.warning("%s; %s messages are stored one by one", refused, len(receipts))
            results = await self._write_one_by_one(batch)
        committed: _Committed = []
        start = 0
        for pending in batch:
            end = start + len(pending.submission.receipts)
            committed.append((pending, results[start:end]))
            start = end
        self._stored(committed)

    async def _write(self, receipts: Sequence[Receipt]) -> Sequence[Result]:
        """Return what became of a batch.

        Raises:
            MessageRefusedError: one of them is to blame; nothing was stored.
        """
        try:
            written = await self._store.write(receipts)
        except StoreUnavailableError as error:
            return _failed(receipts, Failure.NOT_NOW, error)
        except OutcomeUnknownError as error:
            return _failed(receipts, Failure.UNKNOWN, error)
        except MessageRefusedError:
            raise
        except Exception as error:  # noqa: BLE001 -- the other messages must not suffer
            # A fault of ours; whether the commit arrived is then unknown.
            log.error("a batch of %s messages failed: %s", len(receipts), describe(error))  # noqa: TRY400 -- no values
            return [Failure.UNKNOWN] * len(receipts)
        metrics.COMMITS.labels("stored").inc()
        return written

    async def _write_one_by_one(self, batch: list[Pending]) -> Sequence[Result]:
        results: list[Result] = []
        for pending in batch:
            submission = pending.submission
            for receipt, seen in zip(submission.receipts, submission.seen, strict=True):
                try:
                    results += await self._write([receipt])
                except MessageRefusedError as refused:
                    log.warning("message at %s: %s", receipt.arrival_seq, refused)
                    results += await self._write_bare(bare(receipt, seen, str(refused)), refused)
        return results

    async def _write_bare(
        self, receipt: Receipt, refused: MessageRefusedError
    ) -> Sequence[Result]:
        """Store a message that was refused for its content with nothing but its bytes."""
        if refused.sqlstate[:2] not in _CONTENT_CLASSES:
            return [Failure.NOT_NOW]
        try:
            return await self._write([receipt])
        except MessageRefusedError:
            return [Failure.NOT_NOW]


class Writers:
    """Spreads submissions over the writers and tells their owners when they are settled."""

    def __init__(
        self,
        stores: Sequence[MessageStore],
        limits: Limits,
        *,
        on_stored: Callable[[], None],
        holder: Holder | None = None,
    ) -> None:
        self._writers = [Writer(store, limits, self._stored) for store in stores]
        self._on_stored = on_stored
        self._holder = holder
        if holder is not None:
            holder.answer = self._settle
        self._last_of_order: dict[str, Pending] = {}
        self._unsettled = 0
        self._is_idle = asyncio.Event()
        self._is_idle.set()

    def submit(self, pending: Pending, *, home: int) -> None:
        """Give a submission to its connection's own writer, or where its order is under way."""
        writer = None
        for key in pending.order_keys:
            earlier = self._last_of_order.get(key)
            if earlier is not None:
                writer = writer or earlier.writer
                if earlier.writer is not writer:
                    pending.behind.append(earlier)
            self._last_of_order[key] = pending
        writer = writer or self._writers[home % len(self._writers)]
        pending.writer = writer
        self._unsettled += 1
        self._is_idle.clear()
        writer.put(pending)

    async def run(self) -> None:
        """Run all writers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for writer in self._writers:
                group.create_task(writer.run())
            if self._holder is not None:
                group.create_task(self._holder.run())

    async def wait_idle(self) -> None:
        """Return when nothing is under way."""
        await self._is_idle.wait()

    def _stored(self, batch: _Committed) -> None:
        """Let go on what waited for the commit, and answer what need not wait for more."""
        for pending, _ in batch:
            pending.is_stored = True
            for key in pending.order_keys:
                if self._last_of_order.get(key) is pending:
                    del self._last_of_order[key]
        for writer in self._writers:
            writer.look_again()
        if any(_is_to_decide(pending, results) for pending, results in batch):
            self._on_stored()
        ready = []
        for pending, results in batch:
            if self._holder is None or not self._holder.hold(pending, results):
                pending.results = results
                ready.append(pending)
        self._settle(ready)

    def _settle(self, batch: list[Pending]) -> None:
        self._unsettled -= len(batch)
        if not self._unsettled:
            self._is_idle.set()
        for owner in dict.fromkeys(pending.owner for pending in batch):
            _tell(owner)


def _tell(owner: Owner) -> None:
    try:
        owner.settled()
    except Exception:
        # One connection's trouble must not end the writer of all of them.
        log.exception("the answers of a connection could not be sent")
        owner.abort()


def _is_to_decide(pending: Pending, results: Sequence[Result]) -> bool:
    # A resend wakes the decider too; telling it apart would cost more than the wake.
    return any(
        receipt.state == InboundState.WAITING and isinstance(result, Written)
        for receipt, result in zip(pending.submission.receipts, results, strict=True)
    )


def _failed(receipts: Sequence[Receipt], failure: Failure, error: Exception) -> Sequence[Result]:
    metrics.COMMITS.labels(failure.value).inc()
    log.warning("%s messages not stored (%s): %s", len(receipts), failure.value, error)
    return [failure] * len(receipts)
