"""One MLLP connection: frames in, answers out in the order of the frames.

Reading pauses, for as many reasons as there are, instead of memory growing: too many messages
without an answer, a peer that does not read its answers, the byte budget, the listener's end.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, cast

from apps.core import clock
from apps.core.failures import describe
from apps.hl7v2.mllp import CutFrame, Event, Frame, Framer, Garbage, Noise, OversizeFrame
from apps.intake import metrics
from apps.intake.listener.answers import answers_to
from apps.intake.listener.door import Visit, count_turned_away
from apps.intake.listener.peers import Peer
from apps.intake.listener.receipts import Written
from apps.intake.listener.reception import Arrival, Submission, refuse_late, unreadable
from apps.intake.listener.wires import Paused, is_secured, peer_on, set_up
from apps.intake.listener.writer import Pending

if TYPE_CHECKING:
    from apps.intake.listener.server import Listener

log = logging.getLogger(__name__)


class MllpConnection(asyncio.BufferedProtocol):
    """One peer.

    Args:
        listener: what all connections share.
        number: chooses the connection's writer.
        visit: its place, given back at the end.
    """

    def __init__(self, listener: Listener, number: int, visit: Visit) -> None:
        limits = listener.limits
        self._listener = listener
        self._number = number
        self._visit = visit
        self._framer = Framer(limits.stranger_bytes if visit.is_stranger else limits.frame_bytes)
        self._pending: deque[Pending] = deque()
        self._pending_bytes = 0
        self._paused = Paused.NO
        self._frame_began_at: float | None = None
        self._stalled_at: float | None = None
        self._has_eof = False
        self._is_open = False
        self._is_secured = False
        self._quiet_since = 0.0
        self._transport: asyncio.Transport
        self._speaker = Peer()
        self._peer = ""

    # --- asyncio calls these -----------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to listen to a peer."""
        self._transport = cast("asyncio.Transport", transport)
        self._speaker = peer_on(transport)
        self._peer = str(self._speaker)
        self._is_secured = is_secured(transport)
        set_up(transport, read_bytes=self._listener.limits.read_bytes)
        self._is_open = True
        self._quiet_since = time.monotonic()
        self._listener.admit(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 -- asyncio's signature
        """Return where to read into; shared by all, for it is copied from at once."""
        return self._listener.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what was read."""
        events = self._framer.feed(bytes(self._listener.read_buffer[:nbytes]))
        now = clock.now()
        for event in events:
            self._take(event, Arrival(0, now, self._peer, self._speaker))
        self._watch_frame(has_ended_one=bool(events))
        self._limit()

    def eof_received(self) -> bool:
        """Let a peer that has finished sending still read its answers, but for TLS."""
        self._has_eof = True
        self._count_cut_frame()
        return bool(self._pending) and not self._is_secured

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 -- asyncio's
        """Forget the peer; what it sent is stored all the same, and a resend finds it."""
        if not self._has_eof:
            self._count_cut_frame()
        self._is_open = False
        self._visit.end()
        self._listener.dismiss(self)

    def pause_writing(self) -> None:
        """The peer does not read its answers: take no more of it."""
        self._stalled_at = time.monotonic()
        self._pause(Paused.UNREAD_ANSWERS)

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._stalled_at = None
        self._resume(Paused.UNREAD_ANSWERS)

    # --- the writer, the budget and the listener call these ----------------------------------

    def settled(self) -> None:
        """Send the answers of the frames whose fate is known, in the order of the frames."""
        wire: list[bytes] = []
        must_close = False
        self._quiet_since = time.monotonic()
        while self._pending and not must_close:
            results = self._pending[0].results
            if results is None:
                break
            pending = self._pending.popleft()
            self._pending_bytes -= pending.size
            answers = answers_to(pending.submission, results)
            must_close = answers.must_close
            wire.append(answers.wire)
            for code in answers.codes:
                self._listener.count_answer(code)
        self._send(b"".join(wire))
        if must_close or (self._has_eof and not self._pending):
            self.close()
        self._limit()

    def abort(self) -> None:
        """Close at once, whatever was still to be said."""
        if self._is_open:
            self._transport.abort()

    def pause_for_budget(self) -> None:
        """Stop reading until others gave bytes back."""
        self._pause(Paused.BUDGET)

    def resume_for_budget(self) -> None:
        """Read on."""
        self._resume(Paused.BUDGET)

    def stop_reading(self) -> None:
        """Take nothing more; what was received still gets its answers."""
        self._pause(Paused.STOPPING)
        if not self._pending:
            self.close()
        self._has_eof = True

    def check_times(self, now: float) -> None:
        """Give up a frame that is not finished in time, and a peer that is silent or deaf.

        Args:
            now: of the monotonic clock.
        """
        limits = self._listener.limits
        if self._stalled_at is not None and now - self._stalled_at > limits.stall_seconds:
            metrics.FRAME_FAULTS.labels("stalled").inc()
            self._transport.abort()
        elif (
            self._frame_began_at is not None
            and not self._paused
            and now - self._frame_began_at > limits.frame_seconds
        ):
            self._refuse_late_frame()
        elif self._has_been_quiet(now):
            metrics.IDLE_CLOSED.inc()
            log.info("closing %s: nothing came for a while", self._peer)
            self.close()

    def close(self) -> None:
        """Close once everything that was said is sent."""
        if self._is_open:
            self._transport.close()

    # --- inside ------------------------------------------------------------------------------

    def _take(self, event: Event, arrival: Arrival) -> None:
        listener = self._listener
        match event:
            case Frame(payload) | OversizeFrame(payload) if self._visit.is_stranger:
                arrival = arrival._replace(seq=listener.next_seq())
                self._submit(listener.reception.turn_away(payload, arrival))
                self._end_behind_answers()
            case Frame(payload):
                self._submit(self._read(payload, arrival._replace(seq=listener.next_seq())))
            case Noise(size):
                metrics.NOISE_BYTES.inc(size)
            case CutFrame():
                metrics.FRAME_FAULTS.labels("cut").inc()
            case OversizeFrame(head):
                metrics.FRAME_FAULTS.labels("oversize").inc()
                arrival = arrival._replace(seq=listener.next_seq())
                self._submit(listener.reception.refuse_oversize(head, arrival))
            case Garbage():
                metrics.FRAME_FAULTS.labels("garbage").inc()
                log.warning("closing %s: bytes without any MLLP block", self._peer)
                self._transport.abort()

    def _read(self, payload: bytes, arrival: Arrival) -> Submission:
        try:
            return self._listener.reception.receive(payload, arrival)
        except Exception as error:  # noqa: BLE001 -- the message is kept, the listener goes on
            what = describe(error)
            log.error("the message at %s could not be read: %s", arrival.seq, what)  # noqa: TRY400 -- no values
            return unreadable(payload, arrival)

    def _submit(self, submission: Submission) -> None:
        pending = Pending(submission, self)
        self._pending.append(pending)
        self._pending_bytes += pending.size
        if submission.turned_away and not self._visit.is_stranger:
            count_turned_away(self._peer, len(submission.turned_away))
        if submission.receipts:
            self._listener.hear(submission.seen)
            self._listener.writers.submit(pending, home=self._number)
        else:
            pending.results = ()
            self.settled()

    def _watch_frame(self, *, has_ended_one: bool) -> None:
        if not self._framer.is_inside_frame:
            self._frame_began_at = None
        elif has_ended_one or self._frame_began_at is None:
            self._frame_began_at = time.monotonic()

    def _limit(self) -> None:
        limits = self._listener.limits
        if len(self._pending) >= limits.pending_messages:
            self._pause(Paused.PENDING)
        elif len(self._pending) <= limits.pending_messages // 2:
            self._resume(Paused.PENDING)
        if self._is_open:
            held = self._framer.buffered_bytes + self._pending_bytes
            self._listener.budget.hold(self, max(0, held - limits.free_bytes))

    def _pause(self, reason: Paused) -> None:
        if not self._paused and self._can_talk():
            self._transport.pause_reading()
        self._paused |= reason

    def _resume(self, reason: Paused) -> None:
        if not self._paused & reason:
            return
        self._paused &= ~reason
        if self._paused or not self._can_talk():
            return
        if self._frame_began_at is not None:
            # The time that was spent waiting for us is not the peer's.
            self._frame_began_at = time.monotonic()
        self._transport.resume_reading()

    def _send(self, wire: bytes) -> None:
        if wire and self._can_talk():
            self._transport.write(wire)

    def _can_talk(self) -> bool:
        return self._is_open and not self._transport.is_closing()

    def _count_cut_frame(self) -> None:
        if self._framer.is_inside_frame:
            metrics.FRAME_FAULTS.labels("cut").inc()

    def _refuse_late_frame(self) -> None:
        """Say AR to what never ended, behind the answers that are still under way, and close."""
        metrics.FRAME_FAULTS.labels("late").inc()
        log.warning("closing %s: a block was not finished in time", self._peer)
        arrival = Arrival(self._listener.next_seq(), clock.now(), self._peer)
        refused = Pending(refuse_late(arrival), self)
        refused.results = [
            Written(receipt.ack, receipt.ack_code) for receipt in refused.submission.receipts
        ]
        self._pending.append(refused)
        self._end_behind_answers()

    def _end_behind_answers(self) -> None:
        """Take nothing more, and close once what was received is answered."""
        self._frame_began_at = None
        self._has_eof = True
        self._pause(Paused.STOPPING)
        self.settled()

    def _has_been_quiet(self, now: float) -> bool:
        limits, seconds = self._listener.limits, now - self._quiet_since
        if self._visit.is_stranger:
            return seconds > limits.stranger_seconds
        is_between = not self._pending and not self._framer.is_inside_frame
        return bool(limits.idle_seconds) and is_between and seconds > limits.idle_seconds
