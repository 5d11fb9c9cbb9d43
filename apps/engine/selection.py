"""Steps 4 to 7 for one pool: who is fit, who makes the SLA, who is chosen.

Unfit readers fall out before the choice, so one of them never blocks a fit one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from apps.engine.alike import Alike, once
from apps.engine.capacity import capacity_refusal, is_in_time, needed_us, relief_refusal
from apps.engine.choice import Candidate, Choice, Tie, choose, not_too_full, set_shares
from apps.engine.codes import CONFIGURED, Presence, Strategy, Urgency
from apps.engine.conditions.subject import Subject
from apps.engine.duty import Span
from apps.engine.facts import Balance, RadiologistFacts, RuleFacts, Weights, Workload
from apps.engine.favour import Favour, favoured
from apps.engine.members import Member, Pool
from apps.engine.optimal.costs import Ahead, Wanted, priced
from apps.engine.refusals import BUSY, EXCLUDED, OFFLINE, PASSED_OVER, UNKNOWN_PERSON, Refusal
from apps.engine.rules import CompiledRule
from apps.engine.scoring import score_terms, total

_MINUTE = timedelta(minutes=1)
_MICROSECOND = timedelta(microseconds=1)
_NOT_ASKED = (Presence.OFFLINE, Presence.BUSY)


def _unknown(_radiologist: str) -> tuple[Span, ...]:
    return ()


@dataclass(slots=True)
class Situation:
    """What every pool is judged by; rules add to it on the way.

    ``excluded`` are ids named by EXCLUDE rules; ``is_escalated`` lets the order pass hourly
    limits; ``relieved`` is the reader whom the order may leave only for somebody with less load.
    ``preferred`` are the PREFER rules that hold, in order; ``strategy`` stands for that of the
    shifts where a rule names one. ``ahead`` says when somebody is there to read from now on;
    ``planned`` is who is meant to have it where many were given out together, ``alike`` what
    deciding them has in common.
    """

    subject: Subject
    loads: Mapping[str, Workload]
    weights: Weights
    balance: Balance = field(default_factory=Balance)
    preferred: list[CompiledRule] = field(default_factory=list)
    strategy: Strategy | None = None
    excluded: frozenset[str] = frozenset()
    is_escalated: bool = False
    relieved: RadiologistFacts | None = None
    ahead: Ahead = _unknown
    planned: str = ""
    alike: Alike | None = None

    @property
    def at(self) -> datetime:
        """Return the decision's moment."""
        return self.subject.at

    @property
    def urgency(self) -> Urgency:
        """Return the urgency after the SET_PRIORITY rules so far."""
        return self.subject.urgency

    @property
    def time_left(self) -> timedelta | None:
        """Return the time until the report is due, None without an SLA."""
        due_at = self.subject.order.report_due_at
        return None if due_at is None else due_at - self.at

    def load_of(self, radiologist: str) -> Workload:
        """Return a reader's workload; who has none on record has nothing on hand."""
        return self.loads.get(radiologist) or Workload(radiologist)


@dataclass(slots=True)
class Attempt:
    """What asking one pool came to; ``rule`` is the rule that named the pool, if one did.

    ``late`` are the fit candidates who cannot make the SLA; ``favour`` says whom something else
    than the strategy put first among the others, ``asked`` are those among whom it chose.
    """

    pool: Pool
    rule: RuleFacts | None
    out: list[tuple[Member, Refusal]] = field(default_factory=list)
    fit: list[Candidate] = field(default_factory=list)
    late: list[Candidate] = field(default_factory=list)
    choice: Choice | None = None
    favour: Favour | None = None
    strategy: Strategy = Strategy.LOAD_BALANCED
    asked: Sequence[Candidate] = ()

    @property
    def is_all_late(self) -> bool:
        """Say whether somebody is fit and nobody of them can make the SLA."""
        return bool(self.fit) and len(self.late) == len(self.fit)


def ask(pool: Pool, situation: Situation, rule: RuleFacts | None = None) -> Attempt:
    """Filter a pool and choose one of those who remain, if any do."""
    attempt = offer(pool, situation, rule)
    if attempt.fit:
        _choose(attempt, situation)
    return attempt


def offer(pool: Pool, situation: Situation, rule: RuleFacts | None = None) -> Attempt:
    """Filter a pool and choose nobody."""
    may_pass_hourly = situation.is_escalated or situation.urgency is Urgency.STAT
    relieved = situation.relieved.id if situation.relieved else ""
    key = (may_pass_hourly, situation.excluded, situation.subject.order.passed_over, relieved)
    out, fit = once(
        situation.alike,
        pool,
        key,
        lambda: _filtered(pool, situation, may_pass_hourly=may_pass_hourly),
    )
    return Attempt(pool, rule, out, fit, strategy=_strategy(pool, situation))


def _filtered(
    pool: Pool, situation: Situation, *, may_pass_hourly: bool
) -> tuple[list[tuple[Member, Refusal]], list[Candidate]]:
    out: list[tuple[Member, Refusal]] = []
    fit: list[Candidate] = []
    loads = situation.loads
    for member in pool.members:
        person = member.person
        if person is None or member.absence is not None:
            out.append((member, member.absence or UNKNOWN_PERSON))
            continue
        load = loads.get(member.id) or Workload(member.id)
        refusal = _early_refusal(member, load, situation) or capacity_refusal(
            person, load, may_pass_hourly=may_pass_hourly
        )
        if refusal is None and situation.relieved is not None:
            refusal = _relief_refusal(person, load, situation)
        if refusal is None:
            fit.append(Candidate(person, member.shift, load))
        else:
            out.append((member, refusal))
    return out, fit


def _strategy(pool: Pool, situation: Situation) -> Strategy:
    """Return how is chosen here; who is named, or asked once all are, is never a shift's choice."""
    has_shifts = pool.strategy in CONFIGURED
    return situation.strategy if situation.strategy and has_shifts else pool.strategy


def _early_refusal(member: Member, load: Workload, situation: Situation) -> Refusal | None:
    """Return the refusal of the steps between absence and capacity, in their order."""
    # A rule may name somebody who is not at work; presence is asked of those on a shift pool.
    if load.presence in _NOT_ASKED and not member.is_named:
        return presence_refusal(load, situation.subject.at)
    if member.id in situation.excluded:
        return EXCLUDED
    if member.unfitness is not None:
        return member.unfitness
    return PASSED_OVER if member.id in situation.subject.order.passed_over else None


def presence_refusal(load: Workload, at: datetime) -> Refusal | None:
    """Return why new work passes a reader by for where they are; with the minutes, begun ones too."""
    if load.presence is Presence.OFFLINE:
        return OFFLINE
    if load.presence is not Presence.BUSY:
        return None
    if load.busy_until is None:
        return BUSY
    return BUSY._replace(params=(max(-((at - load.busy_until) // _MINUTE), 1),))


def _relief_refusal(
    person: RadiologistFacts, load: Workload, situation: Situation
) -> Refusal | None:
    relieved = situation.relieved
    if relieved is None:
        return None
    return relief_refusal(person, load, relieved, situation.load_of(relieved.id))


def _choose(attempt: Attempt, situation: Situation) -> None:
    _measure(attempt, situation)
    in_time = _in_time(attempt, situation)
    order, balance = situation.subject.order, situation.balance
    attempt.asked = in_time
    if attempt.pool.kind != "person":
        attempt.favour, attempt.asked = favoured(in_time, order, balance, situation.preferred)
    if attempt.favour is None and attempt.strategy is Strategy.FAIR:
        attempt.asked = _not_flooded(attempt.asked, balance)
    attempt.choice = _as_planned(attempt, situation.planned) or choose(
        attempt.asked, attempt.strategy
    )


def _not_flooded(asked: Sequence[Candidate], balance: Balance) -> Sequence[Candidate]:
    """Return among whom shares decide: who is behind catches up, and is never heaped with work."""
    may = not_too_full(asked, balance.company_share)
    return [candidate for candidate in asked if candidate.person.id in may]


def _as_planned(attempt: Attempt, planned: str) -> Choice | None:
    """Return whom the order was given to when many were given out together, if they are asked."""
    if not planned or attempt.strategy is not Strategy.OPTIMAL or len(attempt.asked) == 1:
        return None
    meant = (candidate for candidate in attempt.asked if candidate.person.id == planned)
    return next((Choice(candidate, Tie.TOGETHER) for candidate in meant), None)


def _measure(attempt: Attempt, situation: Situation) -> None:
    """Set what the strategy compares beside the loads."""
    match attempt.strategy:
        case Strategy.SCORED:
            _set_scores(attempt.fit, situation)
        case Strategy.FAIR:
            set_shares(attempt.fit, situation.balance.catch_up_units)
        case Strategy.OPTIMAL:
            attempt.fit = _priced(attempt.fit, situation)
        case _:
            pass


def _priced(fit: list[Candidate], situation: Situation) -> list[Candidate]:
    wanted, balance, ahead = wanted_of(situation), situation.balance, situation.ahead
    return priced(fit, wanted, balance, ahead, situation.alike)


def wanted_of(situation: Situation) -> Wanted:
    """Return what the costs of the study follow from."""
    subject = situation.subject
    return Wanted(subject.order, subject.urgency, subject.at, subject.subspecialty)


def _in_time(attempt: Attempt, situation: Situation) -> Sequence[Candidate]:
    """Return those who can make the SLA, or everybody when nobody can. Source: spec 2, step 6."""
    time_left = situation.time_left
    if time_left is None:
        return attempt.fit
    rank, left_us = situation.urgency.rank, time_left // _MICROSECOND
    if situation.alike is not None and left_us >= _slowest_us(attempt.fit, rank, situation.alike):
        return attempt.fit
    in_time: list[Candidate] = []
    for candidate in attempt.fit:
        makes_it = is_in_time(candidate.workload, rank, left_us)
        (in_time if makes_it else attempt.late).append(candidate)
    return in_time or attempt.fit


def _slowest_us(fit: list[Candidate], rank: int, alike: Alike) -> int:
    """Return how long the last of all fit readers would take to a study of such urgency."""
    return alike.once(
        fit, ("slowest", rank), lambda: max([needed_us(one.workload, rank) for one in fit])
    )


def _set_scores(candidates: list[Candidate], situation: Situation) -> None:
    for candidate in candidates:
        candidate.terms = _terms(candidate.person, candidate.workload, situation)
        candidate.score = total(candidate.terms)


def _terms(person: RadiologistFacts, load: Workload, situation: Situation) -> tuple[Decimal, ...]:
    return score_terms(
        person,
        load,
        situation.weights,
        subspecialty=situation.subject.subspecialty,
        urgency=situation.urgency,
        at=situation.at,
    )
