"""The trace: everything a decision saw, as compact JSON of codes and figures.

It holds the inputs that mattered (so that the decision can be replayed against the same
configuration), each pool asked with every reader who fell out and why, and the figures that
the choice compared. Times that are compared are written as microseconds before the decision.
Decimals are text, so no figure passes through a float. ``story.explain`` says it in English.

The order's facts are those the engine always reads plus those a rule's condition asked for:
of the patient nothing is kept that no rule looked at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.engine.alike import once
from apps.engine.capacity import DEFAULT_TURNAROUND_MINUTES, queue_ahead
from apps.engine.choice import Candidate
from apps.engine.codec import from_json
from apps.engine.codes import Presence, Strategy
from apps.engine.conditions.fields import OWN
from apps.engine.facts import OrderFacts, RuleFacts, Workload
from apps.engine.favour import Favour
from apps.engine.rules import Skipped
from apps.engine.selection import Attempt, Situation

# JSON values; the trace's shape is this module's business and is tested as a whole.
JSON = Any

TRACE_VERSION = 1
_MICROSECOND = timedelta(microseconds=1)
_ALWAYS_READ = (
    "order_id",
    "issuer",
    "accession",
    "site",
    "modality",
    "body_part",
    "subspecialty",
    "urgency",
    "received_at",
    "required_credentials",
    "required_subspecialty",
    "report_due_at",
    "passed_over",
    "together",
    "priors",
)


def order_json(order: OrderFacts, facts_read: Iterable[str]) -> dict[str, JSON]:
    """Return the order's facts that the engine and the rules read; unknown ones are left out."""
    values = ((name, _fact(order, name)) for name in (*_ALWAYS_READ, *facts_read))
    return {name: _value(value) for name, value in values if value not in _EMPTY}


def order_from(kept: Mapping[str, JSON]) -> OrderFacts:
    """Return the order that ``order_json`` wrote; one of a sender's own fields each is ``own.x``.

    What was written when a trace kept all of ``own`` as one entry is read as well.
    """
    own = {name.removeprefix(OWN): said for name, said in kept.items() if name.startswith(OWN)}
    facts = {name: said for name, said in kept.items() if not name.startswith(OWN)}
    return from_json(OrderFacts, {**_BLANK, **facts, "own": {**facts.get("own", {}), **own}})


def _fact(order: OrderFacts, name: str) -> object:
    if name.startswith(OWN):
        return order.own.get(name.removeprefix(OWN))
    return getattr(order, name)


# Facts without a default that an order may lack; a trace leaves out what is empty.
_BLANK = dict.fromkeys(
    ("issuer", "accession", "site", "modality", "body_part", "subspecialty"), ""
)
_EMPTY: tuple[object, ...] = ("", None, frozenset(), (), {})


def _value(value: object) -> JSON:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    return _listed(value)


def _listed(value: object) -> JSON:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


def ago(at: datetime, moment: datetime | None) -> int | None:
    """Return how many microseconds before ``at`` something was; None for never."""
    return None if moment is None else (at - moment) // _MICROSECOND


def load_json(load: Workload, at: datetime) -> list[JSON]:
    """Return a workload as a row, what is at its default left off at the end.

    In order: open STAT, URGENT and ROUTINE studies, assignments of the last hour, microseconds
    since the last assignment, open RVU, RVU of the last hour, mean turnaround in minutes,
    presence, microseconds since the last activity, microseconds until they are no longer busy.
    """
    row: list[JSON] = [
        *load.open_by_urgency,
        load.assigned_last_hour,
        ago(at, load.last_assigned_at),
        _decimal(load.open_rvu),
        _decimal(load.rvu_last_hour),
        None if load.mean_turnaround_minutes is None else f"{load.mean_turnaround_minutes:f}",
        None if load.presence is Presence.UNKNOWN else load.presence.value,
        ago(at, load.last_activity_at),
        None if load.busy_until is None else ago(load.busy_until, at),
    ]
    while row and row[-1] in (None, 0):
        row.pop()
    return row


def _decimal(number: Decimal) -> str | None:
    """Return a decimal digit for digit, None for the default "0" (and not for "0.00")."""
    text = f"{number:f}"
    return None if text == "0" else text


def attempt_json(attempt: Attempt, situation: Situation) -> dict[str, JSON]:
    """Return one pool asked: who fell out, who was fit with their figures, what decided."""
    pool = attempt.pool
    entry: dict[str, JSON] = {"pool": pool.kind, "strategy": attempt.strategy.value}
    if pool.level is not None:
        entry["level"] = pool.level
    if attempt.rule is not None:
        entry["rule"] = attempt.rule.id
    if pool.shifts:
        entry["shifts"] = list(pool.shifts)
    if pool.most_specific is not None and len(pool.shifts) > 1:
        entry["lead"] = pool.most_specific
    alike, key = situation.alike, ("rows", attempt.strategy)
    entry["out"] = once(alike, attempt.out, "rows", lambda: _out_rows(attempt))
    entry["fit"] = once(alike, attempt.fit, key, lambda: _fit_rows(attempt, situation))
    if attempt.late:
        entry["late"] = [_late_row(candidate, situation) for candidate in attempt.late]
    if attempt.favour is not None:
        entry["favour"] = _favour_row(attempt.favour)
    if attempt.choice is not None:
        entry["chosen"] = attempt.choice.candidate.person.id
        entry["by"] = attempt.choice.tie.value
    return entry


def _out_rows(attempt: Attempt) -> list[JSON]:
    return [
        [member.id, member.shift.code if member.shift else None, step, code, *params]
        for member, (step, code, params) in attempt.out
    ]


def _fit_rows(attempt: Attempt, situation: Situation) -> list[JSON]:
    if attempt.strategy is Strategy.OPTIMAL:
        said: dict[str, tuple[JSON, ...]] = once(situation.alike, situation.loads, "said", dict)
        return [_priced_row(candidate, said) for candidate in attempt.fit]
    return [_fit_row(candidate, attempt.strategy, situation) for candidate in attempt.fit]


def _priced_row(candidate: Candidate, said: dict[str, tuple[JSON, ...]]) -> list[JSON]:
    """Return a row of OPTIMAL; ``said`` keeps what of it is the same for every order."""
    person, load = candidate.person, candidate.workload
    known = said.get(person.id)
    if known is None:
        open_rvu = f"{load.open_rvu:f}/{person.max_concurrent_studies}"
        known = said[person.id] = (open_rvu, f"{load.given_units:f}", load.worked_seconds)
    shift = candidate.shift.code if candidate.shift else None
    row: list[JSON] = [person.id, shift, *known]
    if candidate.costs:
        row.append(list(candidate.costs))
    return row


def _fit_row(candidate: Candidate, strategy: Strategy, situation: Situation) -> list[JSON]:
    """Return id, shift, load as a fraction, then what the strategy compares first."""
    person, shift = candidate.person, candidate.shift
    load = f"{candidate.workload.open_rvu:f}/{person.max_concurrent_studies}"
    row: list[JSON] = [person.id, shift.code if shift else None, load]
    if strategy is Strategy.SCORED:
        row += [_short(candidate.score), [_short(term) for term in candidate.terms]]
    elif strategy is Strategy.ROUND_ROBIN and shift:
        row.append(ago(situation.at, candidate.workload.last_on_shift.get(shift.code)))
    elif strategy in (Strategy.URGENT, Strategy.ESCALATED):
        row.append(person.seniority_years)
    elif strategy is Strategy.FAIR:
        row += [f"{candidate.workload.given_units:f}", candidate.workload.worked_seconds]
    return row


def _favour_row(favour: Favour) -> list[JSON]:
    """Return why somebody was put first, the rule's id where one says so, and who."""
    return [favour.cause.value, favour.rule, *favour.ids]


def _late_row(candidate: Candidate, situation: Situation) -> list[JSON]:
    """Return id, the place in the queue this study would have, minutes a study takes."""
    load = candidate.workload
    mean = load.mean_turnaround_minutes
    place = queue_ahead(load, situation.urgency) + 1
    return [
        candidate.person.id,
        place,
        f"{DEFAULT_TURNAROUND_MINUTES if mean is None else mean:f}",
    ]


def _short(number: Decimal) -> str:
    """Return a decimal without trailing zeros or an exponent."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime) -> str:
    """Return a moment as text, in UTC."""
    return at.astimezone(UTC).isoformat()


def rules_json(matched: Iterable[RuleFacts]) -> list[JSON]:
    """Return the rules that held: id, version, name, action, target."""
    return [[rule.id, rule.version, rule.name, rule.action.value, rule.target] for rule in matched]


def skipped_json(skipped: Iterable[Skipped]) -> list[JSON]:
    """Return the rules that could not be evaluated: id, version, cause."""
    return [[rule.id, rule.version, cause] for rule, cause in skipped]


def loads_json(attempts: Iterable[Attempt], situation: Situation) -> dict[str, JSON]:
    """Return the workload row of every reader seen, by id; those with nothing on hand too."""
    seen = {member.id for attempt in attempts for member in attempt.pool.members}
    if situation.relieved is not None:
        seen.add(situation.relieved.id)
    return once(
        situation.alike,
        situation.loads,
        frozenset(seen),
        lambda: {id_: load_json(situation.load_of(id_), situation.at) for id_ in sorted(seen)},
    )


def time_left_minutes(situation: Situation) -> int | None:
    """Return the whole minutes until the report is due, below zero when late already."""
    left = situation.time_left
    return None if left is None else left // timedelta(minutes=1)


def empty_to_none(entries: Mapping[str, JSON]) -> dict[str, JSON]:
    """Return the entries that say something: neither None nor empty."""
    return {name: value for name, value in entries.items() if value not in (None, [], {}, "")}
