"""What follows from a rule as it would be saved, or from its end, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from apps.audit.editing import Effect
from apps.roster.models import Shift
from apps.rules import insight
from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule
from apps.rules.queries.drafts import rule_facts_with
from apps.rules.queries.rules import DECIDED_DAYS
from apps.rules.queries.warnings import live_facts, warnings_of

_ASSIGNING = frozenset({ActionChoices.ASSIGN_TO_SHIFT, ActionChoices.ASSIGN_TO_RADIOLOGIST})


def saving_effects(rule: AssignmentRule, *, at: datetime) -> list[Effect]:
    """Return what would follow from saving the rule; its conditions have been checked."""
    return [
        *_refusals(rule, at),
        *_target(rule, at),
        *warnings_of(rule, at=at),
        *_timing(rule, at),
    ]


def drafting_effects(rule: AssignmentRule, draft_id: int, *, at: datetime) -> list[Effect]:
    """Return what would follow from the rule beside the other rules of a draft."""
    among = rule_facts_with(draft_id, live_facts())
    return [
        *_refusals(rule, at),
        *_target(rule, at),
        *warnings_of(rule, at=at, among=among),
        Effect("Nothing changes until the draft goes live."),
    ]


def deleting_effects(rule: AssignmentRule, *, at: datetime) -> list[Effect]:
    """Return what would follow from deleting the rule."""
    found = []
    if rule.action_type in _ASSIGNING:
        since = at - timedelta(days=DECIDED_DAYS)
        count = insight.known().decided_since(since).get(rule.pk, 0)
        tone = "warn" if count else "calm"
        decided = _count(count, "assignment") if count else "nothing"
        found.append(Effect(f"It decided {decided} in the last {DECIDED_DAYS} days.", tone))
    elif not rule.enabled:
        found.append(Effect("It is switched off, so it does nothing now."))
    found += [
        Effect(
            "What it would have met goes on to the next rule that holds, at last to the shifts."
        ),
        Effect("Studies that have a reader keep them; its versions are kept for the records."),
    ]
    return found


def _refusals(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    """Say which of the latest orders that it meets its reader may not read."""
    if rule.action_type != ActionChoices.ASSIGN_TO_RADIOLOGIST:
        return
    reader = rule.action_target.strip()
    trial = insight.known().trial(rule.condition_filters, at=at, radiologist_id=reader)
    for words, count in trial.refusals.items():
        of = f"{count:,} of the {trial.matched:,} orders that it meets"
        yield Effect(f"For {of} {reader} would be refused: {words}.", "warn")


def _target(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    if rule.action_type == ActionChoices.ASSIGN_TO_SHIFT:
        yield from _shift(rule, at)
    elif rule.action_type == ActionChoices.HOLD and rule.is_terminal:
        yield Effect("What it holds waits for a person to release it.")


def _shift(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    code = rule.action_target.strip()
    if not Shift.objects.filter(code=code, is_active=True).exists():
        return  # a warning says so
    crew = insight.known().crew(code, at=at)
    if not crew.is_running:
        yield Effect(f"{code} does not run at this moment. {_otherwise(rule)}", "warn")
    elif not crew.people:
        yield Effect(f"Nobody is on {code} now. {_otherwise(rule)}", "warn")
    else:
        yield Effect(f"{_count(crew.people, 'reader')} on {code} now.")


def _otherwise(rule: AssignmentRule) -> str:
    if rule.is_strict:
        return "Until then what it meets stays unassigned: the rule is strict."
    return "Until then what it meets goes on to the next rule."


def _timing(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    is_over = rule.active_until is not None and rule.active_until <= at
    if not rule.enabled:
        yield Effect("It is switched off: it does nothing until it is enabled.")
    elif rule.active_from is not None and at < rule.active_from:
        yield Effect("Not yet active: it does nothing outside of its window.", "warn")
    elif not is_over:
        yield Effect("Counts from the very next decision on; studies keep their readers.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
