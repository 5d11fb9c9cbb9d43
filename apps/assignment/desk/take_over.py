"""The desk at which one reader's open studies go to others, at once.

Its moves happen in memory until it is flushed: a preview is the very same deed without the lock
and without the flush, so that what is shown is what will be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from apps.assignment.choices import EndReason, ReasonChoices
from apps.assignment.desk import hand_trail
from apps.assignment.desk.by_hand import HandDesk
from apps.assignment.lock import LOCK_QUERY
from apps.assignment.policies import Action
from apps.assignment.queries.states import state_of
from apps.assignment.snapshot.ledger import PassingLedger
from apps.assignment.snapshot.loads import LoadReader
from apps.assignment.snapshot.versions import VERSIONS_QUERY
from apps.assignment.study import StudyState
from apps.core import bulk
from apps.engine.codes import Step
from apps.engine.words import refusal_words

if TYPE_CHECKING:
    from apps.assignment.desk.case import Case
    from apps.assignment.snapshot.cache import ConfigView
    from apps.engine.refusals import Refusal


class Became(StrEnum):
    """What becomes of a study: given to a taker, decided again, or left where it is.

    ``WAITS`` was decided again, and nobody was found. ``READING`` is being read and was not
    ticked.
    """

    MOVES = "moves"
    DECIDED = "decided"
    WAITS = "waits"
    STAYS = "stays"
    READING = "reading"


@dataclass(frozen=True, slots=True)
class Fate:
    """One study, as it was, and what becomes of it.

    ``reader`` is the id of who has it then, ``shift`` the code of the shift they read it on;
    ``why`` says what keeps it from the takers. ``is_full`` is whether only a free seat is
    missing; ``was_reading`` whether it had been opened.
    """

    case: Case
    before: StudyState
    became: Became
    reader: str = ""
    shift: str = ""
    why: str = ""
    is_full: bool = False
    was_reading: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What shall happen to the studies.

    ``takers`` are ids by the code of the shift on which a study is read, first choice of its
    studies; ``anybody`` are all takers. ``ticked`` are the studies to move although they are being
    read. ``past_limits`` gives full takers what nobody else may take. ``decide_rest`` lets the
    engine decide what no taker may read; else it stays.
    """

    ill: str
    reason: str
    takers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    anybody: Sequence[str] = ()
    ticked: frozenset[int] = frozenset()
    past_limits: bool = False
    decide_rest: bool = True


class TakeOverDesk(HandDesk):
    """A desk for one take-over."""

    def hand_over(self, cases: Iterable[Case], wish: Wish) -> list[Fate]:
        """Move the ill reader's studies, the most urgent first, each as the wish says."""
        return [self._hand_over(case, wish) for case in sorted(cases, key=_urgent_first)]

    def give_back(self, case: Case, radiologist_id: str, *, note: str) -> str:
        """Give a study back to who had it, past their limits; return why not, or nothing."""
        refusal = self._refusal(case, radiologist_id)
        if refusal is not None and refusal.step is not Step.CAPACITY:
            return f"{self._name(radiologist_id)} {_words(refusal)}"
        before = state_of(case.order, case.assignment)
        self.give(case, radiologist_id, note=note)
        self._note(case, Action.ASSIGN, before, note)
        return ""

    # -- inside --------------------------------------------------------------------------

    def _hand_over(self, case: Case, wish: Wish) -> Fate:
        before = state_of(case.order, case.assignment)
        reading = case.is_being_read
        if reading and case.order.pk not in wish.ticked:
            return Fate(
                case, before, Became.READING, wish.ill, before.shift_code, was_reading=True
            )
        refusals: dict[str, Refusal] = {}
        for taker in self._in_turn(before.shift_code, wish):
            refusal = self._refusal(case, taker)
            if refusal is None:
                return self._given(case, taker, before, wish)
            refusals[taker] = refusal
        full = [one for one, refusal in refusals.items() if refusal.step is Step.CAPACITY]
        why = "; ".join(f"{self._name(one)} {_words(found)}" for one, found in refusals.items())
        if full and wish.past_limits:
            return self._given(case, full[0], before, wish, why=why, is_full=True)
        if wish.decide_rest and not reading:
            return self._decided(case, before, wish, why, is_full=bool(full))
        return Fate(
            case,
            before,
            Became.STAYS,
            wish.ill,
            before.shift_code,
            why,
            is_full=bool(full),
            was_reading=reading,
        )

    def _in_turn(self, shift_code: str, wish: Wish) -> list[str]:
        """Return the takers in the order in which they are asked: of its shift, least loaded."""
        own = wish.takers.get(shift_code, ())
        others = [one for one in wish.anybody if one not in own]
        return [*sorted(own, key=self._share), *sorted(others, key=self._share)]

    def _share(self, radiologist_id: str) -> tuple[float, str]:
        load = self.book.loads.get(radiologist_id)
        person = self.view.compiled.people.get(radiologist_id)
        seats = person.max_concurrent_studies if person else 0
        return float(load.open_rvu if load else 0) / max(seats, 1), radiologist_id

    def _given(
        self,
        case: Case,
        taker: str,
        before: StudyState,
        wish: Wish,
        *,
        why: str = "",
        is_full: bool = False,
    ) -> Fate:
        was_reading = case.is_being_read
        self.give(case, taker, note=wish.reason)
        self._note(case, Action.ASSIGN, before, wish.reason)
        after = state_of(case.order, case.assignment)
        return Fate(
            case,
            before,
            Became.MOVES,
            taker,
            after.shift_code,
            why,
            is_full=is_full,
            was_reading=was_reading,
        )

    def _decided(
        self, case: Case, before: StudyState, wish: Wish, why: str, *, is_full: bool
    ) -> Fate:
        assert case.assignment is not None  # noqa: S101 -- only who has a reader loses one
        case.assignment.end_note = wish.reason
        self.end(case, EndReason.REASSIGNED)
        self.decide(case, passed_over=frozenset({wish.ill}))
        self._note(case, Action.DECIDE_AGAIN, before, wish.reason)
        return _decided(case, before, why, is_full=is_full)

    def _note(self, case: Case, action: Action, before: StudyState, reason: str) -> None:
        after = state_of(case.order, case.assignment)
        hand_trail.acted(self, case, action, before, after, reason)


def _decided(case: Case, before: StudyState, why: str, *, is_full: bool) -> Fate:
    """Return what became of a study that the engine decided anew."""
    after = state_of(case.order, case.assignment)
    if after.radiologist_id:
        reader, shift = after.radiologist_id, after.shift_code
        return Fate(case, before, Became.DECIDED, reader, shift, why, is_full=is_full)
    waits = ReasonChoices(case.queued.reason).label if case.queued else after.held_reason
    told = "; ".join(filter(None, (why, f"the engine: {waits.lower()}")))
    return Fate(case, before, Became.WAITS, why=told, is_full=is_full)


def open_take_over_desk(
    view: ConfigView, *, at: datetime, actor: str, is_real: bool
) -> TakeOverDesk:
    """Return a desk that decides from a configuration of its own.

    Args:
        view: as the roster will be.
        at: the moment of everything that happens at the desk.
        actor: who the audit lines name.
        is_real: whether the assignment lock is taken; else the desk must not be flushed.
    """
    versions: dict[str, int] = {}
    reader = LoadReader(at=at, ledger=PassingLedger())
    bulk.run_errands(
        [
            *([(LOCK_QUERY, _drop)] if is_real else []),
            (VERSIONS_QUERY, versions.update),
            *reader.errands(view.compiled),
        ]
    )
    book = reader.book(view.compiled, versions)
    return TakeOverDesk(at=at, view=view, book=book, actor=actor, versions=versions)


def _drop(rows: list[tuple[object, ...]]) -> None:
    """Take the rows of a query that is run for its effect."""


def _words(refusal: Refusal) -> str:
    return refusal_words(refusal.code, refusal.params)


def _urgent_first(case: Case) -> tuple[int, float, int]:
    order = case.order
    due = order.report_due_at.timestamp() if order.report_due_at else float("inf")
    return _RANKS.get(order.urgency, len(_RANKS)), due, order.pk


_RANKS = {"STAT": 0, "URGENT": 1, "ROUTINE": 2}
