"""What a decision looked at beside its pools, as rows: every shift and every rule, and why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from apps.engine.codes import ActionType
from apps.engine.considered import Considered, considered, pool_key
from apps.engine.facts import OrderFacts
from apps.engine.naming import Naming
from apps.engine.obstacles import shift_out_words
from apps.engine.result import Decision, Snapshot
from apps.engine.rules_seen import Failing, RuleSeen, Verdict, rules_seen
from apps.engine.words import action_words

_OF_PATIENT = frozenset(
    {"patient_age", "patient_sex", "patient_class", "patient_location", "indication"}
)
_VERDICTS: Mapping[Verdict, tuple[str, str, str]] = {
    Verdict.DECIDES: ("decides", "gavel", "good"),
    Verdict.HOLDS: ("holds", "check_circle", "good"),
    Verdict.FAILS: ("does not hold", "block", "calm"),
    Verdict.OUT_OF_TIME: ("out of its time", "event_busy", "calm"),
    Verdict.BROKEN: ("broken", "error", "alarm"),
    Verdict.NOT_ASKED: ("not asked", "more_horiz", "calm"),
}
_HELD = frozenset({Verdict.DECIDES, Verdict.HOLDS})


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """One shift: who is on it now, and all that keeps the order from it; ``why`` empty: asked."""

    code: str
    name: str
    level: int
    why: str
    people: Sequence[str]
    away: Sequence[str]
    starts_at: datetime | None


@dataclass(frozen=True, slots=True)
class RuleRow:
    """One rule, what came of it and, where it does not hold, the condition that fails.

    ``has`` is what the order has there; it is not told of the patient to who may not see them.
    """

    priority: int
    version: int
    name: str
    does: str
    verdict: str
    icon: str
    tone: str
    is_met: bool
    why: str
    has: str
    href: str


@dataclass(frozen=True, slots=True)
class AllSeen:
    """Every shift and every rule, those that matter first in their own lists."""

    asked: Sequence[ShiftRow]
    passed: Sequence[ShiftRow]
    met: Sequence[RuleRow]
    failed: Sequence[RuleRow]


def all_seen(
    order: OrderFacts,
    at: datetime,
    snapshot: Snapshot,
    decision: Decision,
    *,
    naming: Naming,
    may_see_patient: bool,
    known_rules: Collection[int] = (),
) -> AllSeen:
    """Return what a decision looked at.

    Args:
        order: its facts.
        at: its moment.
        snapshot: what it was made on.
        decision: what was decided.
        naming: what those are called whom it names.
        may_see_patient: whether the viewer may be told what the order says of its patient.
        known_rules: ids of rules that still have a page of their own.
    """
    shifts = [_shift_row(one, naming.person) for one in _considered(order, at, snapshot, decision)]
    rules = [
        _rule_row(one, naming, may_see_patient=may_see_patient, known=known_rules)
        for one in rules_seen(order, at, snapshot.compiled, decision)
    ]
    return AllSeen(
        asked=[row for row in shifts if not row.why],
        passed=[row for row in shifts if row.why],
        met=[row for row in rules if row.is_met],
        failed=[row for row in rules if not row.is_met],
    )


def _considered(
    order: OrderFacts, at: datetime, snapshot: Snapshot, decision: Decision
) -> Iterable[Considered]:
    compiled = snapshot.compiled
    site = compiled.sites.get(order.site)
    if site is None:
        return ()
    key = pool_key(order, at, compiled, site, urgency=decision.urgency)
    return considered(at, compiled, key)


def _shift_row(one: Considered, name: Callable[[str], str]) -> ShiftRow:
    shift = one.shift
    return ShiftRow(
        code=shift.code,
        name=shift.name,
        level=shift.priority_level,
        why=" and ".join(shift_out_words(cause).removeprefix("which ") for cause in one.causes),
        people=[name(id_) for id_ in one.people],
        away=[name(id_) for id_ in one.away],
        starts_at=one.starts_at,
    )


def _rule_row(
    one: RuleSeen, naming: Naming, *, may_see_patient: bool, known: Collection[int]
) -> RuleRow:
    rule = one.rule
    words, icon, tone = _VERDICTS[one.verdict]
    return RuleRow(
        priority=rule.priority_order,
        version=rule.version,
        name=rule.name,
        does=action_words(ActionType(rule.action), rule.target, naming),
        verdict=words,
        icon=icon,
        tone=tone,
        is_met=one.verdict in _HELD,
        why=one.problem or (one.failing.words if one.failing else ""),
        has=_has(one.failing, may_see_patient=may_see_patient),
        href=reverse("rule-version", args=[rule.id, rule.version])
        if rule.id in known and rule.version
        else "",
    )


def _has(failing: Failing | None, *, may_see_patient: bool) -> str:
    if failing is None or not failing.value:
        return ""
    is_of_patient = any(name in _OF_PATIENT or name.startswith("own") for name in failing.fields)
    return failing.value if may_see_patient or not is_of_patient else ""
