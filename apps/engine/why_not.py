"""Why an order did not go to one reader: every obstacle, in the order of the engine's steps.

A decision stops at the first reason for each reader, and does not look at those whom it need not
ask. Here it is made again and then asked about one person: what they lack, whom the rules and the
pools put before them, and by what figure they lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fractions import Fraction

from apps.engine import refusals_of
from apps.engine.capacity import DEFAULT_TURNAROUND_MINUTES, queue_ahead
from apps.engine.choice import Candidate, Tie, choose
from apps.engine.codes import ActionType, Outcome, Reason, Refused, Step, Urgency
from apps.engine.considered import causes_of, pool_key
from apps.engine.decision import begun, ended
from apps.engine.facts import OrderFacts, RadiologistFacts
from apps.engine.members import Member, Pool
from apps.engine.obstacles import Hurdle, Obstacle, Stage
from apps.engine.pools import pools_by_level
from apps.engine.record import Seen
from apps.engine.refusals import UNKNOWN_PERSON, Refusal
from apps.engine.result import Decision, Snapshot
from apps.engine.selection import Attempt
from apps.engine.specificity import PoolKey

_STAGES = {step: Stage(step.value) for step in Step}
_HOURLY = frozenset({Refused.HOURLY_FULL, Refused.HOURLY_RVU_FULL})


def why_not(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    radiologist: str,
    *,
    widen: bool = False,
    relieve: str = "",
    planned: str = "",
    others: int = 0,
) -> list[Obstacle]:
    """Return every obstacle in the engine's order; none where the order goes to them.

    Args:
        order: the order's facts.
        at: the decision's moment.
        snapshot: what it is made on.
        radiologist: the id of whoever is asked about.
        widen: as for ``decide``.
        relieve: as for ``decide``.
        planned: as for ``begun``: to whom it went where many were given out together.
        others: how many those were beside it, 0 where that is not known.
    """
    run = begun(order, at, snapshot, widen=widen, relieve=relieve, planned=planned)
    decision = ended(run, order, snapshot)
    if decision.radiologist == radiologist:
        return []
    asked = _Asked(order, at, snapshot, run.seen, decision, others)
    return sorted(asked.about(radiologist), key=lambda one: list(Stage).index(one.stage))


def refused_as(refusal: Refusal) -> Obstacle:
    """Return what a filter says, as an obstacle."""
    return Obstacle(_STAGES[refusal.step], Hurdle.REFUSED, refusal.params, code=refusal.code)


def standing_refusals(
    order: OrderFacts, at: datetime, snapshot: Snapshot, seen: Seen, person: RadiologistFacts
) -> list[Refusal]:
    """Return every filter that a reader would not pass, whichever pool they are in.

    Args:
        order: the order's facts.
        at: the moment.
        snapshot: what was decided on.
        seen: what the decision met.
        person: the reader.
    """
    compiled, site = snapshot.compiled, snapshot.compiled.sites.get(order.site)
    if site is None:
        return []
    situation, load = seen.situation, seen.situation.load_of(person.id)
    key = pool_key(order, at, compiled, site, urgency=situation.urgency, more=seen.required)
    member = member_of(seen, person.id) or _member(
        pools_by_level(compiled, compiled.coverage_at(at), key), person.id
    )
    return [
        *refusals_of.absences(compiled, person, member, key.demand, at),
        *(() if _is_named(seen.attempts, person.id) else refusals_of.presences(load, at)),
        *refusals_of.lacks(person, key.demand, compiled, member.shift if member else None),
        *refusals_of.passed_over(person, situation),
        *refusals_of.limits(
            person, load, situation, may_pass_hourly=_may_pass_hourly(seen, person.id)
        ),
    ]


def member_of(seen: Seen, id_: str) -> Member | None:
    """Return somebody as they were asked last, None where they were not."""
    return _member([attempt.pool for attempt in reversed(seen.attempts)], id_)


def _member(pools: Iterable[Pool], id_: str) -> Member | None:
    members = (member for pool in pools for member in pool.members if member.id == id_)
    return next(members, None)


def excluding(seen: Seen, id_: str) -> list[tuple[int, int]]:
    """Return the rules, with their versions, that leave somebody out."""
    return [
        (rule.facts.id, rule.facts.version)
        for rule in seen.matched
        if rule.facts.action is ActionType.EXCLUDE and id_ in rule.target.named
    ]


def _is_named(attempts: Iterable[Attempt], id_: str) -> bool:
    pools = [one.pool for one in attempts if any(m.id == id_ for m in one.pool.members)]
    return bool(pools) and all(pool.kind == "person" for pool in pools)


def _may_pass_hourly(seen: Seen, id_: str) -> bool:
    """Return whether the hourly limits did not count when somebody was asked last."""
    last = [
        refusal for attempt in seen.attempts for member, refusal in attempt.out if member.id == id_
    ]
    if last and last[-1].code in _HOURLY:
        return False
    # Escalated for want of time is what it became afterwards.
    is_escalated = seen.escalated_by not in ("", "sla")
    return is_escalated or seen.situation.urgency is Urgency.STAT


class _Asked:
    """One decision, asked about somebody whom it did not choose."""

    def __init__(
        self,
        order: OrderFacts,
        at: datetime,
        snapshot: Snapshot,
        seen: Seen,
        decision: Decision,
        others: int,
    ) -> None:
        self.order, self.at, self.snapshot = order, at, snapshot
        self.seen, self.decision, self.others = seen, decision, others
        self.compiled = snapshot.compiled
        self.coverage = self.compiled.coverage_at(at)

    def about(self, id_: str) -> Iterator[Obstacle]:
        person = self.compiled.people.get(id_)
        site = self.compiled.sites.get(self.order.site)
        if site is None:
            yield Obstacle(Stage.SHIFT, Hurdle.UNKNOWN_SITE)
            return
        if person is None:
            yield refused_as(UNKNOWN_PERSON)
            return
        urgency = self.seen.situation.urgency
        key = pool_key(
            self.order, self.at, self.compiled, site, urgency=urgency, more=self.seen.required
        )
        own = self._own_pool(key, id_)
        if own is None:
            yield from self._not_on_it(key, id_)
        for rule, version in excluding(self.seen, id_):
            yield Obstacle(Stage.RULE, Hurdle.EXCLUDED, (rule, version))
        refusals = standing_refusals(self.order, self.at, self.snapshot, self.seen, person)
        yield from (refused_as(refusal) for refusal in refusals)
        yield from self._course(id_, own)

    def _own_pool(self, key: PoolKey, id_: str) -> Pool | None:
        """Return the pool in which the engine would look for somebody, or did."""
        asked = [attempt.pool for attempt in self.seen.attempts]
        pools = (*asked, *pools_by_level(self.compiled, self.coverage, key))
        return next((p for p in pools if any(m.id == id_ for m in p.members)), None)

    def _not_on_it(self, key: PoolKey, id_: str) -> Iterator[Obstacle]:
        """Yield which shifts read it, and what those that somebody is on do instead."""
        reading = []
        for code, on_shift in self.coverage.running.items():
            causes = causes_of(on_shift.shift, self.compiled, self.coverage, key)
            if not causes:
                reading.append(code)
            elif id_ in on_shift.people:
                params = (code, *(cause.value for cause in causes))
                yield Obstacle(Stage.SHIFT, Hurdle.ELSEWHERE, params)
        if reading:
            yield Obstacle(Stage.ROSTER, Hurdle.NOT_SEATED, tuple(reading))
        else:
            yield Obstacle(Stage.SHIFT, Hurdle.NO_SHIFT)

    def _course(self, id_: str, own: Pool | None) -> Iterator[Obstacle]:
        """Yield what became of the order while, or before, they were asked."""
        for attempt in self.seen.attempts:
            mine = next((one for one in attempt.fit if one.person.id == id_), None)
            if mine is not None and attempt.choice is not None:
                yield from self._lost(attempt, mine)
                return
        yield from self._by_rule()
        last = self.seen.attempts[-1] if self.seen.attempts else None
        is_by_pool = self.decision.rule_id is None and self.decision.radiologist
        if own is None or last is None or not is_by_pool:
            return
        if all(one.pool != own for one in self.seen.attempts):
            params = (pool_words(own), pool_words(last.pool))
            who = self.decision.radiologist or ""
            yield Obstacle(Stage.CHOICE, Hurdle.POOL_BEFORE, params, person=who)

    def _by_rule(self) -> Iterator[Obstacle]:
        decision = self.decision
        if decision.rule_id is None:
            return
        params = (decision.rule_id, decision.rule_version or 0)
        hurdle = Hurdle.RULE_SENT
        if decision.outcome is Outcome.HELD:
            hurdle = Hurdle.RULE_HELD
        elif decision.reason is Reason.WORKLIST:
            hurdle = Hurdle.RULE_LISTED
        elif decision.reason is Reason.RULE_STRICT:
            hurdle = Hurdle.RULE_STRICT
        yield Obstacle(Stage.RULE, hurdle, params, person=decision.radiologist or "")

    def _lost(self, attempt: Attempt, mine: Candidate) -> Iterator[Obstacle]:
        if attempt.choice is None:  # pragma: no cover -- the caller looked
            return
        best = attempt.choice.candidate
        if mine in attempt.late and not attempt.is_all_late:
            yield self._late(mine)
            return
        favour = attempt.favour
        if favour is not None and mine.person.id not in favour.ids:
            params = (favour.cause.value, favour.rule or 0)
            yield Obstacle(Stage.CHOICE, Hurdle.FAVOUR, params, person=best.person.id)
            return
        first, tie = choose([best, mine], attempt.strategy)
        if first is mine:
            others = (self.others,) if self.others else ()
            yield Obstacle(Stage.CHOICE, Hurdle.TOGETHER, others, person=best.person.id)
            return
        figures = _figure(tie, mine, self.at), _figure(tie, best, self.at)
        yield Obstacle(Stage.CHOICE, Hurdle.LOST, (tie.value, *figures), person=best.person.id)

    def _late(self, mine: Candidate) -> Obstacle:
        mean = mine.workload.mean_turnaround_minutes
        place = queue_ahead(mine.workload, self.seen.situation.urgency) + 1
        minutes = DEFAULT_TURNAROUND_MINUTES if mean is None else mean
        return Obstacle(Stage.SLA, Hurdle.LATE, (place, f"{minutes:f}"))


def pool_words(pool: Pool) -> str:
    """Return who is asked together, in words."""
    shifts = ", ".join(pool.shifts)
    match pool.kind:
        case "level":
            return f"level {pool.level} ({shifts})"
        case "shift" | "worklist":
            return f"shift {shifts}"
        case "cluster":
            return "a shift in the site's cluster"
        case _:
            return "a shift elsewhere"


def _figure(tie: Tie, one: Candidate, at: datetime) -> str:
    """Return the figure that made the difference, as people read it."""
    load, person = one.workload, one.person
    match tie:
        case Tie.SCORE:
            return f"{one.score.normalize():f}"
        case Tie.SENIORITY:
            return str(person.seniority_years)
        case Tie.TURN:
            code = one.shift.code if one.shift else ""
            return _ago(load.last_on_shift.get(code), at)
        case Tie.LAST:
            return _ago(load.last_assigned_at, at)
        case Tie.SHARE:
            return f"{load.given_units:f} units in {load.worked_seconds // 60} min"
        case Tie.COST:
            return str(one.cost)
        case _:
            return f"{load.open_rvu:f}/{person.max_concurrent_studies}"


def _ago(moment: datetime | None, at: datetime) -> str:
    if moment is None:
        return "never"
    minutes = int(Fraction((at - moment).total_seconds()) // 60)
    return f"{minutes} min ago" if minutes else "just now"
