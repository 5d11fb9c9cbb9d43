"""Plays past days through, both ways in one run, and says what each came to."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.assignment.choices import RecordedStrategy
from apps.engine.compiled import CompiledConfig
from apps.engine.duty import Span
from apps.engine.rehearsal import Case, Conduct, Rehearsal, Study, Tally, compile_both, deciders_of
from apps.roster.models import WorkCredit
from apps.trials.whatif.changing import Ways
from apps.trials.whatif.history import Had, Past, Wanted, past
from apps.trials.whatif.openings import openings_at
from apps.trials.whatif.paces import Paces, paces_of

MOST_MOVES = 20_000
"""How many of the orders that move are kept one by one; all of them are counted."""
_READ_ON = timedelta(days=1)
_LEARNT_FROM = timedelta(days=1)
_TELL_SECONDS = 1.0
_LOOK_EVERY = 64


class StoppedError(Exception):
    """The run is no longer wanted, or its process has to end."""


@dataclass(frozen=True, slots=True)
class Move:
    """An order that goes elsewhere; what became of it either way, as JSON."""

    order: int
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(slots=True)
class Played:
    """What a run came to."""

    report: dict[str, Any] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)


@dataclass(slots=True)
class _Pairs:
    """Holds the studies of one way until the other way's is over too, and compares them."""

    before: Tally = field(default_factory=Tally)
    after: Tally = field(default_factory=Tally)
    moves: list[Move] = field(default_factory=list)
    moved: int = 0
    agreed: int = 0
    compared: int = 0
    waiting: dict[int, tuple[bool, Study]] = field(default_factory=dict)
    truth: dict[int, str] = field(default_factory=dict)

    def sink(self, *, is_after: bool) -> Callable[[Study], None]:
        """Return who takes the studies of one way."""
        tally = self.after if is_after else self.before

        def take(study: Study) -> None:
            tally.add(study)
            if study.is_counted:
                self._pair(study, is_after=is_after)

        return take

    def _pair(self, study: Study, *, is_after: bool) -> None:
        order = study.order.order_id
        if not is_after:
            self._judge(order, study)
        kept = self.waiting.pop(order, None)
        if kept is None:
            self.waiting[order] = (is_after, study)
        else:
            self._compare(*((kept[1], study) if is_after else (study, kept[1])))

    def _judge(self, order: int, study: Study) -> None:
        """Compare the replay of what stands now with what really happened."""
        real = self.truth.pop(order, "")
        if real:
            self.compared += 1
            self.agreed += real == study.first_reader

    def _compare(self, before: Study, after: Study) -> None:
        if (before.reader, before.shift) == (after.reader, after.shift):
            return
        self.moved += 1
        if len(self.moves) < MOST_MOVES:
            order = before.order
            self.moves.append(
                Move(order.order_id, before.case.ready_at, _told(before), _told(after))
            )


class Play:
    """One run: the past, and a department that works on it in two ways."""

    def __init__(self, wanted: Wanted, before: Ways, after: Ways) -> None:
        """Prepare to play; ``run`` does."""
        self.wanted = wanted
        self.done = self.decisions = 0
        self._pairs = _Pairs()
        self._actual = Tally()
        self._compiled = compile_both(before.config, after.config)
        self._deciders = deciders_of(*self._compiled)
        self._ways = (before, after)
        self._told_at = 0.0

    def run(self, tell: Callable[[int], bool]) -> Played:
        """Play it.

        Args:
            tell: told each second how many orders were decided; answers whether to go on.

        Raises:
            StoppedError: it answered that it is not.
        """
        began = time.monotonic()
        since, until = self.wanted.since, self.wanted.until
        paces = paces_of(since - _LEARNT_FROM, until)
        openings = openings_at(since, paces)
        rehearsals = [self._rehearsal(way, paces) for way in (0, 1)]
        for rehearsal in rehearsals:
            openings.begin(rehearsal)
        for one in past(self._asked(), paces):
            self._take(one, rehearsals, tell)
        hours = []
        for rehearsal in rehearsals:
            rehearsal.run_to(until)
            hours.append(rehearsal.hours())
            rehearsal.close(until + _READ_ON)
        self.decisions = sum(rehearsal.decisions for rehearsal in rehearsals)
        moves = sorted(self._pairs.moves, key=lambda move: (move.at, move.order))
        return Played(self._report(rehearsals, hours, time.monotonic() - began), moves)

    def _take(self, one: Past, rehearsals: list[Rehearsal], tell: Callable[[int], bool]) -> None:
        self._pairs.truth[one.case.order.order_id] = _really(one.had)
        self._actual.add(_study(one))
        for rehearsal in rehearsals:
            rehearsal.take(one.case)
        self.done += 1
        if self.done % _LOOK_EVERY == 0 and time.monotonic() - self._told_at >= _TELL_SECONDS:
            self._told_at = time.monotonic()
            if not tell(self.done):
                raise StoppedError

    def _asked(self) -> Wanted:
        """Return which past is wanted, with the facts that rules of either way read."""
        read = {fact for compiled in self._compiled for fact in compiled.rules.facts_read}
        return Wanted(
            self.wanted.since, self.wanted.until, frozenset(read), self.wanted.priors_days
        )

    def _rehearsal(self, way: int, paces: Paces) -> Rehearsal:
        ways = self._ways[way]
        speeds = dict(paces.speeds)
        speeds.update({new: speeds[like] for new, like in ways.likes.items() if like in speeds})

        def seconds(case: Case, reader: str) -> float:
            return case.seconds * speeds.get(reader, 1.0)

        company = (ways.together, ways.together_most, ways.prefers_priors)
        conduct = Conduct(seconds, *company, other_work=self._other_work())
        compiled: CompiledConfig = self._compiled[way]
        sink = self._pairs.sink(is_after=way == 1)
        decider = self._deciders[way]
        return Rehearsal(compiled, self.wanted.since, sink, conduct=conduct, decider=decider)

    def _other_work(self) -> dict[str, tuple[Span, ...]]:
        """Return when readers on duty did not read, as it was logged."""
        rows = WorkCredit.objects.filter(
            end_at__gt=self.wanted.since - _LEARNT_FROM, start_at__lt=self.wanted.until + _READ_ON
        ).order_by("start_at", "pk")
        found: dict[str, list[Span]] = defaultdict(list)
        for reader, start_at, end_at in rows.values_list("radiologist_id", "start_at", "end_at"):
            found[reader].append(Span(start_at, end_at))
        return {reader: tuple(spans) for reader, spans in found.items()}

    def _report(
        self, rehearsals: list[Rehearsal], hours: list[dict[str, timedelta]], seconds: float
    ) -> dict[str, Any]:
        before, after = rehearsals
        pairs = self._pairs
        return {
            "orders": self.done,
            "decisions": self.decisions,
            "seconds": round(seconds, 2),
            "before": pairs.before.told(before.hands.by_id, hours[0]),
            "after": pairs.after.told(after.hands.by_id, hours[1]),
            "actual": self._actual.told({}, hours[0]),
            "agreed": pairs.agreed,
            "compared": pairs.compared,
            "moved": pairs.moved,
            "moves_kept": len(pairs.moves),
        }


def _told(study: Study) -> dict[str, Any]:
    """Return what became of a study, as it is kept; what is empty is left out."""
    said = {
        "reader": study.reader,
        "shift": study.shift,
        "rule": study.rule,
        "strategy": study.strategy,
        "reason": study.reason.value if study.reason and not study.reader else "",
        "breached": study.is_breached,
        "seconds": _span(study.case.ready_at, study.done_at),
    }
    return {name: value for name, value in said.items() if value not in ("", None, False)}


def _really(had: Sequence[Had]) -> str:
    """Return who first was given it by the engine, as the replay decides; empty by hand."""
    first = had[0] if had else None
    by_hand = first is not None and (first.strategy == RecordedStrategy.MANUAL or first.made_by)
    return "" if first is None or by_hand else first.reader


def _study(one: Past) -> Study:
    """Return what really became of an order, as the tallies count it."""
    last = one.had[-1] if one.had else None
    first = one.had[0] if one.had else None
    done_at = next((had.completed_at for had in reversed(one.had) if had.completed_at), None)
    done_at = done_at or one.reported_at
    return Study(
        case=one.case,
        urgency=one.urgency,
        due_at=one.due_at,
        reader=last.reader if last else "",
        shift=last.shift if last else "",
        strategy=last.strategy if last else "",
        escalated=bool(last and last.escalated),
        first_at=first.assigned_at if first else None,
        given_at=last.assigned_at if last else None,
        done_at=done_at,
        moves=max(len(one.had) - 1, 0),
        is_breached=one.is_breached,
        is_over=True,
    )


def _span(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else int((until - since).total_seconds())
