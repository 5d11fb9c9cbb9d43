"""Tells a trace in plain English: what was asked, who fell out and why, what decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from apps.engine.choice import Tie
from apps.engine.codes import ActionType, Outcome, Reason, Refused, Strategy
from apps.engine.favour import Cause
from apps.engine.naming import PLAIN, Naming, tidy
from apps.engine.scoring import TERMS
from apps.engine.words import action_words, reason_words, refusal_words, refused_words

# A trace is JSON; its shape is the trace module's business.
Trace = Mapping[str, Any]

_TIES: Mapping[Tie, str] = {
    Tie.ONLY: "the only one left",
    Tie.SCORE: "the highest score",
    Tie.SENIORITY: "the most senior",
    Tie.TURN: "the longest since an assignment on that shift",
    Tie.LOAD: "the least load",
    Tie.SHARE: "the least work given for the hours worked",
    Tie.COST: "the best for time, fit and load together",
    Tie.TOGETHER: "the best for all the orders that were given out together",
    Tie.LAST: "equal until the longest since the last assignment",
    Tie.ID: "equal in everything, so the first by id",
}
_TERMS = dict(
    zip(
        TERMS,
        ("start", "open studies", "subspecialty", "seniority", "recently active", "turnaround"),
        strict=True,
    )
)

_SEVERAL = 3
"""From how many on those who fare alike are told together."""


def explain(trace: Trace, naming: Naming = PLAIN) -> list[str]:
    """Return a decision as sentences, in the order in which it was made.

    Args:
        trace: as the engine wrote it.
        naming: what those are called whom it names; by their ids if none is given.
    """
    return list(_Story(trace, naming).sentences())


class _Story:
    def __init__(self, trace: Trace, naming: Naming) -> None:
        self.trace, self.naming = trace, naming

    def sentences(self) -> Iterator[str]:
        yield from self._order()
        yield from self._rules()
        for tried in self.trace.get("tries", ()):
            yield from self._tried(tried)
        yield from self._escalation()
        yield self._result()

    # -- what was asked ---------------------------------------------------------------------

    def _order(self) -> Iterator[str]:
        trace, order = self.trace, self.trace["order"]
        work = " ".join(filter(None, (order.get("modality"), order.get("body_part"))))
        site = f"site {self.naming.site(order.get('site', '?'))}"
        what = ", ".join((work or "unknown work", order["urgency"], site))
        at = self.naming.moment(trace["at"])
        yield f"Order {order.get('accession', order['order_id'])} ({what}) at {at}."
        left = trace.get("minutes_left")
        if left is not None:
            late = f"is {_span(-left)} late" if left < 0 else f"is due in {_span(left)}"
            yield f"Its report {late}."
        if "relieve" in trace:
            who = self.naming.person(trace["relieve"])
            yield f"It goes only to somebody with less load than {who}, who has it."
        if "lost_by" in trace:
            id_, code, *params = trace["lost_by"]
            said = self._refusal(refusal_words, Refused(code), params)
            yield f"{self.naming.person(id_)} had it and lost it: {said}."

    def _rules(self) -> Iterator[str]:
        for id_, version, cause in self.trace.get("skipped", ()):
            rule = _capital(self.naming.rule(id_))
            yield f"{rule} (version {version}) could not be used and was skipped: {cause}."
        for id_, version, name, action, target in self.trace.get("rules", ()):
            called, quoted = self.naming.rule(id_), f"“{name}”"
            rule = _capital(called if quoted in called else f"{called} {quoted}")
            does = action_words(ActionType(action), target, self.naming)
            numbered = f" (version {version})" if version else ""
            yield f"{rule}{numbered} holds: {does}."

    # -- who was looked at ------------------------------------------------------------------

    def _tried(self, tried: Trace) -> Iterator[str]:
        yield self._asked(tried)
        if tried["pool"] == "idle":
            return
        yield from self._out(tried)
        yield from self._fit(tried)
        if "favour" in tried:
            yield self._favour(tried["favour"])
        for id_, place, minutes in tried.get("late", ()):
            who, each = self.naming.person(id_), tidy(minutes)
            yield f"{who}: would be late, number {place} in the queue at {each} minutes a study."
        if not tried["fit"]:
            yield "Nobody here is fit." if tried["out"] else "Nobody is rostered here now."

    def _out(self, tried: Trace) -> Iterator[str]:
        """Yield who fell out and why; those who fell out for one cause together."""
        causes: dict[tuple[Any, ...], list[str]] = {}
        for id_, _shift, _step, *cause in tried["out"]:
            causes.setdefault(tuple(cause), []).append(id_)
        for (code, *params), ids in causes.items():
            if len(ids) < _SEVERAL:
                said = self._refusal(refusal_words, Refused(code), params)
                yield from (f"{self.naming.person(id_)}: {said}." for id_ in ids)
                continue
            said = self._refusal(refused_words, Refused(code), params)
            yield f"{len(ids)} readers {said}: {self.naming.people(ids)}."

    def _fit(self, tried: Trace) -> Iterator[str]:
        """Yield who was fit and what was compared; those who are equal in it together."""
        alike: dict[str, list[str]] = {}
        for row in tried["fit"]:
            alike.setdefault(_figures(row, Strategy(tried["strategy"])), []).append(row[0])
        for figures, ids in alike.items():
            if len(ids) < _SEVERAL:
                yield from (f"{self.naming.person(id_)}: fit, {figures}." for id_ in ids)
            else:
                yield f"{len(ids)} readers are fit, each {figures}: {self.naming.people(ids)}."

    def _refusal(
        self,
        words: Callable[[Refused, tuple[int | str, ...]], str],
        code: Refused,
        params: list[int | str],
    ) -> str:
        return words(code, self.naming.refused(code, params))

    def _favour(self, row: list[Any]) -> str:
        cause, rule, *ids = row
        who = ", ".join(map(self.naming.person, ids))
        match Cause(cause):
            case Cause.RULE:
                return f"{_capital(self.naming.rule(rule))} puts first: {who}."
            case Cause.TOGETHER:
                return f"{who} has unread studies of the same patient and comes first."
            case Cause.PRIORS:
                return f"{who} read the patient's earlier studies and comes first."

    def _asked(self, tried: Trace) -> str:
        shifts = ", ".join(map(self.naming.shift, tried.get("shifts", ())))
        match tried["pool"]:
            case "level":
                said = f"Asked the shifts of priority level {tried['level']} that fit: {shifts}"
            case "shift":
                said = f"Asked shift {shifts}"
            case "idle":
                said = f"Shift {shifts} does not run now"
            case "person":
                said = "Asked one radiologist"
            case "worklist":
                said = "Asked who shares the list"
            case "cluster":
                said = "Asked everybody on shift in the site's cluster"
            case "by_hand":
                said = "Looked at who is on a shift for it, and at whom the person chose"
            case _:
                said = "Asked everybody else on shift"
        return f"{said}{self._because(tried)}."

    def _because(self, tried: Trace) -> str:
        if "rule" in tried:
            return f", which {self.naming.rule(tried['rule'])} asks for"
        if "lead" in tried:
            return f"; the strategy is that of {self.naming.shift(tried['lead'])}"
        return ""

    # -- what it came to --------------------------------------------------------------------

    def _escalation(self) -> Iterator[str]:
        match self.trace.get("escalated_by"):
            case None:
                return
            case "sla":
                yield "Nobody can make the SLA, so the order is marked escalated."
            case "widened":
                yield "Nobody of those shifts could take it, so everybody on shift was asked."
            case str(cause):
                kind, _, id_ = cause.partition(" ")
                by = self.naming.rule(int(id_)) if kind == "rule" else cause
                yield f"The order was escalated by {by}."

    def _result(self) -> str:
        result = self.trace["result"]
        if "by_hand" in self.trace:
            return self._by_hand()
        match Outcome(result["outcome"]):
            case Outcome.ASSIGNED:
                who, on = self.naming.person(result["radiologist"]), self._on(result)
                by = self.naming.strategy(Strategy(result["strategy"]))
                return f"Assigned to {who}{on} by {by}: {_tie(self.trace)}."
            case Outcome.HELD:
                rule = self.naming.rule(result["rule"])
                return f"Held by {rule}: {result.get('reason_text', 'no reason given')}."
            case _:
                return f"Left unassigned: {reason_words(Reason(result['reason']))}."

    def _by_hand(self) -> str:
        """Return who chose whom, past which limit, and why as they typed it."""
        trace = self.trace
        chosen, said, tried = trace["result"], trace["by_hand"], trace["tries"][-1]
        id_ = chosen["radiologist"]
        on = self._on(chosen) if "shift" in chosen else ", off shift,"
        passed = next((row for row in tried["out"] if row[0] == id_), None)
        though = ""
        if passed:
            code, params = Refused(passed[3]), passed[4:]
            though = f", though {self._refusal(refusal_words, code, params)}"
        why = f": {said['note']}" if "note" in said else ""
        who = self.naming.person(id_)
        return f"Given to {who}{on} by hand, by {said['by']}{though}{why}."

    def _on(self, result: Trace) -> str:
        return f" on {self.naming.shift(result['shift'])}" if "shift" in result else ", off shift"


def _figures(row: list[Any], strategy: Strategy) -> str:
    _id, _shift, load, *rest = row
    rvu, limit = load.split("/")
    said = f"{tidy(rvu)} RVU open for {limit} seats"
    if strategy is Strategy.SCORED:
        terms = zip(_TERMS.values(), rest[1], strict=True)
        sum_ = ", ".join(f"{name} {value}" for name, value in terms if value != "0")
        return f"score {rest[0]} ({sum_}); {said}"
    if strategy is Strategy.ROUND_ROBIN and rest:
        return f"last assigned on this shift {_ago(rest[0])}; {said}"
    if strategy in (Strategy.URGENT, Strategy.ESCALATED):
        return f"{_years(rest[0])} of seniority; {said}"
    if strategy in (Strategy.FAIR, Strategy.OPTIMAL):
        return f"given {tidy(rest[0])} units in {_span(rest[1] // 60)} of work; {said}"
    return said


def _years(count: int) -> str:
    return f"{count} year{'' if count == 1 else 's'}"


def _ago(microseconds: int | None) -> str:
    if microseconds is None:
        return "never"
    minutes = microseconds // 60_000_000
    return f"{_span(minutes)} ago" if minutes else "less than a minute ago"


def _span(minutes: int) -> str:
    """Return a span as people say it: ``23 h 59 min``, ``1 minute``."""
    hours, rest = divmod(minutes, 60)
    if hours:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes} minute{'' if minutes == 1 else 's'}"


def _capital(said: str) -> str:
    return said[:1].upper() + said[1:]


def _tie(trace: Trace) -> str:
    """Return what made the difference, and among whom where favour or the SLA narrowed them."""
    tried = trace["tries"][-1]
    said = _TIES[Tie(tried["by"])]
    if "favour" in tried:
        return f"{said} of those who come first"
    late = len(tried.get("late", ()))
    return f"{said} of those in time" if 0 < late < len(tried["fit"]) else said
