"""Takes waiting messages and makes them take effect, a batch in one transaction.

A batch that fails or dies is tried again as batches of one, with each try counted before it is
made, so that only the message at fault goes to quarantine.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from apps.assignment.desk import open_desk
from apps.assignment.services import retry
from apps.assignment.services.after import after_commit
from apps.core import bulk, clock
from apps.core.failures import describe
from apps.hl7v2.errors import FieldError
from apps.intake.choices import InboundState
from apps.intake.models import InboundMessage
from apps.intake.processing import queue
from apps.intake.processing.apply import Effect, apply_reading
from apps.intake.processing.around import SEAT_REASONS, Around
from apps.intake.processing.catalogue import Catalogue, current_catalogue
from apps.intake.processing.changes import Reading
from apps.intake.processing.looking import Seen, look
from apps.intake.processing.queue import Waiting
from apps.intake.processing.reading import read_message
from apps.intake.processing.refusing import Refusal, refuse
from apps.intake.processing.session import Books, Session

log = logging.getLogger(__name__)

ACTOR = "system:hl7"
_AWAY = (OperationalError, InterfaceError)


class TakenError(Exception):
    """Some messages of a batch no longer wait: another decider was there."""


def process_waiting(seen: Seen | None = None) -> int:
    """Let the next messages take effect; return how many were dealt with.

    Args:
        seen: what the caller has just seen waiting; None looks.

    Raises:
        OperationalError: the database is away; nothing is lost, the caller waits.
    """
    _, _, in_hand, batch = seen or look()
    suspects = queue.by_ids(in_hand) if in_hand else []
    if suspects:
        return _one_by_one(suspects)
    if not batch:
        return 0
    queue.mark([message.id for message in batch])
    try:
        return process(batch)
    except TakenError:
        return 0
    except _AWAY as error:
        if not _is_about_data(error):
            raise
        _note_failure(batch, error)
    except Exception as error:  # noqa: BLE001 -- the messages are tried alone, and tell there
        _note_failure(batch, error)
    return _one_by_one(batch)


def _note_failure(batch: Sequence[Waiting], error: Exception) -> None:
    what = describe(error)
    log.warning("a batch of %d failed, trying its messages alone: %s", len(batch), what)


def process(batch: Sequence[Waiting]) -> int:
    """Let these messages take effect, in one transaction; return how many did.

    The rest waits on where a seat was freed that an order in the unassigned queue may have been
    waiting for: it goes to whom it is due before a new order takes it.

    Raises:
        TakenError: another decider took some of them meanwhile; nothing was done.
    """
    with transaction.atomic():
        around = Around()
        session, readings = _open(batch, around)
        done = _take_effect(session, batch, readings, around)
        session.desk.settle()
        with bulk.one_round_trip():
            flushed = session.flush()
            queue.clear_mark()
        taken = bulk.update(InboundMessage, done.rows, key="id", only_if="old.state = 'waiting'")
        if taken + refuse(done.refused, at=session.at) != done.count:
            raise TakenError
    after_commit(flushed)
    if flushed.queued:
        retry.make_sure_of_next(at=session.at)
    return done.count


def _open(batch: Sequence[Waiting], around: Around) -> tuple[Session, list[Reading]]:
    """Read the messages and open a session that knows of all they speak of."""
    catalogue, books = current_catalogue(), Books.empty()
    readings = _read_all(batch, catalogue)
    along = [*books.errands(readings), *around.errands(batch)]
    desk = open_desk(at=clock.now(), actor=ACTOR, along=along)
    newer = current_catalogue(desk.versions)
    if newer is not catalogue:
        books = Books.empty()
        readings = _read_all(batch, newer)
        bulk.run_errands(books.errands(readings))
    gathers = len(batch) > 1
    return Session(desk=desk, catalogue=newer, books=books, gathers=gathers), readings


@dataclass
class _Done:
    """What became of messages: their rows, but for those that are refused."""

    rows: list[dict[str, object]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)

    @property
    def count(self) -> int:
        """Return how many messages were dealt with."""
        return len(self.rows) + len(self.refused)


def _take_effect(
    session: Session, batch: Sequence[Waiting], readings: Sequence[Reading], around: Around
) -> _Done:
    """Apply the messages in turn; return what became of each, up to the first freed seat."""
    done = _Done()
    for message, reading in zip(batch, readings, strict=True):
        flags = ("control_id_reused",) if message.id in around.reused else ()
        _apply(session, message, reading, flags, done)
        if session.desk.book.freed and (around.does_somebody_wait() or _waits_for_a_seat(session)):
            break
    return done


def _waits_for_a_seat(session: Session) -> bool:
    return any(row.reason in SEAT_REASONS for row in session.desk.pending.queued.values())


def _read_all(batch: Sequence[Waiting], catalogue: Catalogue) -> list[Reading]:
    return [_read(message, catalogue) for message in batch]


def _read(message: Waiting, catalogue: Catalogue) -> Reading:
    try:
        return read_message(message.raw, catalogue=catalogue)
    except FieldError as error:
        return Reading(problem=str(error))


def _apply(
    session: Session, message: Waiting, reading: Reading, noticed: Sequence[str], done: _Done
) -> None:
    effect = (
        apply_reading(session, reading, message_id=message.id, received_at=message.received_at)
        if reading.is_used
        else Effect()
    )
    flags = dict.fromkeys([*message.flags, *noticed, *reading.flags, *effect.flags])
    refusal = reading.refusal or effect.refusal
    if refusal is not None:
        done.refused.append(Refusal(message, refusal, list(flags)))
        return
    problem = reading.problem or effect.problem
    done.rows.append(
        {
            "id": message.id,
            "state": _state(problem, is_used=reading.is_used).value,
            "flags": [flag[:64] for flag in flags],
            "order_ids": effect.order_ids,
            "error": problem or reading.note,
            "processed_at": session.at,
        }
    )


def _state(problem: str, *, is_used: bool) -> InboundState:
    if problem:
        return InboundState.QUARANTINED
    return InboundState.PROCESSED if is_used else InboundState.IGNORED


def _one_by_one(batch: Sequence[Waiting]) -> int:
    """Try each message alone; what belongs behind one that is to be tried again waits too.

    Returns:
        How many were tried, in vain or not: the caller comes back as long as any is.
    """
    tried = 0
    held_back: set[str] = set()
    for message in batch:
        if held_back.intersection(message.order_keys):
            held_back.update(message.order_keys)
            continue
        queue.mark([message.id])
        tried += 1
        if not _alone(message):
            held_back.update(message.order_keys)
    queue.mark([])
    return tried


def _alone(message: Waiting) -> bool:
    """Return whether the message is done with: took effect, was taken, or set aside."""
    attempt = queue.count_attempt(message)
    if attempt > queue.MAX_ATTEMPTS:
        queue.quarantine(message, "its worker died on each try", at=clock.now())
        return True
    try:
        process([message])
    except TakenError:
        return True
    except _AWAY as error:
        if not _is_about_data(error):
            raise
        return _failed(message, attempt, error)
    except Exception as error:  # noqa: BLE001 -- whatever it was, the others must go on
        return _failed(message, attempt, error)
    return True


def _failed(message: Waiting, attempt: int, error: Exception) -> bool:
    """Note the failure; return whether it was the last try."""
    what = describe(error)
    log.error("message %s failed on try %d: %s", message.id, attempt, what)
    if attempt < queue.MAX_ATTEMPTS:
        return False
    queue.quarantine(message, what, at=clock.now())
    return True


def _is_about_data(error: DatabaseError | InterfaceError) -> bool:
    """Return whether the server refused what it was given, rather than being away."""
    state = getattr(error.__cause__, "sqlstate", None)
    return connection.is_usable() and state is not None and state[:2] not in _SERVER_TROUBLE


# Connection, resources, operator intervention, system error, serialisation and deadlock.
_SERVER_TROUBLE = frozenset({"08", "53", "57", "58", "40"})
