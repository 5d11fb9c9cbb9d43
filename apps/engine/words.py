"""Says a trace in plain English: what was asked, who fell out and why, what decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from apps.engine.choice import Tie
from apps.engine.codes import ActionType, Outcome, Reason, Refused, Strategy
from apps.engine.scoring import TERMS

# A trace is JSON; its shape is the trace module's business.
Trace = Mapping[str, Any]

_REFUSED: Mapping[Refused, str] = {
    Refused.INACTIVE: "not active",
    Refused.OFFLINE: "offline",
    Refused.BUSY: "busy for some minutes",
    Refused.ON_LEAVE: "on leave",
    Refused.NON_READING: "at work that is not reading",
    Refused.EXCLUDED: "excluded by a rule",
    Refused.CREDENTIAL: "lacks the credential {}",
    Refused.SUBSPECIALTY: "is not a reader of {}",
    Refused.LICENCE: "has no valid licence for {}",
    Refused.PRIVILEGE: "has no valid privilege for {}",
    Refused.CONCURRENT_FULL: "full, {} of {} studies open",
    Refused.CONCURRENT_RVU_FULL: "full, {} of {} RVU open",
    Refused.HOURLY_FULL: "full for this hour, {} of {} studies assigned in the last 60 minutes",
    Refused.HOURLY_RVU_FULL: "full for this hour, {} of {} RVU assigned in the last 60 minutes",
    Refused.PASSED_OVER: "had it already and did not take it",
    Refused.NO_LESS_LOAD: "has no less on hand than {}",
    Refused.OTHER_WORK: "has it on shift {}, which does other work",
    Refused.UNKNOWN_PERSON: "not a known radiologist",
    Refused.UNKNOWN_SITE: "cannot be judged, the order's site is unknown",
}
_COUNTED = (
    Refused.CONCURRENT_FULL,
    Refused.CONCURRENT_RVU_FULL,
    Refused.HOURLY_FULL,
    Refused.HOURLY_RVU_FULL,
)
_REASONS: Mapping[Reason, str] = {
    Reason.NO_SHIFT: "no shift that runs now reads this work at this site",
    Reason.NO_ROSTER: "nobody is at work on the shifts that read it",
    Reason.NO_COMPETENCY: "nobody at work has the credentials, licence or privilege it needs",
    Reason.PASSED_OVER: "everybody fit had it before and did not take it",
    Reason.AT_CAPACITY: "everybody who may read it is full",
    Reason.EXCLUDED: "a rule excludes everybody who is at work",
    Reason.HELD: "a rule holds it",
    Reason.RULE_STRICT: "a strict rule names its readers and none of them is fit",
    Reason.UNKNOWN_SITE: "its site is not known",
    Reason.UNKNOWN_MODALITY: "its modality is not known",
    Reason.UNKNOWN_PROCEDURE: "its procedure is not known",
    Reason.NO_PATIENT: "it names no patient",
    Reason.BY_HAND: "a person took its reader off",
}
_ACTIONS: Mapping[ActionType, str] = {
    ActionType.ASSIGN_TO_SHIFT: "assign to shift {}",
    ActionType.ASSIGN_TO_RADIOLOGIST: "assign to {}",
    ActionType.ESCALATE: "escalate",
    ActionType.HOLD: "hold, {}",
    ActionType.EXCLUDE: "exclude {}",
    ActionType.SET_PRIORITY: "set the urgency to {}",
}
_TIES: Mapping[Tie, str] = {
    Tie.ONLY: "the only one left",
    Tie.SCORE: "the highest score",
    Tie.SENIORITY: "the most senior",
    Tie.TURN: "the longest since an assignment on that shift",
    Tie.LOAD: "the least load",
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


def reason_words(reason: Reason) -> str:
    """Return why an order has no reader, as the end of a sentence."""
    return _REASONS[reason]


def refusal_words(code: Refused, params: tuple[int | str, ...] = ()) -> str:
    """Return why a reader fell out, to be read after their id."""
    if code in _COUNTED:
        return _REFUSED[code].format(*params)
    if code is Refused.BUSY and params:
        return f"busy for another {params[0]} min"
    return _REFUSED[code].format(", ".join(str(param) for param in params if param))


def explain(trace: Trace) -> list[str]:
    """Return a decision as sentences, in the order in which it was made."""
    return [
        *_order(trace),
        *_rules(trace),
        *(said for tried in trace.get("tries", ()) for said in _tried(tried)),
        *_escalation(trace),
        _result(trace),
    ]


def _order(trace: Trace) -> Iterator[str]:
    order = trace["order"]
    work = " ".join(filter(None, (order.get("modality"), order.get("body_part"))))
    what = ", ".join((work or "unknown work", order["urgency"], f"site {order.get('site', '?')}"))
    yield f"Order {order.get('accession', order['order_id'])} ({what}) at {_at(trace['at'])}."
    left = trace.get("minutes_left")
    if left is not None:
        late = f"is {_span(-left)} late" if left < 0 else f"is due in {_span(left)}"
        yield f"Its report {late}."
    if "relieve" in trace:
        yield f"It goes only to somebody with less load than {trace['relieve']}, who has it."
    if "lost_by" in trace:
        id_, code, *params = trace["lost_by"]
        yield f"{id_} had it and lost it: {refusal_words(Refused(code), tuple(params))}."


def _rules(trace: Trace) -> Iterator[str]:
    for id_, version, cause in trace.get("skipped", ()):
        yield f"Rule {id_} (version {version}) could not be used and was skipped: {cause}."
    for id_, version, name, action, target in trace.get("rules", ()):
        does = _ACTIONS[ActionType(action)].format(target)
        yield f"Rule {id_} “{name}” (version {version}) holds: {does}."


def _tried(tried: Trace) -> Iterator[str]:
    yield _asked(tried)
    if tried["pool"] == "idle":
        return
    for id_, _shift, _step, code, *params in tried["out"]:
        yield f"{id_}: {refusal_words(Refused(code), tuple(params))}."
    for row in tried["fit"]:
        yield f"{row[0]}: fit, {_figures(row, Strategy(tried['strategy']))}."
    for id_, place, minutes in tried.get("late", ()):
        yield (f"{id_}: would be late, number {place} in the queue at {minutes} minutes a study.")
    if not tried["fit"]:
        yield "Nobody here is fit." if tried["out"] else "Nobody is rostered here now."


def _asked(tried: Trace) -> str:
    shifts = ", ".join(tried.get("shifts", ()))
    match tried["pool"]:
        case "level":
            said = f"Asked the shifts of priority level {tried['level']} that fit: {shifts}"
        case "shift":
            said = f"Asked shift {shifts}"
        case "idle":
            said = f"Shift {shifts} does not run now"
        case "person":
            said = "Asked one radiologist"
        case "cluster":
            said = "Asked everybody on shift in the site's cluster"
        case "by_hand":
            said = "Looked at who is on a shift for it, and at whom the person chose"
        case _:
            said = "Asked everybody else on shift"
    return f"{said}{_because(tried)}."


def _because(tried: Trace) -> str:
    if "rule" in tried:
        return f", which rule {tried['rule']} asks for"
    return f"; the strategy is that of {tried['lead']}" if "lead" in tried else ""


def _figures(row: list[Any], strategy: Strategy) -> str:
    _id, _shift, load, *rest = row
    rvu, limit = load.split("/")
    said = f"{rvu} RVU open for {limit} seats"
    if strategy is Strategy.SCORED:
        terms = zip(_TERMS.values(), rest[1], strict=True)
        sum_ = ", ".join(f"{name} {value}" for name, value in terms if value != "0")
        return f"score {rest[0]} ({sum_}); {said}"
    if strategy is Strategy.ROUND_ROBIN and rest:
        return f"last assigned on this shift {_ago(rest[0])}; {said}"
    if strategy in (Strategy.URGENT, Strategy.ESCALATED):
        return f"{rest[0]} years of seniority; {said}"
    return said


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


def _at(moment: str) -> str:
    """Return a trace's moment to the second; it is UTC."""
    return f"{moment[:10]} {moment[11:19]} UTC"


def _escalation(trace: Trace) -> Iterator[str]:
    match trace.get("escalated_by"):
        case None:
            return
        case "sla":
            yield "Nobody can make the SLA, so the order is marked escalated."
        case "widened":
            yield "Nobody of those shifts could take it, so everybody on shift was asked."
        case rule:
            yield f"The order was escalated by {rule}."


def _result(trace: Trace) -> str:
    result = trace["result"]
    if "by_hand" in trace:
        return _by_hand(trace)
    match Outcome(result["outcome"]):
        case Outcome.ASSIGNED:
            on = f" on {result['shift']}" if "shift" in result else ", off shift"
            return (
                f"Assigned to {result['radiologist']}{on} by {result['strategy']}: {_tie(trace)}."
            )
        case Outcome.HELD:
            return (
                f"Held by rule {result['rule']}: {result.get('reason_text', 'no reason given')}."
            )
        case _:
            return f"Left unassigned: {reason_words(Reason(result['reason']))}."


def _by_hand(trace: Trace) -> str:
    """Return who chose whom, past which limit, and why as they typed it."""
    chosen, said, tried = trace["result"], trace["by_hand"], trace["tries"][-1]
    id_ = chosen["radiologist"]
    on = f" on {chosen['shift']}" if "shift" in chosen else ", off shift,"
    passed = next((row for row in tried["out"] if row[0] == id_), None)
    though = f", though {refusal_words(Refused(passed[3]), tuple(passed[4:]))}" if passed else ""
    why = f": {said['note']}" if "note" in said else ""
    return f"Given to {id_}{on} by hand, by {said['by']}{though}{why}."


def _tie(trace: Trace) -> str:
    """Return what made the difference, and among whom where the SLA narrowed the field."""
    tried = trace["tries"][-1]
    said = _TIES[Tie(tried["by"])]
    late = len(tried.get("late", ()))
    return f"{said} of those in time" if 0 < late < len(tried["fit"]) else said
