"""What follows from a rule as it would be saved, or from its end, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from apps.audit.editing import Effect
from apps.engine.conditions.evaluate import leaves
from apps.roster.models import Radiologist, Shift
from apps.rules import insight
from apps.rules.choices import ActionChoices
from apps.rules.models import AssignmentRule
from apps.rules.queries.rules import DECIDED_DAYS, idle_words
from apps.rules.words import is_always

_ASSIGNING = frozenset({ActionChoices.ASSIGN_TO_SHIFT, ActionChoices.ASSIGN_TO_RADIOLOGIST})


def saving_effects(rule: AssignmentRule, *, at: datetime) -> list[Effect]:
    """Return what would follow from saving the rule; its conditions have been checked."""
    return [
        *_trial(rule, at),
        *_target(rule, at),
        *_reach(rule, at),
        *_timing(rule, at),
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


def _trial(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    """Say how many of the latest orders it would have met, and whom its reader may not read."""
    by_name = rule.action_type == ActionChoices.ASSIGN_TO_RADIOLOGIST
    reader = rule.action_target.strip() if by_name else ""
    trial = insight.known().trial(rule.condition_filters, at=at, radiologist_id=reader)
    if not trial.looked_at:
        return
    latest = f"the last {_count(trial.looked_at, 'order')}" if trial.looked_at > 1 else "one order"
    note = " as they arrived" if _asks_age(rule) else ""
    if trial.matched:
        yield Effect(f"Matches {trial.matched} of {latest}{note}.")
    else:
        yield Effect(f"Matches none of {latest}{note}.", "calm" if note else "warn")
    for words, count in trial.refusals.items():
        yield Effect(f"For {count} of these {reader} would be refused: {words}.", "warn")


def _asks_age(rule: AssignmentRule) -> bool:
    return any(leaf["field"] == "age_minutes" for leaf in leaves(rule.condition_filters))


def _target(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    if rule.action_type == ActionChoices.ASSIGN_TO_SHIFT:
        yield from _shift(rule, at)
    elif rule.action_type == ActionChoices.ASSIGN_TO_RADIOLOGIST:
        yield from _reader(rule)
    elif rule.action_type == ActionChoices.HOLD and rule.is_terminal:
        yield Effect("What it holds waits for a person to release it.")


def _shift(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    code = rule.action_target.strip()
    if not Shift.objects.filter(code=code, is_active=True).exists():
        yield Effect(f"The shift {code} is switched off. {_otherwise(rule)}", "alarm")
        return
    crew = insight.known().crew(code, at=at)
    if not crew.is_running:
        yield Effect(f"{code} does not run at this moment. {_otherwise(rule)}", "warn")
    elif not crew.people:
        yield Effect(f"Nobody is on {code} now. {_otherwise(rule)}", "warn")
    else:
        yield Effect(f"{_count(crew.people, 'reader')} on {code} now.")


def _reader(rule: AssignmentRule) -> Iterator[Effect]:
    person = Radiologist.objects.filter(pk=rule.action_target.strip()).first()
    if person is not None and not person.is_active:
        yield Effect(f"{person.full_name} is not active. {_otherwise(rule)}", "alarm")


def _otherwise(rule: AssignmentRule) -> str:
    if rule.is_strict:
        return "Until then what it meets stays unassigned: the rule is strict."
    return "Until then what it meets goes on to the next rule."


def _reach(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    """Say which rule stands in this one's way, and in whose way it would stand."""
    if not rule.enabled:
        return
    earlier = next((one for one in _before(rule) if _takes_all(one, rule, at)), None)
    if earlier is not None:
        yield _shadow(earlier)
    if rule.is_terminal and is_always(rule.condition_filters) and not idle_words(rule, at):
        behind = _after(rule)
        if behind:
            yield Effect(
                f"{_count(behind, 'enabled rule')} after it "
                f"{'are' if behind > 1 else 'is'} {_reached(rule)}.",
                "warn",
            )


def _shadow(earlier: AssignmentRule) -> Effect:
    name = f"rule {earlier.priority_order} “{earlier.name}”"
    if _lets_nothing_by(earlier):
        return Effect(
            f"Never reached: {name} before it ends the run for all that it meets.", "warn"
        )
    return Effect(f"Reached only by what {name} before it finds no reader for.", "warn")


def _reached(rule: AssignmentRule) -> str:
    if _lets_nothing_by(rule):
        return "never reached"
    return "reached only by what it finds no reader for"


def _lets_nothing_by(rule: AssignmentRule) -> bool:
    """Return whether even what finds no reader ends there. Source: spec 2, step 3."""
    return rule.is_strict or rule.action_type not in _ASSIGNING


def _takes_all(one: AssignmentRule, rule: AssignmentRule, at: datetime) -> bool:
    return not idle_words(one, at) and (
        is_always(one.condition_filters) or one.condition_filters == rule.condition_filters
    )


def _before(rule: AssignmentRule) -> QuerySet[AssignmentRule]:
    """Return the enabled rules before it that may take all that it asks for."""
    rows = _others(rule).filter(is_terminal=True)
    stands = Q(priority_order__lt=rule.priority_order)
    level = Q(priority_order=rule.priority_order)
    stands |= level if _is_new(rule) else level & Q(pk__lt=rule.pk)
    # {} is also spelled {"all": []}, {"none": []} or with both.
    always: list[dict[str, Any]] = [{}, {"all": []}, {"none": []}, {"all": [], "none": []}]
    alike = Q(condition_filters__in=[*always, dict(rule.condition_filters)])
    return rows.filter(stands & alike).order_by("priority_order", "pk")


def _after(rule: AssignmentRule) -> int:
    stands = Q(priority_order__gt=rule.priority_order)
    if not _is_new(rule):
        stands |= Q(priority_order=rule.priority_order, pk__gt=rule.pk)
    return _others(rule).filter(stands).count()


def _is_new(rule: AssignmentRule) -> bool:
    return rule._state.adding  # noqa: SLF001 -- Django's public name for it


def _others(rule: AssignmentRule) -> QuerySet[AssignmentRule]:
    return AssignmentRule.objects.filter(enabled=True).exclude(pk=rule.pk)


def _timing(rule: AssignmentRule, at: datetime) -> Iterator[Effect]:
    idle = idle_words(rule, at)
    if not rule.enabled:
        yield Effect("It is switched off: it does nothing until it is enabled.")
    elif idle:
        yield Effect(f"{idle}: it does nothing outside of its window.", "warn")
    else:
        yield Effect("Counts from the very next decision on; studies keep their readers.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
