"""One destination: takes its letters in order and sends one after the other.

What fails on the way (no connection, no answer) is the peer's trouble and rests the whole lane;
what the peer refuses (AR) is that message's, and only its order waits.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.outbound import metrics
from apps.outbound.delivery import waits
from apps.outbound.delivery.health import Clock, PeerHealth
from apps.outbound.delivery.letters import Batch, Letter, LinkState, Peer
from apps.outbound.delivery.recorder import Recorder
from apps.outbound.delivery.store import Store
from apps.outbound.delivery.verdicts import Fate, Verdict, verdict_on
from apps.outbound.delivery.wire import MllpConnection, connect
from apps.outbound.exceptions import DeliveryError, UnreachableError

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
BATCH_IS_GOOD_FOR_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Office:
    """What all lanes share; ``wake`` tells the multiplexer that a lane wants letters."""

    store: Store
    recorder: Recorder
    clock: Clock
    wake: Callable[[], None]


@dataclass(frozen=True, slots=True)
class _Sent:
    """What an attempt means for the rest of the batch."""

    lets_order_go_on: bool
    retry_at: datetime | None = None


class Lane:
    """A destination whose lock we hold.

    ``look_at`` is the loop's time at which its rows are to be looked at again; None while it
    works. It is at most a second away, because rows change without notice.
    """

    def __init__(self, peer: Peer, link: LinkState, office: Office) -> None:
        self.peer = peer
        self.delivered = 0
        self.health = PeerHealth(peer, link, office.store, office.clock)
        self.look_at: float | None = asyncio.get_running_loop().time()
        self._office = office
        self._connection: MllpConnection | None = None
        self._inbox: asyncio.Queue[Batch] = asyncio.Queue()
        self._is_called = False
        self._batch_ends_at = 0.0
        self._retry_at: datetime | None = None

    @property
    def is_working(self) -> bool:
        """Return whether letters are on their way."""
        return self.look_at is None

    def look_now(self) -> None:
        """Have the rows looked at at once, or as soon as the batch is done."""
        self._is_called = True
        if self.look_at is not None:
            self.look_at = asyncio.get_running_loop().time()

    def look_later(self) -> None:
        """Have the rows looked at when a rest or a retry is over, after a second at the latest."""
        now = self._office.clock()
        known = [m for m in (self.health.rests_until, self._retry_at) if m and m > now]
        waits_for = min(((m - now).total_seconds() for m in known), default=LOOK_EVERY_SECONDS)
        self.look_at = asyncio.get_running_loop().time() + min(waits_for, LOOK_EVERY_SECONDS)

    def begin_look(self) -> None:
        """Note that the rows are being read: a notice from now on may not be in what is found."""
        self._is_called = False

    def looked(self, batch: Batch | None) -> None:
        """Take what a look at the rows found, None for nothing."""
        if batch is None:
            self._plan_next_look(is_all=True)
            return
        self.look_at = None
        self._batch_ends_at = asyncio.get_running_loop().time() + BATCH_IS_GOOD_FOR_SECONDS
        self._inbox.put_nowait(batch)

    async def run(self) -> None:
        """Send what was found, for ever."""
        try:
            while True:
                batch = await self._inbox.get()
                is_done = await self._send_all(batch.letters)
                self._plan_next_look(is_all=is_done and batch.is_all)
                self._office.wake()
        finally:
            if self._connection is not None:
                self._connection.close()

    def _plan_next_look(self, *, is_all: bool) -> None:
        self.look_later()
        if self._is_called or not is_all:
            self.look_now()

    async def _send_all(self, letters: Sequence[Letter]) -> bool:
        """Send in order; return whether every letter had its attempt or waits for one."""
        loop = asyncio.get_running_loop()
        waiting_orders: set[int] = set()
        retries: list[datetime] = []
        for letter in letters:
            # A batch ages: rows may have been withdrawn since, the destination switched off.
            if self.health.is_resting or loop.time() >= self._batch_ends_at:
                return False
            if letter.order_id in waiting_orders:
                continue
            sent = await self._send(letter)
            if not sent.lets_order_go_on:
                waiting_orders.add(letter.order_id)
            if sent.retry_at is not None:
                retries.append(sent.retry_at)
                self._retry_at = min(retries)
        return True

    async def _send(self, letter: Letter) -> _Sent:
        """Make one attempt and record it."""
        at = self._office.clock()
        try:
            connection = await self._connected()
            self._office.recorder.sending(letter, at)
            answer = await connection.exchange(
                letter.payload, letter.control_id, self.peer.answer_timeout
            )
        except UnreachableError as error:
            metrics.count_sent(self.peer.name, error.result)
            await self.health.unreachable(error)
            return _Sent(lets_order_go_on=False)
        except DeliveryError as error:
            return await self._unanswered(letter, at, error)
        await self.health.answered()
        return self._judged(letter, at, verdict_on(answer), answer.code)

    async def _unanswered(self, letter: Letter, at: datetime, error: DeliveryError) -> _Sent:
        fate = Fate.RETRY if error.retryable else Fate.DEAD
        sent = self._failed(letter, at, Verdict(fate, error.result, str(error)), "")
        if error.retryable:
            await self.health.silent(error)
        return sent

    def _judged(self, letter: Letter, at: datetime, verdict: Verdict, code: str) -> _Sent:
        if verdict.fate is not Fate.DELIVERED:
            return self._failed(letter, at, verdict, code)
        self.delivered += 1
        self._office.recorder.delivered(letter, at, self._office.clock(), code)
        metrics.count_sent(self.peer.name, verdict.result)
        return _Sent(lets_order_go_on=True)

    def _failed(self, letter: Letter, sent_at: datetime, verdict: Verdict, code: str) -> _Sent:
        now = self._office.clock()
        retry_at = self._next_try(letter, sent_at, now) if verdict.fate is Fate.RETRY else None
        self._office.recorder.failed(
            letter, sent_at, now, verdict.error, code=code, retry_at=retry_at
        )
        metrics.count_sent(self.peer.name, verdict.result)
        log.warning(
            "message %s (%s) to %s: %s, %s",
            letter.id,
            letter.control_id,
            self.peer.name,
            verdict.result,
            f"again at {retry_at:%H:%M:%S}" if retry_at else "dead letter",
        )
        goes_on = retry_at is None and not self.peer.holds_after_dead
        return _Sent(lets_order_go_on=goes_on, retry_at=retry_at)

    def _next_try(self, letter: Letter, sent_at: datetime, now: datetime) -> datetime | None:
        since, patience = letter.first_sent_at or sent_at, self.peer.patience
        if waits.has_given_up(since, now, patience):
            return None
        return now + waits.wait_for_message(letter.attempts + 1, since, now, patience)

    async def _connected(self) -> MllpConnection:
        if self._connection is None or not self._connection.is_open:
            self._connection = await connect(self.peer)
        return self._connection
